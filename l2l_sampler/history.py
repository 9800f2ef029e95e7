"""The trials of a study as a policy sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class History:
    """Evaluated and pending points, in the order in which they were asked.

    Attributes:
        x: (n, D) points in [0, 1], float64.
        y: (n,) minimised objective; NaN while the trial is pending. Infinities are allowed.
        asked: (n,) moments of asking, on any clock, in order.
        told: (n,) moments of the results on the same clock; inf while pending.
    """

    x: np.ndarray
    y: np.ndarray
    asked: np.ndarray
    told: np.ndarray

    def __post_init__(self) -> None:
        """Check the shapes, which come from adapters and users alike."""
        n = len(self.y)
        shapes = (self.x.shape[:1], self.y.shape, self.asked.shape, self.told.shape)
        if self.x.ndim != 2 or any(shape != (n,) for shape in shapes):
            raise ValueError(
                f"a History of {n} trials needs x of shape ({n}, D) and y, asked and told of "
                f"shape ({n},); got x {self.x.shape}, y {self.y.shape}, "
                f"asked {self.asked.shape}, told {self.told.shape}"
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

    def take(self, index: np.ndarray) -> History:
        """The trials at `index`, an integer or boolean array."""
        return History(self.x[index], self.y[index], self.asked[index], self.told[index])
