"""Optuna's distributions as axes, and one range for a parameter whose range changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from l2l_sampler.adapters.arguments import checked_space, shown
from l2l_sampler.spaces.axes import Axis, CategoricalAxis, FloatAxis, IntAxis
from l2l_sampler.spaces.cube import UnitCube

_EXACT = 2**53  # Floats hold all integers up to this.
_MOST_EDITS = 4
_OVERLAP = 10
"""A range that somebody edits in mid-study has few versions, one after the other, save for some
trials of other workers; then only the newest counts. One that has more versions, or returns to an
old one after so many trials, hangs on other parameters, as in `suggest_float("y", 0, 1 - x)`; then
the hull of all is searched."""


def axis_of(distribution: BaseDistribution) -> Axis:
    """The axis of an Optuna distribution.

    Raises:
        TypeError: if it is of an unknown kind.
    """
    if isinstance(distribution, FloatDistribution):
        d = distribution
        return FloatAxis(d.low, d.high, log=d.log, step=d.step)
    if isinstance(distribution, IntDistribution):
        return IntAxis(
            distribution.low, distribution.high, log=distribution.log, step=distribution.step
        )
    if isinstance(distribution, CategoricalDistribution):
        return CategoricalAxis(distribution.choices)
    raise TypeError(
        f"expected a FloatDistribution, IntDistribution or CategoricalDistribution, "
        f"got {distribution!r}"
    )


def same_kind(a: BaseDistribution, b: BaseDistribution) -> bool:
    """Whether two distributions may be those of one parameter: at most their ranges differ."""
    if isinstance(a, CategoricalDistribution) or isinstance(b, CategoricalDistribution):
        return a == b
    return type(a) is type(b) and getattr(a, "log", None) == getattr(b, "log", None)


class Range:
    """The distributions that the trials of a study had for one parameter, in any order.

    Attributes:
        hull: the smallest one that holds all of them, as far as their steps allow one.
        consistent: whether all are of one kind, with the same choices.
    """

    def __init__(self, distribution: BaseDistribution, number: int) -> None:
        """Start with the distribution of one trial."""
        self.hull = distribution
        self.consistent = True
        self._versions: list[tuple[BaseDistribution, int, int]] = [(distribution, number, number)]

    def see(self, distribution: BaseDistribution, number: int) -> None:
        """Take in the distribution of a trial."""
        for k, (known, first, last) in enumerate(self._versions):
            if known is distribution or known == distribution:
                self._versions[k] = known, min(first, number), max(last, number)
                return
        if not same_kind(self.hull, distribution):
            self.consistent = False
        elif len(self._versions) <= _MOST_EDITS:
            self._versions.append((distribution, number, number))
        if self.consistent:
            self.hull = hull_of(self.hull, distribution)

    @property
    def searched(self) -> BaseDistribution:
        """The distribution to search."""
        if len(self._versions) > _MOST_EDITS:
            return self.hull
        versions = sorted(self._versions, key=lambda version: version[2])
        for k, (_, first, _) in enumerate(versions):
            if any(last - first > _OVERLAP for _, _, last in versions[:k]):
                return self.hull
        return versions[-1][0]


def hull_of(a: Any, b: Any) -> BaseDistribution:
    """A distribution that holds the values of both; `b` alone if their steps do not match."""
    low, high = min(a.low, b.low), max(a.high, b.high)
    if a.step != b.step:
        return b  # type: ignore[no-any-return]
    if a.step is not None:
        step = Fraction(repr(a.step))
        gaps = (Fraction(repr(bound)) - Fraction(repr(low)) for bound in (a.low, b.low, high))
        if any(gap % step for gap in gaps):
            return b  # type: ignore[no-any-return]
    hull: BaseDistribution = type(a)(low, high, log=a.log, step=a.step)
    return hull


def nearest_value(distribution: BaseDistribution, value: Any) -> Any:
    """The value of a distribution that is nearest to one of a wider range of the same kind."""
    if isinstance(distribution, CategoricalDistribution) or distribution.single():
        return value
    cube = UnitCube({"": axis_of(distribution)})
    inside = min(max(value, distribution.low), distribution.high)  # type: ignore[attr-defined]
    return cube.params(cube.point({"": inside}))[""]


def storable_values(
    params: dict[str, Any], distributions: Mapping[str, BaseDistribution]
) -> dict[str, Any]:
    """The values as Optuna's storages give them back, which keep integers as floats.

    An integer that no float holds is replaced by the nearest one within its range that a float
    does, if there is one: otherwise a value next to a bound would come back from beyond it.
    """
    found = dict(params)
    for name, value in params.items():
        distribution = distributions[name]
        if isinstance(distribution, IntDistribution) and abs(value) > _EXACT:
            stored = float(value)
            if int(stored) > distribution.high:
                stored = math.nextafter(stored, -math.inf)
            elif int(stored) < distribution.low:
                stored = math.nextafter(stored, math.inf)
            if distribution.low <= int(stored) <= distribution.high:
                found[name] = int(stored)
    return found


def suggested_codes(
    params: dict[str, Any], distributions: dict[str, BaseDistribution]
) -> tuple[dict[str, int], frozenset[str]]:
    """Values of the parameters on which others may depend, as integers.

    Returns:
        The integer, or the index of the choice, by name; and which of them are integers.
    """
    codes: dict[str, int] = {}
    numeric: set[str] = set()
    for name, distribution in distributions.items():
        if isinstance(distribution, (CategoricalDistribution, IntDistribution)):
            codes[name] = int(distribution.to_internal_repr(params[name]))
        if isinstance(distribution, IntDistribution):
            numeric.add(name)
    return codes, frozenset(numeric)


def checked_distributions(search_space: Any) -> dict[str, BaseDistribution]:
    """A search space as a dict of its own; TypeError if it holds anything but distributions."""
    found = checked_space(search_space, "search_space", "distributions") or {}
    for name, distribution in found.items():
        if not isinstance(name, str) or not isinstance(distribution, BaseDistribution):
            raise TypeError(
                f"search_space[{name!r}] is {shown(distribution)}; give an Optuna distribution, "
                "such as optuna.distributions.FloatDistribution(0.0, 1.0)"
            )
    return found
