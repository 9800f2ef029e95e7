"""The unit cube of parameters that take part only under some values of others.

All parameters are axes of one cube. Those that take no part at a point rest in the middle of
their axes, so that two points are equal exactly if the configurations are. Conditions are either
exact, as in Ray Tune's nested choices, or inferred from the trials of an Optuna study.

Notation
    D  unit-cube axes      u  (..., D) points in [0, 1], float64
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from l2l_sampler.spaces.axes import Axis, CategoricalAxis
from l2l_sampler.spaces.conditions import Condition, Conditions, Excluded, Within
from l2l_sampler.spaces.cube import UnitCube

_LISTED = 4096
"""Values of a parent up to which the points of a cube are counted; a cube of more has no list of
its points that anybody could use."""

_HAIR = 1e-12
"""Far above the rounding of one coordinate that is computed twice, and below the distance of two
integers on an axis of less than a trillion."""


@dataclass(frozen=True, eq=False)
class _Place:
    """Where a parameter is in the cube: its columns, and the cube of this parameter alone."""

    columns: slice
    cube: UnitCube


class ConditionalCube:
    """The unit cube of named axes under conditions; immutable, safe to share between threads.

    Without conditions it is the `UnitCube` of the axes.

    Args:
        axes: name -> axis, in the order of the coordinates.
        conditions: who takes part when; parameters without conditions always do.

    Raises:
        ValueError: a condition names a parent that is not an axis, or parameters depend on each
            other in a circle.
    """

    def __init__(self, axes: Mapping[str, Axis], conditions: Conditions | None = None) -> None:
        """Lay the axes out side by side."""
        self._axes = dict(axes)
        self._conditions = {k: c for k, c in (conditions or {}).items() if c}
        self._cube = UnitCube(self._axes)
        self._places: dict[str, _Place] = {}
        width = 0
        for name, axis in self._axes.items():
            cube = UnitCube({name: axis})
            self._places[name] = _Place(slice(width, width + cube.dim), cube)
            width += cube.dim
        self._order = tuple(self._parents_first())
        self._columns: dict[Excluded, list[int]] = {}  # each condition, in coordinates
        self._bounds: dict[Within, tuple[float, float]] = {}
        for condition in (c for group in self._conditions.values() for c in group):
            if not self._places[condition.parent].cube.dim:  # a single value has no coordinate
                continue
            if isinstance(condition, Excluded):
                self._columns[condition] = self._excluded_columns(condition)
            else:
                self._bounds[condition] = self._coordinate_bounds(condition)
        self.rest = self._middles()
        self.rest.setflags(write=False)

    @property
    def dim(self) -> int:
        """Number of unit-cube axes D."""
        return self._cube.dim

    @property
    def axes(self) -> dict[str, Axis]:
        """The axes by name."""
        return dict(self._axes)

    @property
    def conditions(self) -> dict[str, tuple[Condition, ...]]:
        """The conditions by parameter."""
        return dict(self._conditions)

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
        """Number of distinct points; inf if a parameter that can take part is continuous.

        An upper bound where a parameter depends on several others at once.
        """
        sizes = {name: place.cube.n_points for name, place in self._places.items()}
        if any(len(conditions) > 1 for conditions in self._conditions.values()):
            return math.prod(sizes.values())
        children: dict[str, list[str]] = {}
        for name in self._conditions:
            children.setdefault(self._parents(name)[0], []).append(name)
        roots = [name for name in sizes if name not in self._conditions]
        return math.prod(_count_below(self, name, sizes, children) for name in roots)

    def columns(self, name: str) -> slice:
        """The coordinates of a parameter; an empty slice if it has a single value."""
        return self._places[name].columns

    def describe(self) -> list[str]:
        """The conditions in plain words, a sentence for each parameter that has one."""
        return [
            f"{name} takes part where "
            + " and ".join(c.words(self._axes[c.parent]) for c in self._conditions[name])
            for name in self._axes
            if name in self._conditions
        ]

    def active(self, u: np.ndarray) -> dict[str, np.ndarray]:
        """Who takes part at valid points u (..., D): name -> (...) bool."""
        found: dict[str, np.ndarray] = {}
        for name in self._order:
            takes_part = np.ones(u.shape[:-1], dtype=bool)
            for condition in self._conditions.get(name, ()):
                takes_part &= found[condition.parent] & self.holds(condition, u)
            found[name] = takes_part
        return found

    def snap(self, u: np.ndarray) -> np.ndarray:
        """Nearest valid points, (..., D) -> (..., D); what takes no part is at rest."""
        snapped = self._cube.snap(u)
        if self._conditions:
            for name, takes_part in self.active(snapped).items():
                if name in self._conditions:
                    columns = self._places[name].columns
                    rest = self.rest[columns]
                    snapped[..., columns] = np.where(
                        takes_part[..., None], snapped[..., columns], rest
                    )
        return snapped

    def stepped(self, u: np.ndarray, by: int) -> np.ndarray:
        """Points (..., D), every stepped number moved by so many values; not snapped."""
        return self._cube.stepped(u, by)

    def resting(self, u: np.ndarray) -> np.ndarray:
        """(..., D) bool, the coordinate is of a parameter that takes no part at valid points u."""
        resting = np.zeros(u.shape, dtype=bool)
        if self._conditions:
            for name, takes_part in self.active(u).items():
                resting[..., self._places[name].columns] = ~takes_part[..., None]
        return resting

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Uniform valid points, (n, D)."""
        return self.snap(rng.random((n, self.dim)))

    def points(self) -> np.ndarray:
        """Every point of a finite cube, (n_points, D).

        Raises:
            ValueError: if a parameter that can take part is continuous or unbounded.
        """
        if math.isinf(self.n_points):
            raise ValueError("a cube with a continuous axis has no list of its points")
        rows = self.rest[None]
        for name in self._order:
            place = self._places[name]
            takes_part = self.active(rows)[name]  # its ancestors are set already
            if not takes_part.any() or not place.cube.dim:
                continue
            block = place.cube.points()
            spread = np.repeat(rows[takes_part], len(block), axis=0)
            spread[:, place.columns] = np.tile(block, (int(takes_part.sum()), 1))
            rows = np.concatenate([rows[~takes_part], spread])
        return rows

    def params(self, u: np.ndarray) -> dict[str, Any]:
        """Values of all parameters at the valid point nearest to u (D,).

        Those that take no part have the value in the middle of their range.

        Raises:
            ValueError: if u has another shape or holds NaN.
        """
        return self._cube.params(u)

    def point(self, params: Mapping[str, Any]) -> np.ndarray:
        """The point (D,) of some parameters; those that are not given are at rest.

        Raises:
            ValueError: if a parameter is unknown or outside its axis.
        """
        u = self.rest.copy()
        for name, value in params.items():
            if name not in self._places:
                raise ValueError(f"{name!r} is none of the parameters {', '.join(self._axes)}")
            place = self._places[name]
            u[place.columns] = place.cube.point({name: value})
        return u

    def holds(self, condition: Condition, u: np.ndarray) -> np.ndarray:
        """(...) whether a condition on the parent's value alone holds at points u (..., D)."""
        place = self._places[condition.parent]
        t = u[..., place.columns]
        if isinstance(condition, Excluded):
            if not place.cube.dim:  # a single choice has no coordinate
                return np.full(t.shape[:-1], 0 not in condition.choices)
            excluded = self._columns[condition]
            return np.asarray(~(t[..., excluded] == 1.0).any(axis=-1))
        if not place.cube.dim:
            only = place.cube.params(np.zeros(0))[condition.parent]
            inside = (condition.low is None or only >= condition.low) and (
                condition.high is None or only <= condition.high
            )
            return np.full(t.shape[:-1], inside)
        low, high = self._bounds[condition]
        return np.asarray((t[..., 0] >= low) & (t[..., 0] <= high))

    def _excluded_columns(self, condition: Excluded) -> list[int]:
        """Coordinates, among the parent's own, of the excluded choices."""
        choices: Any = self._axes[condition.parent]
        cube = self._places[condition.parent].cube
        points = (
            cube.point({condition.parent: choices.choices[k]}) for k in sorted(condition.choices)
        )
        return [int(point.argmax()) for point in points]

    def _coordinate_bounds(self, condition: Within) -> tuple[float, float]:
        """Smallest and largest coordinate of the parent with which a condition holds."""
        low, high, parent = condition.low, condition.high, condition.parent
        return (
            -math.inf if low is None else self._coordinate(parent, low) - _HAIR,
            math.inf if high is None else self._coordinate(parent, high) + _HAIR,
        )

    def _coordinate(self, name: str, value: int) -> float:
        """Where a value lies along a numeric parameter's axis; outside of it, past its end."""
        axis = self._axes[name]
        if value < axis.low:  # type: ignore[union-attr]
            return -1.0
        if value > axis.high:  # type: ignore[union-attr]
            return 2.0
        return float(self._places[name].cube.point({name: value})[0])

    def _middles(self) -> np.ndarray:
        """(D,) the point at which all axes are at rest: as far from one choice as from another."""
        rest = self._cube.snap(np.full(self.dim, 0.5))
        for name, place in self._places.items():
            if isinstance(self._axes[name], CategoricalAxis) and place.cube.dim:
                rest[place.columns] = 1.0 / place.cube.dim
        return rest

    def _parents_first(self) -> Iterator[str]:
        """The names, every one after those on which it depends."""
        for name, conditions in self._conditions.items():
            for parent in {name, *(c.parent for c in conditions)} - self._axes.keys():
                raise ValueError(f"the condition of {name!r} names {parent!r}, which is no axis")
        waiting, done = list(self._axes), set[str]()
        while waiting:
            ready = [n for n in waiting if all(p in done for p in self._parents(n))]
            if not ready:
                raise ValueError(f"parameters depend on each other in a circle: {waiting}")
            yield from ready
            done |= set(ready)
            waiting = [name for name in waiting if name not in done]

    def _parents(self, name: str) -> list[str]:
        return [condition.parent for condition in self._conditions.get(name, ())]


def _count_below(
    cube: ConditionalCube,
    name: str,
    sizes: Mapping[str, float],
    children: Mapping[str, Sequence[str]],
) -> float:
    """Number of ways to set a parameter and all that depend on it."""
    below = {child: _count_below(cube, child, sizes, children) for child in children.get(name, ())}
    if not below or sizes[name] > _LISTED:
        return sizes[name] * math.prod(below.values())
    block = UnitCube({name: cube.axes[name]}).points()
    rows = np.broadcast_to(cube.rest, (len(block), cube.dim)).copy()
    rows[:, cube.columns(name)] = block
    ways = np.ones(len(block))
    for child, count in below.items():
        (condition,) = cube.conditions[child]
        ways = ways * np.where(cube.holds(condition, rows), count, 1.0)
    return float(ways.sum())
