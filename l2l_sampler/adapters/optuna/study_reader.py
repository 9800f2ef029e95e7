"""Reads an Optuna study: its search space, and its trials as a History.

Finished trials never change, so what is read of them is kept and every trial is translated once.
What is kept is only that: a fresh reader gives the same answers, more slowly.
"""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from l2l_sampler.history import History
from l2l_sampler.spaces.axes import Axis, CategoricalAxis, FloatAxis, IntAxis
from l2l_sampler.spaces.cube import UnitCube

_ABSENT, _TAKEN, _PRESENT = 0, 1, 2  # what a trial is to the policy


def axis_of(distribution: BaseDistribution) -> Axis:
    """The axis of an Optuna distribution.

    Raises:
        TypeError: if it is of an unknown kind.
    """
    if isinstance(distribution, FloatDistribution):
        d = distribution
        return FloatAxis(d.low, d.high, log=d.log, step=d.step)
    if isinstance(distribution, IntDistribution):
        return IntAxis(
            distribution.low, distribution.high, log=distribution.log, step=distribution.step
        )
    if isinstance(distribution, CategoricalDistribution):
        return CategoricalAxis(distribution.choices)
    raise TypeError(
        f"expected a FloatDistribution, IntDistribution or CategoricalDistribution, "
        f"got {distribution!r}"
    )


