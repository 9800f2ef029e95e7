"""A box around the best trials, seen as a problem of its own.

The scale of the encoded objective is set by all trials, bad ones included. Late in a study, what
is left to gain is small on it, and a policy that sees the whole cube stands still. Inside of a
box around the best trials, mapped to the unit cube, the same policy finds the scale that counts
there, as trust regions do (Eriksson et al., 2019, "Scalable global optimization via local
Bayesian optimization").

Notation
    D  unit-cube axes   n  trials   x  (n, D) points of the cube   u  points of the box
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from l2l_sampler.history import History
from l2l_sampler.policies.base import Cube

_SHARE = 0.15
"""Share of the results that the box is to hold at first: the best ones."""
_WIDER = 1.3
"""The box reaches so many times as far as they do, so that the best may lie beyond them."""
_GROWTH = 1.25
_NARROWEST = 1e-6
"""Half the width of an axis along which the best trials agree."""


def _fewest(dim: int) -> int:
    """Trials that a box is to hold: enough for the slopes and some curvatures of every axis."""
    return 3 * dim + 6


@dataclass(frozen=True, eq=False)
class Box:
    """A part of a cube, as a cube of its own.

    Attributes:
        cube: the whole.
        low: (D,) and
        high: (D,) its corners.
    """

    cube: Cube
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def around_best(cls, history: History, cube: Cube) -> Box:
        """The smallest box around the incumbent that holds the best trials, and enough others.

        Args:
            history: trials, with one result at least.
            cube: the search space; axes of choices are kept whole.
        """
        ranked = history.ranked()
        most = 8 + 2 * cube.dim
        count = min(max(cube.dim + 2, int(_SHARE * len(ranked))), most)
        x, centre = history.x[ranked], history.x[ranked[0]]
        reach = np.abs(history.x[ranked[:count]] - centre).max(axis=0)
        half = np.maximum(_WIDER * reach, _NARROWEST)
        while True:
            low, high = np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
            low, high = np.where(cube.numeric, low, 0.0), np.where(cube.numeric, high, 1.0)
            inside = ((x >= low) & (x <= high)).all(axis=1).sum()
            if inside >= min(len(ranked), _fewest(cube.dim)) or (half >= 1.0).all():
                return cls(cube, low, high)
            half = _GROWTH * half

    @property
    def dim(self) -> int:
        """Number of axes D."""
        return self.cube.dim

    @property
    def numeric(self) -> np.ndarray:
        """(D,) bool: none, since the bounds of a box say nothing of where good trials lie."""
        return np.zeros(self.dim, dtype=bool)

    @property
    def width(self) -> np.ndarray:
        """(D,) of the box, in units of the cube."""
        return np.asarray(self.high - self.low)

    @property
    def blocks(self) -> tuple[slice, ...]:
        """The coordinates of each parameter: one of a number, one of every choice of several."""
        return self.cube.blocks

    @property
    def n_points(self) -> float:
        """Number of distinct points, or an upper bound."""
        return self.cube.n_points

    def into(self, x: np.ndarray) -> np.ndarray:
        """Points of the cube as points of the box, (..., D)."""
        u: np.ndarray = (x - self.low) / (self.high - self.low)
        return u

    def out(self, u: np.ndarray) -> np.ndarray:
        """The nearest valid points of the cube, (..., D)."""
        return self.cube.snap(self.low + np.clip(u, 0.0, 1.0) * (self.high - self.low))

    def snap(self, u: np.ndarray) -> np.ndarray:
        """Nearest valid points, (..., D) -> (..., D)."""
        return self.into(self.out(u))

    def stepped(self, u: np.ndarray, by: int) -> np.ndarray:
        """Points (..., D), every stepped number moved by so many values; not snapped."""
        return self.into(self.cube.stepped(self.out(u), by))

    def resting(self, u: np.ndarray) -> np.ndarray:
        """(..., D) bool, the coordinate is of a parameter that takes no part at u."""
        return self.cube.resting(self.out(u))

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Uniform valid points, (n, D)."""
        return self.snap(rng.random((n, self.dim)))

    def points(self) -> np.ndarray:
        """Every point of a finite cube, those outside of the box included."""
        return self.into(self.cube.points())

    def seen(self, history: History) -> History:
        """The trials inside, in the coordinates of the box."""
        inside = ((history.x >= self.low) & (history.x <= self.high)).all(axis=1)
        some = history.take(np.flatnonzero(inside))
        return replace(some, x=self.into(some.x))
