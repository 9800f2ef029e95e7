"""Fields of a policy that say what they may hold, since a file from anywhere fills them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from types import NoneType
from typing import Any, get_args, get_type_hints

_LIMITS = "limits"
_SORTS: dict[type, str] = {int: "a whole number", float: "a number", str: "a name"}


@dataclass(frozen=True)
class Limits:
    """Bounds of a number.

    Attributes:
        least: the smallest value.
        most: the largest value.
        above: whether the smallest itself is left out.
    """

    least: float
    most: float
    above: bool = False

    def hold(self, value: float) -> bool:
        """Whether the value lies between them; NaN does not."""
        return self.least <= value <= self.most and not (self.above and value == self.least)

    def __str__(self) -> str:
        """In words, to be put after what sort of number it is."""
        start = f"above {self.least:g}, up to" if self.above else f"from {self.least:g} to"
        return f" {start} {self.most:g}"


def limited(default: Any, least: float, most: float, *, above: bool = False) -> Any:
    """A field of numbers between bounds, see `Limits`."""
    return field(default=default, metadata={_LIMITS: Limits(least, most, above)})


def check_fields(policy: Any) -> None:
    """Every field of a dataclass holds what its type and its limits allow.

    Args:
        policy: an instance, whose fields are whole numbers, numbers or names, or None as well.

    Raises:
        ValueError: one does not; it is named, with what it holds and what it may.
    """
    hints = get_type_hints(type(policy))
    for one in fields(policy):
        value, hint = getattr(policy, one.name), hints[one.name]
        allowed = get_args(hint) or (hint,)
        limits = one.metadata.get(_LIMITS)
        if not _fits(value, allowed, limits):
            sort = " or ".join(_SORTS[kind] for kind in allowed if kind in _SORTS)
            none = ", or None" if NoneType in allowed else ""
            raise ValueError(f"{one.name} must be {sort}{limits or ''}{none}; got {value!r:.60}")


def _fits(value: Any, allowed: tuple[type, ...], limits: Limits | None) -> bool:
    """Whether a value is of an allowed type, and within the limits if it is a number."""
    if type(value) is int and float in allowed:
        allowed = (*allowed, int)
    if type(value) not in allowed:
        return False
    return value is None or limits is None or limits.hold(value)
