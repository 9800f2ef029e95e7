"""Time of one trial in the optimizer: `python -m hpo_benchmarks.timing.ask_time`.

A study in memory is filled with finished trials of six float parameters; then ask, suggest and
tell are timed, trial by trial, for all samplers by turns in one process, as processor time: so
their ratios hold on a busy machine, too. Then 100 bare steps of the recurrent policies are timed,
as in the paper's table 1. Run it on an idle machine where the figures themselves matter.

A trial's time is the median over runs of `BLOCK` trials of their mean. The memory policy infers
hyper-parameters every 8 or 16 trials, and a median over single trials would leave that out.
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
BLOCK = 16


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
        near = np.clip(0.3 + 0.1 * rng.normal(size=len(SPACE)), 0, 1)
        point = rng.random(len(SPACE)) if number % 2 else near
        params = dict(zip(SPACE, point.tolist(), strict=True))
        study.add_trial(create_trial(params=params, distributions=SPACE, value=objective(params)))
    return study


def seconds_per_trial(studies: list[optuna.Study], blocks: int) -> np.ndarray:
    """Processor seconds of ask, suggest and tell, (studies, blocks): means of blocks of trials.

    The studies take turns, trial by trial, after three for warming up.
    """
    times = np.zeros((len(studies), blocks * BLOCK + 3))
    for number in range(times.shape[1]):
        for row, study in enumerate(studies):
            start = time.process_time()
            trial = study.ask(SPACE)
            study.tell(trial, objective(trial.params))
            times[row, number] = time.process_time() - start
    return times[:, 3:].reshape(len(studies), blocks, BLOCK).mean(2)


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
    """Print tables of medians and quartiles in milliseconds, and ratios to TPE."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, nargs="+", default=[20, 50, 100, 1000, 10000])
    parser.add_argument("--repeats", type=int, default=5, help=f"blocks of {BLOCK} trials")
    parser.add_argument("--samplers", nargs="+", help="all by default; tpe is always among them")
    args = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    wanted = args.samplers
    chosen = {
        name: make
        for name, make in samplers().items()
        if wanted is None or name in ("tpe", *wanted)
    }
    for n in args.trials:
        names = [name for name in chosen if n <= LONGEST.get(name, n)]
        studies = [filled_study(chosen[name](), n) for name in names]
        times = 1e3 * seconds_per_trial(studies, args.repeats)
        tpe = np.median(times[names.index("tpe")])
        print(f"\nafter {n} trials: milliseconds, times that of tpe")
        for name, row in zip(names, times, strict=True):
            low, middle, high = np.quantile(row, [0.25, 0.5, 0.75])
            cell = f"{middle:.2f} ({low:.2f}-{high:.2f})"
            print(f"{name:20}{cell:>24}{middle / tpe:>8.2f}", flush=True)
    print("\nmilliseconds of 100 bare steps")
    for model in registry.shipped():
        if model.policy in ("lstm", "dnc") and model.dim == len(SPACE):
            times = 1e3 * seconds_of_bare_steps(model.name, args.repeats)
            low, middle, high = np.quantile(times, [0.25, 0.5, 0.75])
            print(f"{model.name:20}{middle:.1f} ({low:.1f}-{high:.1f})", flush=True)


if __name__ == "__main__":
    run_in_fixed_environment("hpo_benchmarks.timing.ask_time")
    main()
