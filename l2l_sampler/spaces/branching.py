"""Search spaces that are nested, and that branch: parameters that only some choices have.

The parameters of all options of a branch are axes of one unit cube. Those that do not take part,
because another option is chosen, rest at the middle of their axes. So two points are equal
exactly if their configs are.

Notation
    D  unit-cube axes      u  (..., D) points in [0, 1], float64
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from l2l_sampler.spaces.axes import Axis, CategoricalAxis, FloatAxis, NormalAxis
from l2l_sampler.spaces.cube import UnitCube
from l2l_sampler.spaces.templates import Leaf, fill, parameters, read


@dataclass(frozen=True, eq=False)
class _Node:
    """Where a parameter is in the cube.

    Attributes:
        columns: its coordinates.
        cube: the cube of this parameter alone.
        options: the nodes of each option of a branch; empty for a leaf.
    """

    columns: slice
    cube: UnitCube
    options: tuple[tuple[_Node, ...], ...]


class BranchingCube:
    """The unit cube of a template; immutable.

    Without branches it is the `UnitCube` of the leaves.

    Args:
        template: leaves and branches in nested dicts, lists and tuples.

    Raises:
        ValueError: if two parameters have one name.
    """

    def __init__(self, template: Any) -> None:
        """Lay the axes out side by side, those of a branch's options after its own."""
        self._template = template
        self._axes: dict[str, Axis] = {}
        self._width = 0
        self._root = self._group(template)
        self._cube = UnitCube(self._axes)
        self._idle = self._cube.snap(np.full(self._cube.dim, 0.5))

    def _group(self, template: Any) -> tuple[_Node, ...]:
        nodes = []
        for parameter in parameters(template):
            if parameter.name in self._axes:
                raise ValueError(f"two parameters are called {parameter.name!r}; rename one")
            options: tuple[Any, ...] = ()
            if isinstance(parameter, Leaf):
                axis = parameter.axis
            else:
                options = parameter.options
                axis = CategoricalAxis(tuple(range(len(options))))
            self._axes[parameter.name] = axis
            cube = UnitCube({parameter.name: axis})
            columns = slice(self._width, self._width + cube.dim)
            self._width += cube.dim
            nodes.append(_Node(columns, cube, tuple(map(self._group, options))))
        return tuple(nodes)

    @property
    def dim(self) -> int:
        """Number of unit-cube axes D."""
        return self._cube.dim

    @property
    def n_points(self) -> float:
        """Number of distinct configs; inf if a parameter is continuous or unbounded."""
        return _count(self._root)

    def snap(self, u: np.ndarray) -> np.ndarray:
        """Nearest valid points, (..., D) -> (..., D); what takes no part is at rest."""
        snapped = self._cube.snap(u)
        self._settle(snapped, self._root, None)
        return snapped

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Uniform valid points, (n, D); options are equally probable."""
        return self.snap(rng.random((n, self.dim)))

    def points(self) -> np.ndarray:
        """Every point of a finite cube, (n_points, D).

        Raises:
            ValueError: if an axis is continuous or unbounded.
        """
        return _expand(self._idle[None], self._root)

    def config(self, u: np.ndarray, exact: Mapping[str, float] | None = None) -> Any:
        """The config at a point (D,), save that the parameters in `exact` have those values."""
        return fill(self._template, self._cube.params(u), exact)

    def point(self, config: Any) -> tuple[np.ndarray, dict[str, float]]:
        """Where a config lies.

        Args:
            config: nested like the template. Constants may be missing, and are ignored.

        Returns:
            u: (D,) its point.
            exact: values of the continuous parameters, which the point gives up to rounding.

        Raises:
            ValueError: if a parameter is missing or has a value outside its axis.
        """
        params = read(self._template, config)
        u = self.snap(self._cube.point(self._cube.params(self._idle) | params))
        exact = {
            name: value if type(value) is int else float(value)
            for name, value in params.items()
            if _is_continuous(self._axes[name])
        }
        return u, exact

    def _settle(self, u: np.ndarray, nodes: tuple[_Node, ...], active: np.ndarray | None) -> None:
        """Bring to rest, in place, the nodes of points that are not `active` (None: all are)."""
        for node in nodes:
            if active is not None:
                rest = self._idle[node.columns]
                u[..., node.columns] = np.where(active[..., None], u[..., node.columns], rest)
            for k, option in enumerate(node.options):
                chosen = active
                if len(node.options) > 1:
                    chosen = u[..., node.columns.start + k] == 1.0
                    chosen = chosen if active is None else active & chosen
                self._settle(u, option, chosen)


def _is_continuous(axis: Axis) -> bool:
    return isinstance(axis, (FloatAxis, NormalAxis)) and axis.step is None


def _count(nodes: tuple[_Node, ...]) -> float:
    """Number of ways to set all nodes."""
    return math.prod(
        sum(map(_count, node.options)) if node.options else node.cube.n_points for node in nodes
    )


def _expand(rows: np.ndarray, nodes: tuple[_Node, ...]) -> np.ndarray:
    """Points (n, D) with every way to set the nodes, each after the other."""
    for node in nodes:
        variants = []
        for k, block in enumerate(node.cube.points()):
            variant = rows.copy()
            variant[:, node.columns] = block
            variants.append(_expand(variant, node.options[k]) if node.options else variant)
        rows = np.concatenate(variants)
    return rows
