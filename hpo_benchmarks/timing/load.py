"""Time and memory under load: `python -m hpo_benchmarks.timing.load`.

Each line is measured in a process of its own, so that its peak of memory is its own. Times are
processor time of one ask and its suggestions, and the same with random search beside, which is
what storage and framework take; the difference is ours.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import create_trial

from hpo_benchmarks.environment import run_in_fixed_environment
from hpo_benchmarks.timing.ask_time import SPACE, filled_study, objective
from l2l_sampler import LearnedSampler

SAMPLERS: dict[str, Callable[[], BaseSampler]] = {
    "ours": lambda: LearnedSampler(seed=0),
    "random": lambda: RandomSampler(seed=0),
}
REPEATS = 17


@dataclass(frozen=True)
class Measured:
    """Processor seconds of the first ask of a case, and of those after it.

    Attributes:
        first: s.
        later: s each.
        distinct: share of distinct points among all asked, where several run at a time.
        peak: of the process's memory, MiB.
    """

    first: float
    later: Sequence[float]
    distinct: float | None = None
    peak: float = 0.0


def _asked(study: optuna.Study, space: dict[str, BaseDistribution], count: int) -> Measured:
    """So many asks, each told a value."""
    found = []
    for k in range(count):
        start = time.process_time()
        trial = study.ask(space)
        found.append(time.process_time() - start)
        study.tell(trial, float(k % 7))
    return Measured(found[0], found[1:])


def storage(kind: str, trials: int, sampler: str) -> Measured:
    """Asks of a new sampler, with finished trials there."""
    with tempfile.TemporaryDirectory() as folder:
        where: BaseStorage | None = None
        if kind == "journal":
            where = JournalStorage(JournalFileBackend(str(Path(folder) / "study.log")))
        elif kind == "sqlite":
            where = RDBStorage(f"sqlite:///{folder}/study.db")
        plain = filled_study(RandomSampler(seed=0), trials)
        study = optuna.create_study(storage=where, sampler=SAMPLERS[sampler]())
        for trial in plain.get_trials(deepcopy=False):
            study.add_trial(trial)
        return _asked(study, SPACE, REPEATS)


def threads(count: int, sampler: str) -> Measured:
    """Ten trials in each of so many threads; their mean stands for the first, too."""
    study = optuna.create_study(sampler=SAMPLERS[sampler]())
    start = time.process_time()
    study.optimize(
        lambda trial: objective({name: trial.suggest_float(name, 0.0, 1.0) for name in SPACE}),
        n_trials=10 * count,
        n_jobs=count,
    )
    taken = (time.process_time() - start) / (10 * count)
    distinct = {tuple(trial.params.values()) for trial in study.trials}
    return Measured(taken, [taken], len(distinct) / len(study.trials))


def batch(count: int, sampler: str) -> Measured:
    """Asks of which none is told."""
    study = optuna.create_study(sampler=SAMPLERS[sampler]())
    found, points = [], set()
    for _ in range(count):
        start = time.process_time()
        points.add(tuple(study.ask(SPACE).params.values()))
        found.append(time.process_time() - start)
    return Measured(found[0], found[1:], len(points) / count)


def axes(count: int, sampler: str) -> Measured:
    """Asks in a space of 40 choices among many, after 60 trials."""
    choices = list(range(count // 40))
    space: dict[str, BaseDistribution] = {
        f"c{k}": CategoricalDistribution(choices) for k in range(40)
    }
    rng = np.random.default_rng(0)
    study = optuna.create_study(sampler=SAMPLERS[sampler]())
    for _ in range(60):
        params = {name: int(rng.integers(len(choices))) for name in space}
        value = float(sum(params.values()))
        study.add_trial(create_trial(params=params, distributions=space, value=value))
    return _asked(study, space, 5)


CASES: dict[str, Callable[[str], Measured]] = {
    "1,000 trials in memory": partial(storage, "memory", 1000),
    "10,000 trials in memory": partial(storage, "memory", 10_000),
    "10,000 trials, journal": partial(storage, "journal", 10_000),
    "10,000 trials, SQLite": partial(storage, "sqlite", 10_000),
    "64 threads, 640 trials": partial(threads, 64),
    "1,000 asks, none told": partial(batch, 1000),
    "40 parameters of 50 choices": partial(axes, 2000),
    "40 parameters of 300 choices": partial(axes, 12_000),
}


def measured(name: str, sampler: str) -> Measured:
    """What a case gives with its peak of memory; to be run in a fresh process."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    found = CASES[name](sampler)
    return replace(found, peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def line(name: str) -> str:
    """A row of the table, measured."""
    cells = [name]
    for sampler in SAMPLERS:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found = pool.apply(measured, (name, sampler))
        later = float(np.median(found.later))
        share = "" if found.distinct is None else f", {100 * found.distinct:.4g} % distinct"
        cells.append(f"{1e3 * found.first:.3g} / {1e3 * later:.3g} ms{share}")
        cells.append(f"{found.peak:.0f} MiB")
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Measure and print, case by case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), metavar="NAME")
    options = parser.parse_args()
    print("| load | ours: first / later ask | peak | random: first / later ask | peak |")
    print("|---|---|---|---|---|")
    for name in options.cases:
        print(line(name), flush=True)


if __name__ == "__main__":
    run_in_fixed_environment("hpo_benchmarks.timing.load")
    main()
