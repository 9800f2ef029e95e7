"""Search spaces that are nested, and that branch: parameters that only some choices have.

A template is a config in which every parameter is replaced by a `Leaf`, and every choice among
structures that hold parameters themselves by a `Branch`; all else in it is constant.

The parameters of all options of a branch are axes of one unit cube. Those that do not take part,
because another option is chosen, rest at the middle of their axes. So two points are equal
exactly if their configs are.

Notation
    D  unit-cube axes      u  (..., D) points in [0, 1], float64
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from l2l_sampler.spaces.axes import Axis, CategoricalAxis, FloatAxis, IntAxis, NormalAxis
from l2l_sampler.spaces.coordinates import same
from l2l_sampler.spaces.cube import UnitCube


@dataclass(frozen=True)
class Leaf:
    """A parameter."""

    name: str
    axis: Axis


@dataclass(frozen=True)
class Branch:
    """A choice among templates."""

    name: str
    options: tuple[Any, ...]


def parameters(template: Any) -> Iterator[Leaf | Branch]:
    """Leaves and branches, in order; not those inside of branches."""
    if isinstance(template, (Leaf, Branch)):
        yield template
    elif type(template) is dict:
        for child in template.values():
            yield from parameters(child)
    elif type(template) in (list, tuple):
        for child in template:
            yield from parameters(child)


def fill(template: Any, params: Mapping[str, Any]) -> Any:
    """The config in which parameters have these values; a branch's value is an option's index."""
    if isinstance(template, Leaf):
        return params[template.name]
    if isinstance(template, Branch):
        return fill(template.options[params[template.name]], params)
    if type(template) is dict:
        return {key: fill(child, params) for key, child in template.items()}
    if type(template) in (list, tuple):
        return type(template)(fill(child, params) for child in template)
    return template


def read(template: Any, config: Any, *, whole: bool = False) -> dict[str, Any]:
    """Values of the parameters that take part in a config: the inverse of `fill`.

    Args:
        template: what the config is to be read by.
        config: nested like the template; a list may also be given as a dict of its indices.
        whole: whether constants must be equal and no key may be unknown. If not, constants may
            also be missing.

    Raises:
        ValueError: if a parameter is missing or has a value outside its axis.
    """
    if not holds_parameters(template):
        if whole and not same(template, config):
            raise ValueError(f"expected the constant {template!r}, got {config!r}")
        return {}
    if isinstance(template, Leaf):
        cube = UnitCube({template.name: template.axis})
        nearest = cube.params(cube.point({template.name: config}))[template.name]
        if whole and isinstance(template.axis, IntAxis) and nearest != config:
            raise ValueError(f"parameter {template.name!r} is a whole number, got {config!r}")
        return {template.name: config}
    if isinstance(template, Branch):
        for index, option in enumerate(template.options):
            try:
                return {template.name: index} | read(option, config, whole=True)
            except ValueError:
                continue
        raise ValueError(f"{config!r} is none of the options of parameter {template.name!r}")
    values = _elements(config)
    children = {k: v for k, v in _elements(template).items() if whole or holds_parameters(v)}
    if children.keys() != values.keys() if whole else children.keys() - values.keys():
        raise ValueError(f"expected values for {', '.join(children)}; got {config!r}")
    found: dict[str, Any] = {}
    for key, child in children.items():
        found |= read(child, values[key], whole=whole)
    return found


def holds_parameters(template: Any) -> bool:
    """Whether there is a leaf or a branch in it."""
    return next(parameters(template), None) is not None


def _elements(container: Any) -> dict[str, Any]:
    """What is in a dict, list or tuple, by key or index; nothing if it is none of these."""
    if isinstance(container, Mapping):
        return {str(key): value for key, value in container.items()}
    if isinstance(container, (list, tuple)):
        return {str(index): value for index, value in enumerate(container)}
    return {}


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
        return fill(self._template, self._cube.params(u) | dict(exact or {}))

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
