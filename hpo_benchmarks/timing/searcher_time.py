"""How long Ray Tune's event loop waits: `python -m hpo_benchmarks.timing.searcher_time`.

Drives a `LearnedSearcher` as Ray does, 8 trials of 8 parameters at once, without a cluster, and
prints the median and the longest time of `suggest` and of the calls that bring results.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from ray import tune

from hpo_benchmarks.environment import run_in_fixed_environment
from l2l_sampler import LearnedSearcher, registry

N_PARAMETERS = 8
CONCURRENT = 8


def milliseconds_of(policy: str, n_trials: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Times of `suggest` and of results, and how many of the points are distinct."""
    space = {f"x{i}": tune.uniform(0.0, 1.0) for i in range(N_PARAMETERS)}
    search = LearnedSearcher(space, metric="loss", mode="min", policy=policy, seed=0)
    asked, told = [], []

    def timed(call: Callable[[], Any], times: list[float]) -> Any:
        start = time.perf_counter()
        result = call()
        times.append(1e3 * (time.perf_counter() - start))
        return result

    running: list[tuple[str, dict[str, float]]] = []
    points = set()
    for number in range(n_trials):
        config = timed(lambda name=f"t{number}": search.suggest(name), asked)
        points.add(tuple(config.values()))
        running.append((f"t{number}", config))
        if len(running) == CONCURRENT:
            name, config = running.pop(0)
            loss = {"loss": sum((value - 0.3) ** 2 for value in config.values())}
            timed(lambda n=name, r=loss: search.on_trial_result(n, r), told)
            timed(lambda n=name, r=loss: search.on_trial_complete(n, r), told)
    return np.array(asked), np.array(told), len(points)


def main() -> None:
    """Print a line for every shipped policy of any dimension."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    args = parser.parse_args()
    for model in registry.shipped():
        if model.dim is None:
            asked, told, distinct = milliseconds_of(model.name, args.trials)
            print(
                f"{model.name}: suggest {np.median(asked):.2f} ms in the median and "
                f"{asked.max():.2f} at most, a result {told.max():.2f} at most; "
                f"{distinct} of {args.trials} points distinct"
            )


if __name__ == "__main__":
    run_in_fixed_environment("hpo_benchmarks.timing.searcher_time")
    main()
