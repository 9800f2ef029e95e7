"""Templates of search spaces as plain JSON, so that a saved state knows its space again.

Numbers, texts, lists, dicts and their kin come back as they were. Of any other object, such as a
function that is a choice, there is its name and a digest of what it pickles to: enough to
recognise the space, but not to rebuild it. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import math
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from l2l_sampler.adapters.arguments import shown
from l2l_sampler.spaces.axes import Axis, CategoricalAxis, FloatAxis, IntAxis, NormalAxis
from l2l_sampler.spaces.templates import DEEPEST, Branch, Leaf

_logger = logging.getLogger(__name__)

_AXES: dict[str, type[Axis]] = {
    axis.__name__: axis for axis in (FloatAxis, IntAxis, CategoricalAxis, NormalAxis)
}
_SETS: dict[str, type[set[Any]] | type[frozenset[Any]]] = {"set": set, "frozenset": frozenset}


def to_json(value: Any) -> Any:
    """A template, or anything that may be in one, as plain JSON values."""
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, np.generic) and type(value.item()) in (bool, int, float, str):
        return {"numpy": [value.dtype.str, to_json(value.item())]}
    if kind is list:
        return [to_json(element) for element in value]
    if kind is tuple:
        return {"tuple": [to_json(element) for element in value]}
    if kind in _SETS.values():
        elements = sorted(map(to_json, value), key=json.dumps)  # in the same order everywhere
        return {kind.__name__: elements}
    if kind is dict:
        return {"dict": [[to_json(key), to_json(element)] for key, element in value.items()]}
    if isinstance(value, Leaf):
        axis = {f.name: to_json(getattr(value.axis, f.name)) for f in fields(value.axis)}
        return {"leaf": [value.name, type(value.axis).__name__, axis, value.open]}
    if isinstance(value, Branch):
        return {"branch": [value.name, [to_json(option) for option in value.options]]}
    named = value if hasattr(value, "__qualname__") else kind
    name = f"{getattr(named, '__module__', None)}.{named.__qualname__}"
    return {"object": [name, _digest(value)]}


def from_json(value: Any) -> Any:
    """The inverse of `to_json`.

    Raises:
        LookupError: if it holds an object of which only the name is known.
        ValueError: if `to_json` cannot have written it.
    """
    try:
        return _decoded(value)
    except _Unknown:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{shown(value)} describes no search space: {error}") from error


def same_space(a: Any, b: Any) -> bool:
    """Whether two outcomes of `to_json` are of one space; True is not 1, and 1 is not 1.0."""
    return json.dumps(a) == json.dumps(b)


class _Unknown(LookupError):
    """An object of which only the name is known."""


def _decoded(value: Any, level: int = 0) -> Any:
    if level > DEEPEST + 1:  # the choices of a leaf lie one level deeper than in the template
        raise ValueError(f"it is nested more than {DEEPEST} levels deep")

    def each(elements: Any) -> Iterator[Any]:
        return (_decoded(element, level + 1) for element in elements)

    if isinstance(value, list):
        return list(each(value))
    if not isinstance(value, Mapping):
        return value
    ((kind, content),) = value.items()
    if kind == "float":
        return float(content)
    if kind == "numpy":
        dtype, (item,) = np.dtype(content[0]), each(content[1:])
        if dtype.kind not in "biufU":
            raise ValueError(f"{dtype} is no type of numbers or texts")
        return dtype.type(item)
    if kind == "tuple":
        return tuple(each(content))
    if kind in _SETS:
        return _SETS[kind](each(content))
    if kind == "dict":
        return dict(tuple(each(pair)) for pair in content)
    if kind == "leaf":
        name, axis, arguments, is_open = content
        if not isinstance(name, str) or not isinstance(is_open, bool):
            raise TypeError("a parameter has a name, an axis, and a bound that is excluded or not")
        values = dict(zip(arguments, each(arguments.values()), strict=True))
        return Leaf(name, _AXES[axis](**values), is_open)
    if kind == "branch":
        name, options = content
        if not isinstance(name, str):
            raise TypeError("a parameter has a name")
        return Branch(name, tuple(each(options)))
    if kind == "object":
        name, _ = content
        raise _Unknown(f"{name} is known by name alone")
    raise ValueError(f"{shown(kind)} is no kind of value")


def _digest(value: Any) -> str | None:
    """A hash of what the object pickles to, or None (with a warning) if it does not."""
    pickled = io.BytesIO()
    try:
        pickler = pickle.Pickler(pickled, protocol=4)
        pickler.fast = True  # equal objects give equal bytes, whichever of their parts are shared
        pickler.dump(value)
    except Exception as error:  # anybody's __reduce__ may raise anything
        _logger.warning(
            "the search space holds %s, which does not pickle (%s). A saved state knows it by its "
            "name alone, and does not notice if another object of this name takes its place",
            *(shown(value), error),
        )
        return None
    return hashlib.sha256(pickled.getvalue()).hexdigest()