class StudyReader:
    """The trials of one study at a time; safe to share between threads.

    Args:
        consider_pruned_trials: whether a pruned trial has its last reported value, or none.
    """

    def __init__(self, consider_pruned_trials: bool) -> None:
        """Start with nothing read."""
        self._consider_pruned_trials = consider_pruned_trials
        self._lock = threading.Lock()
        self._forget()

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles start with nothing read."""
        return type(self), (self._consider_pruned_trials,)

    def search_space(self, study: Study) -> dict[str, BaseDistribution]:
        """The parameters that every completed trial has, with the same range, by name."""
        with self._lock:
            self._refresh(study)
            return dict(sorted((self._common or {}).items()))

    def history(
        self, study: Study, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]
    ) -> tuple[UnitCube, History, np.ndarray]:
        """What a policy is to know when `trial` is asked for.

        Trials that lack a parameter of the space, or hold a value outside its range, are left
        out; so is `trial` itself.

        Returns:
            cube: the unit cube of the search space.
            history: trials with a value, and running ones.
            taken: (k, D) points of finished trials that have no value.
        """
        with self._lock:
            trials = self._refresh(study)
            self._lay_out(search_space, trials)
            kind = self._kind[: len(trials)].copy()
            kind[trial.number] = _ABSENT
            index = np.flatnonzero(kind == _PRESENT)
            start = self._start[index]
            if (start[1:] < start[:-1]).any():
                index = index[np.argsort(start, kind="stable")]
            asked, told = _moments(self._start[index], self._end[index])
            history = History(self._x.take(index, axis=0), self._y[index], asked, told)
            return self._cube, history, self._x.take(np.flatnonzero(kind == _TAKEN), axis=0)

    def _forget(self) -> None:
        self._storage: weakref.ref[Any] | None = None
        self._study_id = -1
        self._sign = 1.0
        self._common: dict[str, BaseDistribution] | None = None
        self._known = 0  # trials below this number have been looked at
        self._open: list[int] = []  # of these, the unfinished ones
        self._space: list[tuple[str, BaseDistribution]] = []
        self._clear(UnitCube({}))

    def _clear(self, cube: UnitCube) -> None:
        """No rows, for points of this cube; a row's index is its trial's number."""
        self._cube = cube
        self._x = np.zeros((0, cube.dim))
        self._y = np.zeros(0)
        self._start = np.zeros(0)
        self._end = np.zeros(0)
        self._kind = np.zeros(0, dtype=np.int8)

    def _make_room(self, n: int) -> None:
        """Rows for n trials at least."""
        if n > len(self._y):
            more = 2 * n - len(self._y)
            self._x = np.concatenate([self._x, np.zeros((more, self._cube.dim))])
            self._y = np.concatenate([self._y, np.zeros(more)])
            self._start = np.concatenate([self._start, np.zeros(more)])
            self._end = np.concatenate([self._end, np.zeros(more)])
            self._kind = np.concatenate([self._kind, np.full(more, _ABSENT, dtype=np.int8)])

    def _refresh(self, study: Study) -> list[FrozenTrial]:
        """Read what has finished since; all trials of the study, by number."""
        storage, study_id = study._storage, study._study_id
        if self._storage is None or self._storage() is not storage or self._study_id != study_id:
            self._forget()
            self._storage, self._study_id = weakref.ref(storage), study_id
            self._sign = -1.0 if study.direction == StudyDirection.MAXIMIZE else 1.0
        trials = study._get_trials(deepcopy=False)
        self._make_room(len(trials))
        unread = [*self._open, *range(self._known, len(trials))]
        for k in unread:
            if trials[k].state == TrialState.COMPLETE:
                self._intersect(trials[k].distributions)
            self._read(trials[k])
        self._open = [k for k in unread if not trials[k].state.is_finished()]
        self._known = len(trials)
        return trials

    def _intersect(self, distributions: Mapping[str, BaseDistribution]) -> None:
        if self._common is None:
            self._common = {k: d for k, d in distributions.items() if not d.single()}
        elif any(distributions.get(name) != d for name, d in self._common.items()):
            common = self._common.items()
            self._common = {name: d for name, d in common if distributions.get(name) == d}

    def _lay_out(
        self, search_space: Mapping[str, BaseDistribution], trials: list[FrozenTrial]
    ) -> None:
        """Turn to this search space, unless it is the one already in use."""
        space = list(search_space.items())
        if space != self._space:
            cube = UnitCube({name: axis_of(d) for name, d in space})
            self._space = space
            self._clear(cube)
            self._make_room(len(trials))
            for trial in trials:
                self._read(trial)

    def _read(self, trial: FrozenTrial) -> None:
        """Write the row of a trial."""
        k = trial.number
        x = self._point(trial) if self._space else None
        if x is None or trial.state == TrialState.WAITING:
            self._kind[k] = _ABSENT
            return
        value = self._value(trial)
        running = trial.state == TrialState.RUNNING
        self._x[k] = x
        self._y[k] = self._sign * value
        self._start[k] = _seconds(trial.datetime_start)
        self._end[k] = math.inf if running else _seconds(trial.datetime_complete)
        self._kind[k] = _TAKEN if math.isnan(value) and not running else _PRESENT

    def _point(self, trial: FrozenTrial) -> np.ndarray | None:
        """The trial's point (D,); None if it has none in this search space."""
        params = trial.params
        try:
            return self._cube.point({name: params[name] for name, _ in self._space})
        except (KeyError, ValueError):
            return None

    def _value(self, trial: FrozenTrial) -> float:
        """The objective value of a trial; NaN if it has none."""
        if trial.state == TrialState.COMPLETE and trial.value is not None:
            return trial.value
        if trial.state == TrialState.PRUNED and self._consider_pruned_trials:
            step = trial.last_step
            return math.nan if step is None else trial.intermediate_values[step]
        return math.nan


def _moments(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Order of events from their times: asked 0, 1, 2, ..., and told in between.

    Where times are equal a trial is told before the next one is asked.

    Args:
        start: (n,) seconds of asking, in order.
        end: (n,) seconds of telling; inf while pending.

    Returns:
        asked (n,) and told (n,); told is inf while pending.
    """
    n = len(start)
    asked = np.arange(n, dtype=np.float64)
    asks_before = np.maximum(np.searchsorted(start, end), asked + 1.0)
    rank = np.empty(n)
    rank[np.argsort(end, kind="stable")] = (asked + 1.0) / (n + 1.0)
    return asked, np.where(end == math.inf, math.inf, asks_before - 1.0 + rank)


def _seconds(moment: datetime | None) -> float:
    """A moment as a number; a missing one comes before all others."""
    return -math.inf if moment is None else moment.timestamp()
