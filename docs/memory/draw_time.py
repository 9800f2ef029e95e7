"""How the time of a trial grows: `python docs/memory/draw_time.py`, on an idle machine.

Processor time of ask and tell in memory, with float parameters, medians of blocks of trials for
all samplers by turns. The figures are kept in time.json, from which `--from-file` draws again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import optuna
from optuna.distributions import FloatDistribution

from hpo_benchmarks.report.labels import style_of
from hpo_benchmarks.timing import ask_time

HERE = Path(__file__).parent
TRIALS = (10, 30, 100, 300, 1000)
AXES = (2, 6, 20, 50)
SAMPLERS = ("memory", "tpe", "gp")
MOST = {"gp": 300}
"""Trials past which a sampler takes too long to be timed."""
ROUNDS = 2


def seconds(trials: int, axes: int) -> dict[str, float]:
    """Seconds a trial of every sampler after so many trials in so many axes."""
    ask_time.SPACE = {f"x{i}": FloatDistribution(0.0, 1.0) for i in range(axes)}
    makers = ask_time.samplers() | {"memory": lambda: ask_time.LearnedSampler(seed=0)}
    names = [name for name in SAMPLERS if trials <= MOST.get(name, trials)]
    studies = [ask_time.filled_study(makers[name](), trials) for name in names]
    times = np.median(ask_time.seconds_per_trial(studies, ROUNDS), axis=1)
    return dict(zip(names, times.tolist(), strict=True))


def measured() -> dict[str, list[dict[str, float]]]:
    """Times by number of trials, in six axes, and by number of axes, after a hundred trials."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return {
        "trials": [seconds(n, 6) for n in TRIALS],
        "axes": [seconds(100, d) for d in AXES],
    }


def main() -> None:
    """Measure and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from-file", action="store_true")
    file = HERE / "time.json"
    if not parser.parse_args().from_file:
        file.write_text(json.dumps(measured(), indent=1) + "\n")
    found = json.loads(file.read_text())
    figure, panels = plt.subplots(1, 2, figsize=(8.4, 3.4), sharey=True, layout="constrained")
    for axes, key, places in zip(panels, ("trials", "axes"), (TRIALS, AXES), strict=True):
        for name in SAMPLERS:
            known = [(p, t[name]) for p, t in zip(places, found[key], strict=True) if name in t]
            style = style_of(name)
            x, y = zip(*known, strict=True)
            axes.plot(x, 1e3 * np.array(y), "o-", ms=4, color=style.colour, label=style.label)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(places, [str(place) for place in places])
        axes.minorticks_off()
    panels[0].set_xlabel("trials in the study, six axes")
    panels[1].set_xlabel("axes, a hundred trials")
    panels[0].set_ylabel("milliseconds of ask and tell")
    panels[0].legend(frameon=False)
    figure.savefig(HERE / "time.png", dpi=100)


if __name__ == "__main__":
    main()
