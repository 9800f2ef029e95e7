"""Which objects are one choice, whatever objects they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Number
from typing import Any

import numpy as np


class Choices:
    """Distinct objects and a fast way to their index."""

    def __init__(self, choices: tuple[Any, ...]) -> None:
        """Drop repeated choices."""
        self.choices: list[Any] = []
        self._alike: dict[int | None, list[int]] = {}  # by hash, the positions of few candidates
        for choice in choices:
            alike = self._alike.setdefault(_hash(choice), [])
            if not any(same(self.choices[k], choice) for k in alike):
                alike.append(len(self.choices))
                self.choices.append(choice)
        self.positions = np.arange(len(self.choices))

    def index(self, value: Any) -> int:
        """Position of `value`: of the choice of its own type before an equal one of another.

        Raises:
            ValueError: if it is no choice.
        """
        for k in self._alike.get(_hash(value), ()):
            if same(self.choices[k], value):
                return k
        for strict in (True, False):
            for k, choice in enumerate(self.choices):
                if _equal(choice, value, strict):
                    return k
        raise ValueError


def same(a: Any, b: Any) -> bool:
    """Whether two objects are one choice.

    True is not 1, but NaN is NaN, and containers and arrays are what is in them. Objects that do
    not compare are one choice only if they are the same object.
    """
    return _equal(a, b, strict=True)


def _equal(a: Any, b: Any, strict: bool) -> bool:
    """Equality that always has an answer; if `strict`, of values of the same types."""
    if a is b:
        return True
    if strict and type(a) is not type(b):
        return False
    try:
        return _equal_inside(a, b, strict)
    except Exception:  # anybody's __eq__ may raise anything
        return False


def _equal_inside(a: Any, b: Any, strict: bool) -> bool:
    """Equality of two objects that are not the same one."""
    for kind in (list, tuple):
        if isinstance(a, kind):
            return (
                isinstance(b, kind)
                and len(a) == len(b)
                and all(_equal(x, y, strict) for x, y in zip(a, b, strict=True))
            )
    if isinstance(a, Mapping):
        if not isinstance(b, Mapping) or _keys(a, strict) != _keys(b, strict):
            return False
        return all(_equal(a[key], b[key], strict) for key in a)
    if isinstance(a, (set, frozenset)):
        return isinstance(b, (set, frozenset)) and _keys(a, strict) == _keys(b, strict)
    if _is_array(a) and _is_array(b):
        if a.shape != b.shape or (strict and _dtypes(a) != _dtypes(b)):
            return False
        return bool(np.asarray((a == b) | ((a != a) & (b != b))).all())
    if _is_nan(a):
        return _is_nan(b)
    outcome = a == b
    return isinstance(outcome, (bool, np.bool_)) and bool(outcome)


def _keys(container: Iterable[Any], strict: bool) -> set[Any]:
    return {(type(key), key) for key in container} if strict else set(container)


def _is_array(value: Any) -> bool:
    """Whether it is compared element by element: arrays, tensors, frames and series."""
    return hasattr(value, "shape") and not isinstance(value, np.generic)


def _dtypes(array: Any) -> list[Any]:
    return [array.dtype] if hasattr(array, "dtype") else list(array.dtypes)


def _is_nan(value: Any) -> bool:
    return isinstance(value, (Number, np.generic)) and bool(value != value)


def _hash(value: Any) -> int | None:
    """A number that objects share if they are the same choice; None if there is none to be had.

    Tensors have a hash by identity though they compare by elements, and so has NaN.
    """
    try:
        return None if _is_array(value) or _is_nan(value) else hash((type(value), value))
    except Exception:  # unhashable, or anybody's __hash__
        return None
