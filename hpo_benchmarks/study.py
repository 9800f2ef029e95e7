"""One study of one method on one problem, from its first trial to its row."""

from __future__ import annotations

import heapq
import math
import time
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from hpo_benchmarks.methods.catalogue import Method, make_sampler
from hpo_benchmarks.problems.problem import (
    TRUTH,
    AnyProblem,
    LiveProblem,
    Problem,
    Volume,
    rng_of,
)
from hpo_benchmarks.rows import COMPLETE, FAILED, PRUNED, Key, Row


@dataclass(frozen=True)
class Cell:
    """One study to run."""

    problem: AnyProblem
    method: Method
    seed: int
    trials: int

    @property
    def sources(self) -> str:
        """Digest of the code that this cell's numbers depend on."""
        return self.method.sources(self.problem.suite)

    @property
    def key(self) -> Key:
        """The key of this cell's row."""
        return (
            self.problem.suite,
            self.problem.name,
            self.method.name,
            self.seed,
            self.trials,
        )


def run_cell(cell: Cell, source: Mapping[str, Any]) -> Row:
    """The cell's row; an exception of the optimizer becomes a row with `error`.

    Args:
        cell: what to run.
        source: the fields of the row that say where it comes from, but for the digest.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # failed trials would fill the screen
    known = {"sources": cell.sources, **source}
    row = Row(*cell.key, cell.method.version, cell.problem.workers, **known)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if isinstance(cell.problem, LiveProblem):
                return _tune_live(row, cell.problem, cell.method)
            return _tune(row, cell.problem, cell.method)
    except Exception as error:  # whatever a sampler raises is its result, and stops no other
        place = traceback.extract_tb(error.__traceback__)[-1]
        return replace(
            row,
            error=f"{type(error).__name__}: {error}",
            where=f"{Path(place.filename).name}:{place.lineno}",
        )


def _tune(row: Row, problem: Problem, method: Method) -> Row:
    """Run a study of a fixed space, with `problem.workers` evaluations at a time.

    The sampler's seed and the simulated run times, U(0.5, 1.5), come from suite, problem and
    seed, so that methods differ in nothing else. Warm-up counts as trials.

    Raises:
        ValueError: a value that is not finite.
    """
    seed, trials = row.seed, row.trials
    rng = rng_of(problem.suite, problem.name, seed)
    sampler_seed, durations = int(rng.integers(2**31)), rng.uniform(0.5, 1.5, trials)
    start = time.perf_counter()
    sampler = make_sampler(method, sampler_seed, problem.space, trials)
    study = optuna.create_study(sampler=sampler)
    optimizer_seconds, objective_seconds = time.perf_counter() - start, 0.0
    running: list[tuple[float, int, float]] = []  # simulated end, trial number, value
    curve: list[float] = []
    clock: list[float] = []
    queries: list[float] = []
    now, asked = 0.0, 0
    while len(curve) < trials:
        while len(running) < problem.workers and asked < trials:
            start = time.perf_counter()
            trial = study.ask(dict(problem.space))
            asking = time.perf_counter()
            value = problem.objective(trial.params, seed)
            optimizer_seconds += asking - start
            objective_seconds += time.perf_counter() - asking
            heapq.heappush(running, (now + durations[asked], trial.number, value))
            queries.extend(trial.params.values())
            asked += 1
        now, number, value = heapq.heappop(running)
        start = time.perf_counter()
        study.tell(number, value)
        optimizer_seconds += time.perf_counter() - start
        curve.append(min(value, curve[-1]) if curve else value)
        clock.append(round(optimizer_seconds, 6))
    if not all(map(math.isfinite, curve)):
        raise ValueError("the objective returned a value that is not finite")
    return replace(
        row,
        curve=curve,
        clock=clock,
        best_params=study.best_params,
        objective_seconds=round(objective_seconds, 3),
        optimum=problem.optimum(seed) if problem.optimum else None,
        queries=queries if len(problem.space) == 1 else None,
    )


class _TimedTrial:
    """A trial that adds up the seconds spent in its own methods: those are the optimizer's."""

    def __init__(self, trial: optuna.Trial) -> None:
        self._trial, self.seconds = trial, 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._trial, name)
        if not callable(found):
            return found

        def timed(*args: Any, **options: Any) -> Any:
            start = time.perf_counter()
            try:
                return found(*args, **options)
            finally:
                self.seconds += time.perf_counter() - start

        return timed


def _tune_live(row: Row, problem: LiveProblem, method: Method) -> Row:
    """Run a study as a user does: `study.optimize` with exceptions caught, one trial at a time."""
    sampler_seed = int(rng_of(problem.suite, problem.name, row.seed).integers(2**31))
    earlier = None if problem.earlier is None else problem.earlier(row.seed)
    begun = time.perf_counter()
    sampler = make_sampler(method, sampler_seed, None, row.trials, earlier)
    count = 1 if problem.volume is None else len(problem.volume.reference)
    directions = ["minimize"] * count
    study = optuna.create_study(sampler=sampler, pruner=problem.pruner(), directions=directions)
    for before in (earlier or ()) if method.enqueues else ():
        study.enqueue_trial(before.best_params)
    objective_seconds = 0.0
    clock: list[float] = []

    def objective(trial: optuna.Trial) -> float | list[float]:
        nonlocal objective_seconds
        timed, start = _TimedTrial(trial), time.perf_counter()
        try:
            # Typed as a trial, of which the timed one has all methods and is no subclass.
            return problem.objective(timed, row.seed)  # type: ignore[arg-type]
        finally:
            objective_seconds += time.perf_counter() - start - timed.seconds

    def note_time(study: optuna.Study, trial: FrozenTrial) -> None:
        clock.append(round(time.perf_counter() - begun - objective_seconds, 6))

    study.optimize(objective, n_trials=row.trials, catch=(Exception,), callbacks=[note_time])
    if problem.volume is None:
        truths = [true_value(trial) for trial in study.trials]
    else:
        truths = _missing(problem.volume, study.trials)
    curve: list[float | None] = []
    best, best_params = None, None
    for truth, trial in zip(truths, study.trials, strict=True):
        if truth is not None and (best is None or truth < best):
            best, best_params = truth, trial.params
        curve.append(best)
    return replace(
        row,
        curve=curve,
        clock=clock,
        best_params=best_params,
        objective_seconds=round(objective_seconds, 3),
        optimum=problem.optimum(row.seed) if problem.optimum else None,
        outcomes=None if problem.volume else "".join(map(outcome, study.trials)),
    )


def _missing(volume: Volume, trials: list[FrozenTrial]) -> list[float | None]:
    """The share of the hypervolume that is missing after each trial."""
    values = [trial.values for trial in trials if trial.values is not None]
    known = np.cumsum([trial.values is not None for trial in trials])
    return [volume.missing(values[:n]) if n else None for n in known.tolist()]


def true_value(trial: FrozenTrial) -> float | None:
    """The value that counts, of a trial that completed and has one."""
    if trial.state != TrialState.COMPLETE:
        return None
    return trial.user_attrs.get(TRUTH)


def outcome(trial: FrozenTrial) -> str:
    """How a trial of a live problem ended, as a letter of a row's outcomes."""
    if trial.state == TrialState.PRUNED:
        return PRUNED
    return FAILED if true_value(trial) is None else COMPLETE
