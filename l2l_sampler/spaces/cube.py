"""The unit cube of a search space: parameters <-> points u in [0, 1]^D.

Every axis is a lattice, so that both directions are exact: parameters that came out of the cube
go back to the very point they came from, and that point gives the very same parameters. Stepped
axes have one cell a value, all equally wide; a continuous axis has up to 2**48 cells, fewer only
where floats are too coarse for that (a narrow range far from zero).

A logarithmic axis is linear in log u. Where it also has steps, as log integers do, its values own
the bins between the logs of their half-way points, and a value's coordinate is the middle of its
bin. A categorical axis is one-hot, a single-valued axis takes no coordinate at all.

Notation
    D     unit-cube axes            u     (..., D) points in [0, 1], float64
    t     one coordinate of u       j     index of a value on a stepped axis
    cells lattice cells of an axis, points at (i + centre) / cells
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from l2l_sampler.spaces.axes import Axis, CategoricalAxis, FloatAxis, IntAxis, NormalAxis
from l2l_sampler.spaces.choices import Choices, same
from l2l_sampler.spaces.coordinates import (
    Continuous,
    Coordinate,
    Fixed,
    Linear,
    Log,
    Normal,
    Rounded,
    Steps,
    to_lattice,
)

_NARROW = 1e-3  # log and linear coincide on a narrower range, where the logs cancel


class UnitCube:
    """The unit cube of named axes; immutable, and safe to share between threads.

    For every u in [0, 1]^D and all parameters p that the cube has returned,
    `point(params(u)) == snap(u)` and `params(point(p)) == p`, exactly. A float of other origin
    moves by less than 1e-14 of its axis.

    Args:
        axes: name -> axis, in the order of the coordinates.

    Raises:
        TypeError: if something else than an axis is given.
    """

    def __init__(self, axes: Mapping[str, Axis]) -> None:
        """Lay the axes out side by side."""
        self._axes = dict(axes)
        self._scalar: list[tuple[str, Coordinate, int]] = []  # name, coordinate, column
        self._one_hot: list[tuple[str, Choices, int]] = []
        self._fixed: dict[str, Any] = {}
        self._dim = 0
        for name, axis in self._axes.items():
            coordinate = _coordinate(axis)
            if isinstance(coordinate, Choices):
                self._one_hot.append((name, coordinate, self._dim))
                self._dim += len(coordinate.choices)
            elif isinstance(coordinate, Fixed):
                self._fixed[name] = coordinate.value
            else:
                self._scalar.append((name, coordinate, self._dim))
                self._dim += 1
        self._cells, self._centre = np.ones(self._dim), np.zeros(self._dim)
        for _, scalar, k in self._scalar:
            self._cells[k], self._centre[k] = scalar.cells, scalar.centre
        self._rounded = [(c, k) for _, c, k in self._scalar if isinstance(c, Rounded)]

    @property
    def dim(self) -> int:
        """Number of unit-cube axes D."""
        return self._dim

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters' names."""
        return tuple(self._axes)

    @property
    def numeric(self) -> np.ndarray:
        """(D,) bool, the axis is of a number, and not of one of several choices."""
        found = np.zeros(self._dim, dtype=bool)
        found[[k for _, _, k in self._scalar]] = True
        return found

    @property
    def blocks(self) -> tuple[slice, ...]:
        """The coordinates of each parameter: one of a number, one of every choice of several."""
        scalar = [slice(k, k + 1) for _, _, k in self._scalar]
        one_hot = [slice(k, k + len(c.choices)) for _, c, k in self._one_hot]
        return tuple(sorted(scalar + one_hot, key=lambda block: block.start))

    @property
    def n_points(self) -> float:
        """Number of distinct points; inf if an axis is continuous or unbounded."""
        counts = [c.count for _, c, _ in self._scalar]
        return math.prod(counts + [float(len(c.choices)) for _, c, _ in self._one_hot])

    def params(self, u: np.ndarray) -> dict[str, Any]:
        """Parameters at the valid point nearest to u (D,): Python scalars or choices.

        Raises:
            ValueError: if u has another shape or holds NaN.
        """
        if np.shape(u) != (self._dim,):
            raise ValueError(f"expected a point of shape ({self._dim},), got {np.shape(u)}")
        t = self.snap(u).tolist()
        if any(map(math.isnan, t)):
            raise ValueError(f"a point of the unit cube must not hold NaN, got {t}")
        found = dict(self._fixed)
        for name, coordinate, k in self._scalar:
            found[name] = coordinate.value(t[k])
        for name, choices, k in self._one_hot:
            found[name] = choices.choices[t.index(1.0, k) - k]
        return {name: found[name] for name in self._axes}

    def point(self, params: Mapping[str, Any]) -> np.ndarray:
        """The point (D,) of parameters; one between two steps goes to the nearer.

        Raises:
            ValueError: if a parameter is missing, unknown, or outside its axis.
        """
        if params.keys() != self._axes.keys():
            raise ValueError(f"expected the parameters {sorted(self._axes)}, got {sorted(params)}")
        t = [0.0] * self._dim
        name = ""
        try:
            for name, coordinate, k in self._scalar:
                t[k] = coordinate.unit(params[name])
            for name, choices, k in self._one_hot:
                t[k + choices.index(params[name])] = 1.0
            for name, value in self._fixed.items():
                if not same(value, params[name]):
                    raise ValueError
        except (ValueError, TypeError, OverflowError):
            raise ValueError(
                f"{params[name]!r} is no value of parameter {name!r}, {self._axes[name]}"
            ) from None
        return np.array(t)

    def snap(self, u: np.ndarray) -> np.ndarray:
        """Nearest valid points, (..., D) -> (..., D): cell centres, and one-hot of the argmax.

        Of tied choices the first is taken.
        """
        u = np.asarray(u, dtype=np.float64)
        snapped = to_lattice(u, self._cells, self._centre)
        for coordinate, k in self._rounded:
            snapped[..., k] = coordinate.middle(snapped[..., k])
        for _, choices, k in self._one_hot:
            columns = slice(k, k + len(choices.choices))
            best = u[..., columns].argmax(axis=-1)
            snapped[..., columns] = best[..., None] == choices.positions
        return snapped

    def stepped(self, u: np.ndarray, by: int) -> np.ndarray:
        """Valid points (..., D), every stepped number moved by so many values, up to its ends."""
        moved = np.array(u, dtype=np.float64)
        for _, coordinate, k in self._scalar:
            moved[..., k] = coordinate.stepped(moved[..., k], by)
        return moved

    def resting(self, u: np.ndarray) -> np.ndarray:
        """(..., D) bool, the coordinate is of a parameter that takes no part at u: none is."""
        return np.zeros(np.shape(u), dtype=bool)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Uniform valid points, (n, D)."""
        return self.snap(rng.random((n, self._dim)))

    def points(self) -> np.ndarray:
        """Every point of a finite cube, (n_points, D), the last axis changing fastest.

        Raises:
            ValueError: if an axis is continuous or unbounded.
        """
        if math.isinf(self.n_points):
            raise ValueError("a cube with a continuous axis has no list of its points")
        blocks = {k: np.array(c.units())[:, None] for _, c, k in self._scalar}
        blocks |= {k: np.eye(len(c.choices)) for _, c, k in self._one_hot}
        columns = [blocks[k] for k in sorted(blocks)]
        if not columns:
            return np.zeros((1, 0))
        which = np.indices([len(block) for block in columns]).reshape(len(columns), -1)
        rows = [block[index] for block, index in zip(columns, which, strict=True)]
        return np.concatenate(rows, axis=1)


def _coordinate(axis: Axis) -> Coordinate | Choices | Fixed:
    """How an axis is laid out in the cube."""
    if isinstance(axis, CategoricalAxis):
        choices = Choices(axis.choices)
        return choices if len(choices.choices) > 1 else Fixed(choices.choices[0])
    if isinstance(axis, NormalAxis):
        bell = Normal(axis.mean, axis.sd)
        if axis.step is None:
            return Continuous(bell, -math.inf, math.inf, centre=0.5)
        return Rounded(bell, 0.0, axis.step, math.inf, math.inf)
    if isinstance(axis, FloatAxis):
        low, high, step = float(axis.low), float(axis.high), axis.step
        if step is None:
            if low == high:
                return Fixed(low)
            narrow = axis.log and math.log(high) - math.log(low) < _NARROW
            warp = Log(low, high) if axis.log and not narrow else Linear(low, high)
            return Continuous(warp, low, high, centre=0.0)
        # decimal arithmetic, as the user means it: 0.1 to 0.95 in steps of 0.1 ends at 0.9
        exact_low, exact_step = Fraction(repr(low)), Fraction(repr(float(step)))
        count = (Fraction(repr(high)) - exact_low) // exact_step + 1
        step, high = float(step), float(exact_low + (count - 1) * exact_step)
    elif isinstance(axis, IntAxis):
        low, step = axis.low, axis.step
        count = (axis.high - low) // step + 1
        high = low + (count - 1) * step
    else:
        kinds = "FloatAxis, IntAxis, CategoricalAxis or NormalAxis"
        raise TypeError(f"expected {kinds}, got {axis!r}")
    if count == 1:
        return Fixed(low)
    if axis.log and math.log(high) - math.log(low) >= _NARROW:
        half = 0.5 * step
        bottom = low - half if low > half else low * low / (low + half)
        return Rounded(Log(bottom, high + half), low, step, count, high)
    return Steps(low, step, count, high)
