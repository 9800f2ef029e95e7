"""The trials of a searcher, as they are asked and told.

Notation
    n  trials in a history      D  unit-cube axes
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np

from l2l_sampler.adapters.ray.goal import Goal
from l2l_sampler.history import History
from l2l_sampler.learning_curves import LearningCurves, final_values

Point: TypeAlias = tuple[list[float], dict[str, float]]
"""(D,) coordinates, and the values of those parameters that are known better than by them."""

LATEST = 2**53
"""Moments become floats in a history, and beyond this not all of them have one of their own. No
trial reports so often, either."""

FAILED = (math.nan,)
"""Objectives of a trial that has none."""

_ALL_KEPT = 32
"""Steps below this are all kept; from there on 16 an octave, which are at most 6% apart."""


@dataclass
class Trial:
    """One trial.

    Attributes:
        id: Ray's name for it; None if it was evaluated elsewhere.
        u: (D,) its point.
        exact: parameters whose values are known better than by `u`.
        asked: moment of asking, on the table's clock.
        told: moment of its end; None while pending.
        value: last reported objective, in the user's sense; None if there is none. Of a trial
            that has ended, None means that it failed.
        stopped: whether it ended before it reported anything, so that nothing is known.
        step: number of its latest report, as Ray counts training iterations; None if it is not
            known.
        curve: reported objectives by step, of those steps that are kept of all trials.
        cut: whether somebody else ended it: at a report after which it was not told to go on, or
            while it was paused. If no trial got farther, that is just where trials end.
        others: the other ones of several objectives, reported with `value`.
        limits: last reported values of metrics that must stay within bounds.
    """

    id: str | None
    u: list[float]
    exact: dict[str, float]
    asked: int
    told: int | None = None
    value: float | None = None
    stopped: bool = False
    step: int | None = None
    curve: dict[int, float] = field(default_factory=dict)
    cut: bool = False
    others: list[float] = field(default_factory=list)
    limits: dict[str, float] = field(default_factory=dict)

    def note(self, step: int | None, value: float | None) -> None:
        """A report. What an earlier attempt reported from this step on is void."""
        if step is not None:
            self.step = step
            self.curve = {k: v for k, v in self.curve.items() if k < step}
            if value is not None and not math.isnan(value) and is_kept(step):
                self.curve[step] = value


def is_kept(step: int) -> bool:
    """Whether reports of this step are kept.

    That is a matter of the step alone, so that all trials have values at the same steps.
    """
    return step < _ALL_KEPT or step % (1 << (step.bit_length() - 5)) == 0


@dataclass
class TrialTable:
    """All trials, in the order asked; a trial's number is its index.

    A trial is pending until its first end. An objective is final; a failure is not, because Ray
    may run a failed trial again.
    """

    trials: list[Trial] = field(default_factory=list)
    clock: int = 0

    def __post_init__(self) -> None:
        """Index the trials by name."""
        self._by_id = {trial.id: trial for trial in self.trials if trial.id is not None}

    def __len__(self) -> int:
        """Number of trials."""
        return len(self.trials)

    def get(self, trial_id: str) -> Trial | None:
        """The trial of this name, if there is one."""
        return self._by_id.get(trial_id)

    def ask(self, trial_id: str | None, point: Point) -> Trial:
        """Start a trial."""
        u, exact = point
        trial = Trial(trial_id, list(u), dict(exact), asked=self._tick())
        self.trials.append(trial)
        if trial_id is not None:
            self._by_id[trial_id] = trial
        return trial

    def add(
        self, point: Point, values: Sequence[float], reports: Sequence[float], cut: bool
    ) -> None:
        """A trial that was evaluated elsewhere, with its reports at steps 1, 2, ..."""
        trial = self.ask(None, point)
        for step, report in enumerate(reports, start=1):
            trial.note(step, report)
        self.tell(trial, values, cut=cut)

    def report(
        self, trial: Trial, values: Sequence[float] | None, step: int | None = None
    ) -> None:
        """A report on the way; objectives of NaN take back what was reported before."""
        if trial.told is None or trial.value is None:
            value = None if values is None else values[0]
            trial.note(step, value)
            if trial.told is None and values is not None and value is not None:
                trial.value = None if math.isnan(value) else value
                trial.others = [] if math.isnan(value) else [*values[1:]]

    def tell(
        self,
        trial: Trial,
        values: Sequence[float],
        step: int | None = None,
        cut: bool = False,
    ) -> None:
        """The trial has ended with these objectives; NaN if it has failed.

        Args:
            trial: the trial.
            values: its objectives.
            step: number of the report in which it was; None if it is not known.
            cut: whether somebody else ended it.
        """
        if trial.told is None or trial.value is None:
            trial.told, trial.stopped = self._tick(), False
            if math.isnan(values[0]):
                trial.value, trial.step, trial.curve, trial.cut = None, None, {}, False
                trial.others = []
            else:
                trial.value, trial.others, trial.cut = values[0], [*values[1:]], cut
                trial.note(step, trial.value)

    def stop(self, trial: Trial, step: int | None = None, cut: bool = False) -> None:
        """The trial has ended, and its last reported objective counts, if there is any."""
        if trial.told is None:
            trial.told, trial.stopped = self._tick(), trial.value is None
            trial.cut = cut and not trial.stopped
            trial.note(step, None)

    def keep_known_in(self, folder: Path) -> None:
        """Stop the pending trials that Ray's latest state in a folder does not know."""
        states = sorted(folder.glob("experiment_state-*.json"))
        if states:
            self.keep_named_in(states[-1].read_text(encoding="utf-8"))

    def keep_named_in(self, text: str) -> None:
        """Stop the pending trials that this text does not name, because nobody runs them."""
        for trial in self.trials:
            if trial.told is None and trial.id is not None and trial.id not in text:
                trial.value, trial.others = None, []
                self.stop(trial)

    def history(self, dim: int, goal: Goal) -> History:
        """What a policy is to know: all trials, save those that ended with nothing known of them.

        A trial that was cut short where others got farther has the objective that it would have
        come to, see `learning_curves`.

        Args:
            dim: unit-cube axes D.
            goal: which objectives are minimised, and what is allowed.
        """
        signs = goal.signs
        sign = signs[0]
        rows = [trial for trial in self.trials if not trial.stopped]
        ended = [trial.told is not None for trial in rows]
        failed = [end and trial.value is None for trial, end in zip(rows, ended, strict=True)]
        y = [
            sign * trial.value if end and trial.value is not None else math.nan
            for trial, end in zip(rows, ended, strict=True)
        ]
        values = np.array(y, dtype=np.float64)
        others = np.full((len(rows), len(signs) - 1), math.nan)
        for k, trial in enumerate(rows):
            if not math.isnan(values[k]):
                others[k] = signs[1:] * trial.others
        violations = [goal.violations(trial.limits) for trial in rows]
        return History(
            np.array([trial.u for trial in rows], dtype=np.float64).reshape(len(rows), dim),
            _final(rows, values, sign) if len(signs) == 1 else values,
            np.array([float(trial.asked) for trial in rows]),
            np.array([math.inf if t.told is None else float(t.told) for t in rows]),
            np.array(failed, dtype=bool),
            np.array(violations, dtype=np.float64).reshape(len(rows), len(goal.violations({}))),
            others,
        )

    def _tick(self) -> int:
        self.clock += 1
        return self.clock - 1


def _final(rows: list[Trial], y: np.ndarray, sign: float) -> np.ndarray:
    """The objective (n,) with estimates for the trials that were stopped early."""
    farthest = max((trial.step for trial in rows if trial.step is not None), default=0)
    early = np.array(
        [t.cut and t.step is not None and t.step < farthest for t in rows], dtype=bool
    )
    if not early.any():
        return y
    curves = LearningCurves()
    for row, trial in enumerate(rows):
        if trial.told is not None:
            curves.add(row, {step: sign * value for step, value in trial.curve.items()})
    return final_values(y, early, curves)
