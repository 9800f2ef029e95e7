"""Reads an Optuna study: its search space, and its trials as a History.

Ended trials never change, so what is read of them is kept and every trial is translated once.
What is kept is only that: a fresh reader gives the same answers, more slowly. One thing only this
process knows: what it has proposed for a trial that has not yet suggested all of its parameters.
"""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from l2l_sampler.adapters.optuna.distributions import axis_of
from l2l_sampler.adapters.optuna.private import (
    all_trials,
    constraint_values,
    identity,
    trial_id,
)
from l2l_sampler.adapters.optuna.study_space import StudySpace
from l2l_sampler.history import History
from l2l_sampler.learning_curves import LearningCurves, final_values
from l2l_sampler.spaces.axes import Axis
from l2l_sampler.spaces.conditional import ConditionalCube


class StudyReader:
    """The trials of one study at a time; safe to share between threads.

    Args:
        consider_pruned_trials: whether a pruned trial counts as what it would have come to, see
            `learning_curves`, or as a point of which nothing is known.

    Attributes:
        lock: held while a method reads; hold it to read, propose and `remember` in one go.
    """

    _cube: ConditionalCube

    def __init__(self, consider_pruned_trials: bool) -> None:
        """Start with nothing read."""
        self._consider_pruned_trials = consider_pruned_trials
        self.lock = threading.RLock()
        self._forget()

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles start with nothing read."""
        return type(self), (self._consider_pruned_trials,)

    def space(self, study: Study) -> StudySpace:
        """The parameters that the trials have."""
        with self.lock:
            self._refresh(study)
            return self._space

    def cube_of(
        self,
        study: Study,
        search_space: Mapping[str, BaseDistribution],
        taking_part: Collection[str] = (),
    ) -> ConditionalCube:
        """The unit cube of a search space, with the conditions that the trials show.

        Args:
            study: the study.
            search_space: the parameters.
            taking_part: those that are known to take part, whatever other trials show.
        """
        with self.lock:
            self._lay_out(search_space, self._refresh(study))
            found = self._space.conditions(search_space)
            conditions = {name: c for name, c in found.items() if name not in taking_part}
            if conditions != self._cube.conditions:
                self._cube = ConditionalCube(self._cube.axes, conditions)
            return self._cube

    def history(
        self,
        study: Study,
        trial: FrozenTrial | None,
        search_space: Mapping[str, BaseDistribution],
        taking_part: Collection[str] = (),
    ) -> tuple[ConditionalCube, History]:
        """What a policy is to know when `trial` is asked for; None if none of this study is.

        A parameter of the space that a trial lacks rests in the middle of its axis. Trials with a
        value outside the space, or with none of its parameters, are left out; so is `trial`.

        Returns:
            The unit cube of the search space, with the conditions that the trials show, and the
            trials in the order in which they were asked.
        """
        cube, history, _ = self.numbered_history(study, trial, search_space, taking_part)
        return cube, history

    def numbered_history(
        self,
        study: Study,
        trial: FrozenTrial | None,
        search_space: Mapping[str, BaseDistribution],
        taking_part: Collection[str] = (),
    ) -> tuple[ConditionalCube, History, np.ndarray]:
        """As `history`, and the numbers (n,) of the trials."""
        with self.lock:
            cube, n = self.cube_of(study, search_space, taking_part), self._known
            there = self._placed[:n].copy()
            if trial is not None:
                there[trial.number] = False
            index = np.flatnonzero(there)
            start = self._start[index]
            if (start[1:] < start[:-1]).any():
                index = index[np.argsort(start, kind="stable")]
            x, index = self._points(cube, index)
            asked, told = _moments(self._start[index], self._end[index])
            y, others = self._values(n)[index], self._y[index, 1:]
            constraints = self._constraints[index]
            failed = self._failed[index]
            return cube, History(x, y, asked, told, failed, constraints, others), index

    @property
    def signs(self) -> np.ndarray:
        """(M,) of the objectives of the study that was read, -1 for those that are maximised."""
        return self._signs

    @property
    def constraint_names(self) -> list[str]:
        """Names of the constraints of the trials that were read, in the order of the columns."""
        return list(self._constraint_columns)

    def remember(self, trial: FrozenTrial, params: Mapping[str, Any]) -> None:
        """Note what was proposed for a trial, which shows it only bit by bit."""
        with self.lock:
            self._proposed.setdefault(trial.number, {}).update(params)
            self._shown.pop(trial.number, None)

    def proposed(self, trial: FrozenTrial) -> dict[str, Any]:
        """What this process has proposed for a running trial."""
        with self.lock:
            return dict(self._proposed.get(trial.number, {}))

    def _forget(self) -> None:
        self._storage: weakref.ref[Any] | None = None
        self._study_id = -1
        self._latest: tuple[int, tuple[Any, ...]] | None = None  # to have begun, and its identity
        self._signs = np.ones(1)  # of the objectives, -1 for those that are maximised
        self._space = StudySpace()
        self._curves = LearningCurves()
        self._proposed: dict[int, dict[str, Any]] = {}
        self._shown: dict[int, int] = {}  # running trial -> parameters that it has shown
        self._known = 0  # trials below this number have been looked at
        self._open: list[int] = []  # of these, the unfinished ones
        self._estimated: np.ndarray | None = None
        self._start = self._end = np.zeros(0)
        self._y, self._constraints = np.zeros((0, 1)), np.zeros((0, 0))
        self._constraint_columns: dict[str, int] = {}
        self._failed = self._pruned = np.zeros(0, dtype=bool)
        self._laid_out: list[tuple[str, BaseDistribution]] = []
        self._cube = ConditionalCube({})
        self._x, self._placed = np.zeros((0, 0)), np.zeros(0, dtype=bool)
        self._given = np.zeros((0, 0), dtype=bool)

    def _refresh(self, study: Study) -> list[FrozenTrial]:
        """Read what has ended since; all trials of the study, by number."""
        storage, study_id = identity(study)
        trials = all_trials(study)
        if (
            self._storage is None
            or self._storage() is not storage
            or self._study_id != study_id
            or len(trials) < self._known
            or (self._latest and _identity(trials[self._latest[0]]) != self._latest[1])
        ):
            self._forget()
            self._storage, self._study_id = weakref.ref(storage), study_id
            maximised = [direction == StudyDirection.MAXIMIZE for direction in study.directions]
            self._signs = np.where(maximised, -1.0, 1.0)
            self._y = np.zeros((0, len(self._signs)))
        self._make_room(len(trials))
        unread = [*self._open, *range(self._known, len(trials))]
        for k in unread:
            trial = trials[k]
            if trial.state.is_finished():
                self._space.see(trial)
                self._proposed.pop(k, None)
                self._end_of(trial)
            elif self._shown.get(k) == len(trial.params):
                continue
            else:
                self._space.see(trial)
                self._shown[k] = len(trial.params)
                self._start[k] = _seconds(trial.datetime_start)
            self._place(trial)
        self._open = [k for k in unread if not trials[k].state.is_finished()]
        self._known = len(trials)
        for trial in reversed(trials):
            if trial.state != TrialState.WAITING:
                self._latest = trial.number, _identity(trial)
                break
        return trials

    def _make_room(self, n: int) -> None:
        """Rows for n trials at least; a row's index is its trial's number."""
        more = 2 * n - len(self._y)
        if n <= len(self._y):
            return

        def longer(column: np.ndarray, value: Any) -> np.ndarray:
            return np.concatenate([column, np.full((more, *column.shape[1:]), value)])

        self._start, self._end = longer(self._start, 0.0), longer(self._end, math.inf)
        self._y = longer(self._y, math.nan)
        self._constraints = longer(self._constraints, math.nan)
        self._failed, self._pruned = longer(self._failed, False), longer(self._pruned, False)
        self._x, self._placed = longer(self._x, 0.0), longer(self._placed, False)
        self._given = longer(self._given, False)

    def _end_of(self, trial: FrozenTrial) -> None:
        """Note how a trial has ended."""
        k = trial.number
        self._shown.pop(k, None)
        self._estimated = None
        self._start[k] = _seconds(trial.datetime_start)
        self._end[k] = _seconds(trial.datetime_complete)
        self._failed[k] = trial.state == TrialState.FAIL
        self._pruned[k] = trial.state == TrialState.PRUNED and self._consider_pruned_trials
        if trial.state == TrialState.COMPLETE and trial.values is not None:
            self._y[k] = self._signs * trial.values
        sign, reports = self._signs[0], trial.intermediate_values
        self._curves.add(k, {step: sign * value for step, value in reports.items()})
        for name, value in constraint_values(trial).items():
            column = self._constraint_columns.setdefault(name, len(self._constraint_columns))
            if column == self._constraints.shape[1]:
                unknown = np.full((len(self._constraints), 1), math.nan)
                self._constraints = np.concatenate([self._constraints, unknown], axis=1)
            self._constraints[k, column] = value

    def _values(self, n: int) -> np.ndarray:
        """(n,) the first objective, with estimates of what pruned trials would have had."""
        if self._estimated is None or len(self._estimated) < n:
            self._estimated = self._y[:n, 0]
            if self._pruned[:n].any() and self._y.shape[1] == 1:
                self._estimated = final_values(self._y[:n, 0], self._pruned[:n], self._curves)
        return self._estimated[:n]

    def _lay_out(
        self, search_space: Mapping[str, BaseDistribution], trials: list[FrozenTrial]
    ) -> None:
        """Turn to this search space, unless it is the one already in use."""
        space = list(search_space.items())
        if space != self._laid_out:
            self._laid_out = space
            self._cube = ConditionalCube({name: _axis(name, d) for name, d in space})
            self._x = np.zeros((len(self._y), self._cube.dim))
            self._given = np.zeros((len(self._y), len(space)), dtype=bool)
            for trial in trials:
                self._place(trial)

    def _points(self, cube: ConditionalCube, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The points (m, D) of the trials at `index`, and which trials they are, (m,).

        A trial from before a parameter was added says nothing of it. At rest with all the others
        it would speak for the middle, so it lies at a random place of that axis, and it is left
        out as soon as more trials have the parameter than are older.
        """
        x, given = self._x.take(index, axis=0), self._given.take(index, axis=0)
        if given.all():
            return x, index
        kept = np.ones(len(index), dtype=bool)
        takes_part = cube.active(x)
        for k, (name, _) in enumerate(self._laid_out):
            if not given[:, k].any():
                continue
            first = index[given[:, k]].min()
            older = ~given[:, k] & (index < first) & takes_part[name]
            if older.any():
                if given[:, k].sum() > older.sum():
                    kept &= ~older
                anywhere = cube.sample(np.random.default_rng(first), int(older.sum()))
                x[older, cube.columns(name)] = anywhere[:, cube.columns(name)]
        return x[kept], index[kept]

    def _place(self, trial: FrozenTrial) -> None:
        """Write the point of a trial."""
        k = trial.number
        self._placed[k] = False
        if trial.state == TrialState.WAITING:
            return
        params = self._proposed.get(k, {}) | trial.params
        params = {name: params[name] for name, _ in self._laid_out if name in params}
        if params:
            try:
                self._x[k] = self._cube.point(params)
            except ValueError:
                return
            self._placed[k] = True
            self._given[k] = [name in params for name, _ in self._laid_out]


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


def _axis(name: str, distribution: BaseDistribution) -> Axis:
    """The axis of a parameter, whose name is in the error if it cannot have one."""
    try:
        return axis_of(distribution)
    except ValueError as error:
        raise ValueError(f"parameter {name!r} cannot be searched: {error}") from error


def _identity(trial: FrozenTrial) -> tuple[Any, ...]:
    """What tells a trial from that of the same number in a study that was deleted."""
    return trial_id(trial), trial.datetime_start


def _seconds(moment: datetime | None) -> float:
    """A moment as a number; a missing one comes before all others."""
    return -math.inf if moment is None else moment.timestamp()
