"""The trials of a study as a policy sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

_PATIENCE, _MOST_OVERTAKEN = 3, 20
"""A pending trial is given up when it was overtaken by so many times as many results as the most
that ever came in while a trial ran, and so many more. A slow trial that is given up too early
costs little: when it ends, it counts like any other."""


@dataclass(frozen=True, eq=False)
class History:
    """Evaluated and pending points, in the order in which they were asked.

    Attributes:
        x: (n, D) points in [0, 1], float64.
        y: (n,) minimised objective; NaN where there is none. Infinities are allowed.
        asked: (n,) moments of asking, on any clock, in order.
        told: (n,) moments of the results on the same clock; inf while pending.
        failed: (n,) bool, the trial has ended and yielded no value. A trial that has ended with
            no value and has not failed is one of which nothing is known but its point.
    """

    x: np.ndarray
    y: np.ndarray
    asked: np.ndarray
    told: np.ndarray
    failed: np.ndarray = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        """Check the shapes, which come from adapters and users alike."""
        n = len(self.y)
        if self.failed is None:
            object.__setattr__(self, "failed", np.zeros(n, dtype=bool))
        columns = (self.y, self.asked, self.told, self.failed)
        shapes = (self.x.shape[:1], *(column.shape for column in columns))
        if self.x.ndim != 2 or any(shape != (n,) for shape in shapes):
            raise ValueError(
                f"a History of {n} trials needs x of shape ({n}, D) and y, asked, told and "
                f"failed of shape ({n},); got x {self.x.shape}, y {self.y.shape}, asked "
                f"{self.asked.shape}, told {self.told.shape}, failed {self.failed.shape}"
            )

    @classmethod
    def sequential(cls, x: np.ndarray, y: np.ndarray) -> History:
        """Trials that ran one after the other; NaN in `y` marks one that is still running."""
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        moment = np.arange(len(y), dtype=np.float64)
        return cls(x, y, moment, np.where(np.isnan(y), np.inf, moment + 0.5))

    @property
    def n(self) -> int:
        """Number of trials, pending ones included."""
        return len(self.y)

    @property
    def finished(self) -> np.ndarray:
        """(n,) True where the objective is known."""
        finished: np.ndarray = ~np.isnan(self.y)
        return finished

    @property
    def pending(self) -> np.ndarray:
        """(n,) True where the trial is still running."""
        pending: np.ndarray = np.isinf(self.told)
        return pending

    def take(self, index: np.ndarray) -> History:
        """The trials at `index`, an integer or boolean array."""
        columns = (self.x, self.y, self.asked, self.told, self.failed)
        return History(*(column[index] for column in columns))

    @property
    def stale(self) -> np.ndarray:
        """(n,) True where a trial is pending that will hardly end: its worker is gone.

        Far more results have come in since it was asked than while any other trial ran.
        """
        tells = np.sort(self.told[~self.pending])
        overtaken = np.searchsorted(tells, self.told) - np.searchsorted(tells, self.asked)
        usual = overtaken[~self.pending].max(initial=0)
        stale: np.ndarray = self.pending & (overtaken > _PATIENCE * usual + _MOST_OVERTAKEN)
        return stale

    def informative(self) -> History:
        """The trials that tell more than that their points need not be tried again."""
        return self.take(self.finished | (self.pending & ~self.stale) | self.failed)

    def failures_as_worst(self) -> History:
        """The same trials to readers that know no failures: a failed one has an infinite value."""
        y = np.where(self.failed, np.inf, self.y)
        return replace(self, y=y, failed=np.zeros_like(self.failed))
