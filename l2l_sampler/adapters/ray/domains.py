"""Ray Tune's search spaces as templates of the unit cube."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ray.tune.search.sample import (
    Categorical,
    Domain,
    Float,
    Integer,
    LogUniform,
    Normal,
    Quantized,
    Uniform,
)

from l2l_sampler.adapters.arguments import shown
from l2l_sampler.spaces.axes import Axis, CategoricalAxis, FloatAxis, IntAxis, NormalAxis
from l2l_sampler.spaces.templates import DEEPEST, Branch, Leaf, holds_parameters

FUNCTION, OBJECT = "__fn_ph", "__ref_ph"
"""Ray's placeholders, pairs of such a mark and a hash: of `tune.sample_from`, and of objects.

Ray puts them into the `param_space` of a `Tuner` before a searcher sees it, and takes them out of
the configs that come back.
"""


def template_of(spec: Any, name: str = "", level: int = 0) -> Any:
    """A search space, nested as it is, with its domains replaced by leaves and branches.

    Args:
        spec: domains, constants, and dicts, lists and tuples of these.
        name: where in the search space it is: keys, indices and [options], joined by "/".
        level: how deep in the search space it is.

    Raises:
        ValueError: for `grid_search`, `sample_from`, keys with a "/", empty domains, and spaces
            that are nested too deeply.
    """
    if level > DEEPEST:
        raise ValueError(
            f"the search space is nested more than {DEEPEST} levels deep at {shown(name)}; "
            "does a dict or a list contain itself?"
        )
    below = level + 1
    if isinstance(spec, Categorical) and not spec.is_grid():
        options = [
            template_of(option, f"{name}[{i}]", below) for i, option in enumerate(spec.categories)
        ]
        if any(map(holds_parameters, options)):
            return Branch(name, tuple(options))
    if isinstance(spec, Domain):
        try:
            axis = axis_of(spec)
            return Leaf(name, axis, open=isinstance(axis, FloatAxis) and axis.step is None)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"parameter {name!r}: {error}") from error
    if isinstance(spec, Mapping):
        if set(spec) in ({"grid_search"}, {"eval"}):
            raise ValueError(f"parameter {name!r}: {_use_instead(*spec)}")
        for key in spec:
            if "/" in str(key):
                raise ValueError(f"rename the parameter {key!r}: Ray joins nested keys by '/'")
        children = {
            key: template_of(v, f"{name}/{key}" if name else f"{key}", below)
            for key, v in spec.items()
        }
        return children if holds_parameters(children) else spec
    if isinstance(spec, (list, tuple)):
        elements = [template_of(v, f"{name}/{i}", below) for i, v in enumerate(spec)]
        if not holds_parameters(elements):
            return spec
        return tuple(elements) if isinstance(spec, tuple) else elements
    return spec


def nothing_to_search(template: Any) -> ValueError:
    """What to say of a template without parameters."""
    if holds_placeholder(template, FUNCTION):
        return ValueError(f"there is nothing to search: {_use_instead('eval')}")
    return ValueError(
        f"the search space {shown(template)} holds no parameter; give at least one domain, such "
        "as tune.uniform(0, 1)"
    )


def holds_placeholder(template: Any, mark: str) -> bool:
    """Whether there is a placeholder of Ray in a template, also as a choice."""
    if isinstance(template, Leaf):
        axis = template.axis
        return isinstance(axis, CategoricalAxis) and holds_placeholder(axis.choices, mark)
    if isinstance(template, Branch):
        return holds_placeholder(template.options, mark)
    if isinstance(template, tuple) and len(template) == 2 and template[0] == mark:
        return True
    if isinstance(template, Mapping):
        return any(holds_placeholder(child, mark) for child in template.values())
    if isinstance(template, (list, tuple)):
        return any(holds_placeholder(child, mark) for child in template)
    return False


def nested(config: Mapping[Any, Any]) -> dict[str, Any]:
    """A config whose keys may be joined by "/", as Ray flattens them, as nested dicts.

    Raises:
        TypeError: if it is no dict.
        ValueError: if a key is both a value and the start of others.
    """
    if not isinstance(config, Mapping):
        raise TypeError(f"a config must be a dict, got {shown(config)}")
    found: dict[str, Any] = {}
    for key, value in config.items():
        *path, last = str(key).split("/")
        inner = found
        for part in path:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                raise ValueError(f"{part!r} has a value, so there cannot be a key {key!r}")
        inner[last] = dict(value) if type(value) is dict else value
    return found


def axis_of(domain: Domain) -> Axis:
    """The axis of a domain of Ray Tune.

    Quantized domains hold the multiples of q between their bounds, both included; integers
    without q, or with q = 1, exclude the upper bound, as Ray does. Floats without q exclude it,
    too: an axis has no way to say so, `Leaf.open` has.

    Raises:
        OverflowError: if a bound is too large for a float.
        TypeError: if bounds of an integer domain are not integers.
        ValueError: if the domain is empty, or of a kind that cannot be searched.
    """
    sampler, q = domain.get_sampler(), None
    if isinstance(sampler, Quantized):
        sampler, q = sampler.get_sampler(), sampler.q
    if isinstance(domain, Categorical) and isinstance(sampler, Uniform):
        return CategoricalAxis(tuple(domain.categories))
    if isinstance(domain, Float) and isinstance(sampler, Normal):
        step = None if q is None else float(q)
        return NormalAxis(float(sampler.mean), float(sampler.sd), step=step)
    log = isinstance(sampler, LogUniform)
    if isinstance(domain, Float) and (log or isinstance(sampler, Uniform)):
        low, high = float(domain.lower), float(domain.upper)
        if q is not None:
            low, high = (float(k * _exact(q)) for k in _multiples(domain, q))
            q = float(q)
        return FloatAxis(low, high, log=log, step=q)
    if isinstance(domain, Integer) and (log or isinstance(sampler, Uniform)):
        if q is None or q == 1:
            low, high, step = _whole(domain.lower), _whole(domain.upper) - 1, 1
        else:
            step = _whole(q)
            low, high = (k * step for k in _multiples(domain, step))
        if low > high:
            raise ValueError(
                f"there is no integer from {domain.lower} up to {domain.upper}, "
                "which is excluded; raise the upper bound"
            )
        return IntAxis(low, high, log=log, step=step)
    kind = "grid_search" if domain.is_grid() else "eval" if domain.is_function() else ""
    raise ValueError(
        _use_instead(kind)
        if kind
        else f"{type(domain).__name__} with {type(sampler).__name__} cannot be searched; "
        "use one of tune.uniform, loguniform, randint, lograndint, their quantized "
        "forms, tune.choice, randn or qrandn"
    )


def _multiples(domain: Domain, q: float) -> tuple[int, int]:
    """First and last k such that k * q is within the bounds, which may be off by rounding."""
    lower, upper = _exact(domain.lower) / _exact(q), _exact(domain.upper) / _exact(q)
    first, last = math.ceil(lower), math.floor(upper)
    if isinstance(domain, Float):
        first = round(lower) if math.isclose(lower, round(lower)) else first
        last = round(upper) if math.isclose(upper, round(upper)) else last
    if first > last:
        raise ValueError(f"there is no multiple of {q} between {domain.lower} and {domain.upper}")
    return first, last


def _exact(number: float) -> Fraction:
    """A number as the user means it: 0.1 is one tenth."""
    return Fraction(repr(float(number))) if isinstance(number, float) else Fraction(int(number))


def _whole(number: float) -> int:
    if int(number) != number:
        raise TypeError(f"{number} must be an integer; use a domain of floats")
    return int(number)


def _use_instead(kind: str) -> str:
    if kind == "grid_search":
        return (
            "a learned searcher does not run grids. Use tune.choice(values), or BasicVariant"
            "Generator in place of LearnedSearcher"
        )
    return (
        "tune.sample_from hides what it draws from the searcher. Use a domain such as "
        "tune.uniform; for parameters that hang on others, dicts with domains in tune.choice"
    )
