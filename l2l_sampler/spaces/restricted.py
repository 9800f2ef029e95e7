"""A part of a cube: some coordinates are given, others confined to a range.

So the rest of a trial is proposed of which some parameters are set already, or a parameter whose
range is narrower in this trial than in others.

Notation
    D  unit-cube axes      u  (..., D) points in [0, 1], float64
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from l2l_sampler.spaces.axes import CategoricalAxis
from l2l_sampler.spaces.conditional import ConditionalCube


class RestrictedCube:
    """The points of a cube within a box, which may be flat; immutable.

    Args:
        cube: the whole.
        low: (D,) smallest and
        high: (D,) largest coordinates of the part, both valid coordinates of the cube.
    """

    def __init__(self, cube: ConditionalCube, low: np.ndarray, high: np.ndarray) -> None:
        """Keep the box."""
        self._cube, self._low, self._high = cube, low, high

    @classmethod
    def within(
        cls,
        cube: ConditionalCube,
        fixed: Mapping[str, Any],
        ranges: Mapping[str, tuple[Any, Any]],
    ) -> RestrictedCube:
        """The part in which some parameters have given values, and others lie in given ranges.

        Args:
            cube: the whole.
            fixed: parameters and their values; those that are not in the cube are ignored, and
                so are values outside of it.
            ranges: numeric parameters and their smallest and largest value.
        """
        low, high = np.zeros(cube.dim), np.ones(cube.dim)
        for name, value in fixed.items():
            if name in cube.axes:
                columns = cube.columns(name)
                try:
                    low[columns] = high[columns] = cube.point({name: value})[columns]
                except ValueError:
                    continue
        for name, bounds in ranges.items():
            axis, columns = cube.axes[name], cube.columns(name)
            if not isinstance(axis, CategoricalAxis):
                for corner, value in zip((low, high), bounds, strict=True):
                    inside = min(max(value, axis.low), axis.high)  # type: ignore[union-attr]
                    corner[columns] = cube.point({name: inside})[columns]
        return cls(cube, low, high)

    @property
    def dim(self) -> int:
        """Number of unit-cube axes D."""
        return self._cube.dim

    @property
    def numeric(self) -> np.ndarray:
        """(D,) bool, the axis is of a number, and not of one of several choices."""
        return self._cube.numeric

    @property
    def blocks(self) -> tuple[slice, ...]:
        """The coordinates of each parameter: one of a number, one of every choice of several."""
        return self._cube.blocks

    @property
    def n_points(self) -> float:
        """Number of distinct points, or an upper bound."""
        flat = bool((self._low == self._high).all())
        return 1.0 if flat else self._cube.n_points

    def snap(self, u: np.ndarray) -> np.ndarray:
        """Nearest valid points, (..., D) -> (..., D)."""
        return self._cube.snap(np.clip(self._cube.snap(u), self._low, self._high))

    def stepped(self, u: np.ndarray, by: int) -> np.ndarray:
        """Points (..., D), every stepped number moved by so many values; not snapped."""
        return self._cube.stepped(u, by)

    def resting(self, u: np.ndarray) -> np.ndarray:
        """(..., D) bool, the coordinate is of a parameter that takes no part at valid points u."""
        return self._cube.resting(u)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Uniform valid points, (n, D)."""
        return self._cube.snap(self._low + rng.random((n, self.dim)) * (self._high - self._low))

    def points(self) -> np.ndarray:
        """Every point of a finite part, (n_points, D).

        Raises:
            ValueError: if an axis is continuous or unbounded.
        """
        if self.n_points == 1.0:
            return self._cube.snap(self._low)[None]
        if math.isinf(self.n_points):
            raise ValueError("a cube with a continuous axis has no list of its points")
        return np.unique(self.snap(self._cube.points()), axis=0)
