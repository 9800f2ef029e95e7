"""Time of one trial in the optimizer: `python -m hpo_benchmarks.timing.ask_time`.

A study in memory is filled with finished trials of six float parameters; then ask, suggest and
tell are timed, trial by trial, for all samplers in turn in one process. Then 100 bare steps of
the recurrent policies are timed, as in the paper's table 1. Report medians and ratios, and run it
on an idle machine: another busy process doubles every figure.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.trial import create_trial

from hpo_benchmarks.environment import run_in_fixed_environment
from l2l_sampler import LearnedSampler, registry
from l2l_sampler.policies.recurrent.policy import RecurrentPolicy

SPACE: dict[str, BaseDistribution] = {f"x{i}": FloatDistribution(0.0, 1.0) for i in range(6)}
LONGEST = {"gp": 300}  # trials past which a sampler takes too long to be timed here


def samplers() -> dict[str, Callable[[], BaseSampler]]:
    """Today's samplers and every shipped policy that takes six parameters."""
    ours = [model.name for model in registry.shipped() if model.dim in (None, len(SPACE))]
    return {
        "random": lambda: RandomSampler(seed=0),
        "tpe": lambda: TPESampler(seed=0),
        "gp": lambda: GPSampler(seed=0, warn_independent_sampling=False),
        **{name: lambda name=name: LearnedSampler(name, seed=0) for name in ours},
    }


def objective(params: dict[str, float]) -> float:
    """A bowl off the centre."""
    return sum((value - 0.3) ** 2 for value in params.values())


def filled_study(sampler: BaseSampler, n_trials: int) -> optuna.Study:
    """A study of `n_trials` finished trials: random ones, then ones around the best point."""
    rng = np.random.default_rng(0)
    study = optuna.create_study(sampler=sampler)
    for number in range(n_trials):
        point = rng.random(6) if number % 2 else np.clip(0.3 + 0.1 * rng.normal(size=6), 0, 1)
        params = dict(zip(SPACE, point.tolist(), strict=True))
        study.add_trial(create_trial(params=params, distributions=SPACE, value=objective(params)))
    return study


def seconds_per_trial(study: optuna.Study, repeats: int) -> np.ndarray:
    """Seconds of ask, suggest and tell for `repeats` more trials, after three for warming up."""
    times = []
    for _ in range(repeats + 3):
        start = time.perf_counter()
        trial = study.ask(SPACE)
        study.tell(trial, objective(trial.params))
        times.append(time.perf_counter() - start)
    return np.array(times[3:])


def seconds_of_bare_steps(name: str, repeats: int, steps: int = 100) -> np.ndarray:
    """Seconds that a recurrent policy takes for a whole run, the objective apart; `repeats` runs.

    Args:
        name: of a shipped recurrent policy with a model for six axes.
        repeats: runs to time, after one for warming up.
        steps: proposals of a run.
    """
    trained = registry.load_policy(name, len(SPACE))
    policy, times = trained.policy, []
    assert isinstance(policy, RecurrentPolicy)
    for _ in range(repeats + 1):
        x, y, o = np.zeros((1, len(SPACE))), np.zeros(1), np.zeros(1)
        state = policy.initial_state(trained.params, 1, like=x)
        seconds = 0.0
        for _ in range(steps):
            start = time.perf_counter()
            state, x = policy.step(trained.params, state, x, y, o)
            seconds += time.perf_counter() - start
            y, o = ((x - 0.3) ** 2).sum(axis=1), np.ones(1)
        times.append(seconds)
    return np.array(times[1:])


def main() -> None:
    """Print a table of medians and quartiles in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, nargs="+", default=[20, 50, 100, 1000, 10000])
    parser.add_argument("--repeats", type=int, default=31)
    args = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    print(f"{'sampler':20}" + "".join(f"{n:>24}" for n in args.trials))
    for name, make in samplers().items():
        cells = []
        for n in args.trials:
            if n > LONGEST.get(name, n):
                cells.append("-")
                continue
            times = 1e3 * seconds_per_trial(filled_study(make(), n), args.repeats)
            low, middle, high = np.quantile(times, [0.25, 0.5, 0.75])
            cells.append(f"{middle:.2f} ({low:.2f}-{high:.2f})")
        print(f"{name:20}" + "".join(f"{cell:>24}" for cell in cells), flush=True)
    print("\nmilliseconds of 100 bare steps")
    for model in registry.shipped():
        if model.policy in ("lstm", "dnc") and model.dim == len(SPACE):
            times = 1e3 * seconds_of_bare_steps(model.name, args.repeats)
            low, middle, high = np.quantile(times, [0.25, 0.5, 0.75])
            print(f"{model.name:20}{middle:.1f} ({low:.1f}-{high:.1f})", flush=True)


if __name__ == "__main__":
    run_in_fixed_environment("hpo_benchmarks.timing.ask_time")
    main()
