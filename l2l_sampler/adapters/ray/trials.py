"""The trials of a searcher, as they are asked and told."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from l2l_sampler.history import History

Point: TypeAlias = tuple[list[float], dict[str, float]]
"""(D,) coordinates, and the values of those parameters that are known better than by them."""


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
    """

    id: str | None
    u: list[float]
    exact: dict[str, float]
    asked: int
    told: int | None = None
    value: float | None = None
    stopped: bool = False


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

    def report(self, trial: Trial, value: float) -> None:
        """An objective on the way; NaN takes back what was reported before."""
        if trial.told is None:
            trial.value = None if math.isnan(value) else value

    def tell(self, trial: Trial, value: float) -> None:
        """The trial has ended with this objective; NaN if it has failed."""
        if trial.told is None or trial.value is None:
            trial.value = None if math.isnan(value) else value
            trial.told, trial.stopped = self._tick(), False

    def stop(self, trial: Trial) -> None:
        """The trial has ended, and its last reported objective counts, if there is any."""
        if trial.told is None:
            trial.told, trial.stopped = self._tick(), trial.value is None

    def keep_named_in(self, text: str) -> None:
        """Stop the pending trials that this text does not name, because nobody runs them."""
        for trial in self.trials:
            if trial.told is None and trial.id is not None and trial.id not in text:
                trial.value = None
                self.stop(trial)

    def history(self, dim: int, *, maximize: bool) -> tuple[History, np.ndarray]:
        """What a policy is to know.

        Args:
            dim: unit-cube axes D.
            maximize: whether high objectives are good.

        Returns:
            history: pending trials and those with an objective, which is minimised.
            taken: (k, D) points of failed trials.
        """
        sign = -1.0 if maximize else 1.0
        known = [t for t in self.trials if t.told is None or t.value is not None]
        ended = [t.value if t.told is not None else None for t in known]
        history = History(
            np.array([t.u for t in known], dtype=np.float64).reshape(len(known), dim),
            np.array([math.nan if value is None else sign * value for value in ended]),
            np.array([float(t.asked) for t in known]),
            np.array([math.inf if t.told is None else float(t.told) for t in known]),
        )
        ended_badly = (t for t in self.trials if t.told is not None and t.value is None)
        taken = [t.u for t in ended_badly if not t.stopped]
        return history, np.array(taken, dtype=np.float64).reshape(len(taken), dim)

    def _tick(self) -> int:
        self.clock += 1
        return self.clock - 1
