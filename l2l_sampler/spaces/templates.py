"""Templates: nested configs in which every parameter is marked.

In a template every parameter is replaced by a `Leaf`, and every choice among structures that hold
parameters themselves by a `Branch`; all else in it is constant:

    {"rate": Leaf("rate", FloatAxis(0.0, 1.0)), "seed": 7}

`fill` turns a template and values of its parameters into a config, and `read` goes back. In a
`TemplateCube` the parameters of all options of a branch are axes side by side; those that take no
part, because another option is chosen, are at rest.

Notation
    D  unit-cube axes      u  (D,) a point in [0, 1], float64
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from l2l_sampler.spaces.axes import Axis, CategoricalAxis, FloatAxis, IntAxis, NormalAxis
from l2l_sampler.spaces.choices import same
from l2l_sampler.spaces.conditional import ConditionalCube
from l2l_sampler.spaces.conditions import Condition, Excluded
from l2l_sampler.spaces.cube import UnitCube

DEEPEST = 100
"""Levels of nesting that a template may have. Python's own limit of about 1,000 calls would end
the run in some other place, and a config that contains itself has no end."""


@dataclass(frozen=True)
class Leaf:
    """A parameter.

    Attributes:
        name: its name, the only one in the template.
        axis: its values.
        open: whether the upper bound of a `FloatAxis` is excluded. A point may lie there all the
            same; `fill` then gives the last float below.
    """

    name: str
    axis: Axis
    open: bool = False


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


def holds_parameters(template: Any) -> bool:
    """Whether there is a leaf or a branch in it."""
    return next(parameters(template), None) is not None


class TemplateCube:
    """The configs of a template as points of a unit cube; immutable.

    Args:
        template: leaves and branches in nested dicts, lists and tuples.

    Attributes:
        template: the same.
        cube: its unit cube. Two points are equal exactly if their configs are.

    Raises:
        ValueError: if two parameters have one name.
    """

    def __init__(self, template: Any) -> None:
        """Lay out the cube."""
        self.template = template
        self.cube = ConditionalCube(*axes_and_conditions(template))

    def config(self, u: np.ndarray, exact: Mapping[str, float] | None = None) -> Any:
        """The config at a point (D,), save that the parameters in `exact` have those values."""
        return fill(self.template, self.cube.params(u), exact)

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
        params, axes = read(self.template, config), self.cube.axes
        exact = {
            name: value if type(value) is int else float(value)
            for name, value in params.items()
            if _is_continuous(axes[name])
        }
        return self.cube.point(params), exact


def _is_continuous(axis: Axis) -> bool:
    return isinstance(axis, (FloatAxis, NormalAxis)) and axis.step is None


def axes_and_conditions(
    template: Any,
) -> tuple[dict[str, Axis], dict[str, tuple[Condition, ...]]]:
    """All parameters of a template, and which choices those inside of branches need.

    Returns:
        axes: name -> axis, those of a branch's options after its own, which is of their indices.
        conditions: name -> its condition, for parameters inside of branches.

    Raises:
        ValueError: if two parameters have one name.
    """
    axes: dict[str, Axis] = {}
    conditions: dict[str, tuple[Condition, ...]] = {}

    def collect(template: Any, condition: tuple[Condition, ...]) -> None:
        for parameter in parameters(template):
            if parameter.name in axes:
                raise ValueError(f"two parameters are called {parameter.name!r}; rename one")
            conditions[parameter.name] = condition
            if isinstance(parameter, Leaf):
                axes[parameter.name] = parameter.axis
                continue
            indices = range(len(parameter.options))
            axes[parameter.name] = CategoricalAxis(tuple(indices))
            for index, option in enumerate(parameter.options):
                others = frozenset(indices) - {index}
                collect(option, (Excluded(parameter.name, others),))

    collect(template, ())
    return axes, {name: condition for name, condition in conditions.items() if condition}


def fill(template: Any, params: Mapping[str, Any], exact: Mapping[str, Any] | None = None) -> Any:
    """The config in which parameters have these values.

    Args:
        template: what is to be filled.
        params: values of the parameters that take part, by name; a branch's is an option's index.
        exact: values that are taken as they are, in place of those of `params`, even if they are
            bounds that `Leaf.open` excludes.
    """
    if isinstance(template, Leaf):
        if exact is not None and template.name in exact:
            return exact[template.name]
        return _inside(template, params[template.name])
    if isinstance(template, Branch):
        return fill(template.options[params[template.name]], params, exact)
    if type(template) is dict:
        return {key: fill(child, params, exact) for key, child in template.items()}
    if type(template) in (list, tuple):
        return type(template)(fill(child, params, exact) for child in template)
    return template


def read(template: Any, config: Any) -> dict[str, Any]:
    """Values of the parameters that take part in a config: the inverse of `fill`.

    Args:
        template: what the config is to be read by.
        config: nested like the template; a list may also be given as a dict of its indices.
            Constants outside of branches may be missing or different, and are ignored.

    Raises:
        ValueError: if a parameter is missing or has a value outside its axis.
    """
    if isinstance(template, Leaf):
        _nearest(template, config)
        return {template.name: config}
    if isinstance(template, Branch):
        return _option(template, config)
    children = {key: v for key, v in _elements(template).items() if holds_parameters(v)}
    values = _elements(config)
    if children.keys() - values.keys():
        raise _other_keys(children, config)
    found: dict[str, Any] = {}
    for key, child in children.items():
        found |= read(child, values[key])
    return found


def _match(template: Any, config: Any) -> dict[str, Any]:
    """As `read`, but constants must be equal, keys the same, and integers whole.

    So the options of a branch are told apart.
    """
    if isinstance(template, Leaf):
        if isinstance(template.axis, IntAxis) and _nearest(template, config) != config:
            raise ValueError(f"parameter {template.name!r} is a whole number, got {config!r}")
        return read(template, config)
    if isinstance(template, Branch):
        return _option(template, config)
    if not holds_parameters(template):
        if not same(template, config):
            raise ValueError(f"expected the constant {template!r}, got {config!r}")
        return {}
    children, values = _elements(template), _elements(config)
    if children.keys() != values.keys():
        raise _other_keys(children, config)
    found: dict[str, Any] = {}
    for key, child in children.items():
        found |= _match(child, values[key])
    return found


def _option(branch: Branch, config: Any) -> dict[str, Any]:
    """The first option of a branch that a config matches, and its parameters."""
    for index, option in enumerate(branch.options):
        try:
            return {branch.name: index} | _match(option, config)
        except ValueError:
            continue
    raise ValueError(f"{config!r} is none of the options of parameter {branch.name!r}")


def _nearest(leaf: Leaf, value: Any) -> Any:
    """The value of a leaf's axis that is nearest to this one.

    Raises:
        ValueError: if it is outside the axis.
    """
    cube = UnitCube({leaf.name: leaf.axis})
    return cube.params(cube.point({leaf.name: value}))[leaf.name]


def _inside(leaf: Leaf, value: Any) -> Any:
    """The value, or the last float below if it is a bound that is excluded."""
    if leaf.open and isinstance(leaf.axis, FloatAxis) and value == leaf.axis.high:
        return math.nextafter(value, leaf.axis.low)
    return value


def _other_keys(children: Mapping[str, Any], config: Any) -> ValueError:
    return ValueError(f"expected values for {', '.join(children)}; got {config!r}")


def _elements(container: Any) -> dict[str, Any]:
    """What is in a dict, list or tuple, by key or index; nothing if it is none of these."""
    if isinstance(container, Mapping):
        return {str(key): value for key, value in container.items()}
    if isinstance(container, (list, tuple)):
        return {str(index): value for index, value in enumerate(container)}
    return {}
