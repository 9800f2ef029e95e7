"""What a searcher optimizes: one metric or several, and metrics that must stay within bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from l2l_sampler.adapters.arguments import shown

Names: TypeAlias = str | list[str]
"""What Ray calls metric or mode: of one objective, or of each of several."""
Bound: TypeAlias = float | tuple[float | None, float | None]
"""The largest allowed value, or the least and the largest one, None for an open end."""
Bounds: TypeAlias = dict[str, tuple[float | None, float | None]]
"""Least and largest allowed value of a metric, by its name."""


@dataclass(frozen=True)
class Goal:
    """Names are those that trials report.

    Attributes:
        metrics: of the objectives.
        modes: "min" or "max" for each.
        bounds: of the constraints.
    """

    metrics: tuple[str, ...]
    modes: tuple[str, ...]
    bounds: Bounds = field(default_factory=dict)

    @classmethod
    def of(cls, metric: Names, mode: Names | None, bounds: Bounds) -> Goal:
        """From what Ray calls metric and mode, each one name or a list."""
        metrics = (metric,) if isinstance(metric, str) else tuple(metric)
        modes = (mode or "min",) if mode is None or isinstance(mode, str) else tuple(mode)
        return cls(metrics, modes, bounds)

    @property
    def signs(self) -> np.ndarray:
        """(M,) -1 for objectives that are maximised."""
        return np.array([-1.0 if mode == "max" else 1.0 for mode in self.modes])

    def objectives(self, result: Mapping[str, Any]) -> list[float] | None:
        """The objectives in a result, all NaN if one is no number; None if one is missing."""
        if any(metric not in result for metric in self.metrics):
            return None
        values = [as_objective(result[metric]) for metric in self.metrics]
        return [math.nan] * len(values) if any(map(math.isnan, values)) else values

    def limits(self, result: Mapping[str, Any]) -> dict[str, float]:
        """The metrics in a result that must stay within bounds, where they are numbers."""
        values = {name: as_objective(result[name]) for name in self.bounds if name in result}
        return {name: value for name, value in values.items() if not math.isnan(value)}

    @property
    def names(self) -> list[str]:
        """Of all constraints, in the order of `violations`."""
        found = []
        for name, (low, high) in self.bounds.items():
            found += [f"{name} at most {high:g}"] if high is not None else []
            found += [f"{name} at least {low:g}"] if low is not None else []
        return found

    def violations(self, limits: Mapping[str, float]) -> list[float]:
        """Values of all constraints, above 0 where one is violated; NaN where it is not known."""
        found = []
        for name, (low, high) in self.bounds.items():
            value = limits.get(name, math.nan)
            if high is not None:
                found.append(value - high)
            if low is not None:
                found.append(low - value)
        return found


def checked_bounds(constraints: Any) -> Bounds:
    """The bounds of all constraints.

    Raises:
        TypeError: `constraints` is no dict, or names no metric.
        ValueError: a bound is no finite number, or no value lies between two of them.
    """
    if constraints is None:
        return {}
    if not isinstance(constraints, Mapping):
        raise TypeError(
            "constraints must be a dict from the names of metrics to their bounds, such as "
            f"{{'latency': 0.1}}; got {shown(constraints)}"
        )
    return {_name(name): _pair(name, bound) for name, bound in constraints.items()}


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"constraints must name what trials report, got {shown(name)}")
    return name


def _pair(name: str, bound: Any) -> tuple[float | None, float | None]:
    ends = tuple(bound) if isinstance(bound, (tuple, list)) else (None, bound)
    if len(ends) != 2 or ends == (None, None):
        raise ValueError(
            f"constraints[{name!r}] is {shown(bound)}; give the largest allowed value, or a pair "
            "(least, largest) with None for an open end"
        )
    low, high = (None if end is None else as_objective(end) for end in ends)
    for end, given in zip((low, high), ends, strict=True):
        if end is not None and not math.isfinite(end):
            raise ValueError(f"constraints[{name!r}] has the bound {shown(given)}; give a number")
    if low is not None and high is not None and low > high:
        raise ValueError(f"constraints[{name!r}] allows nothing: {low} is above {high}")
    return low, high


def plain_names(names: Any) -> Any:
    """Names in a list of their own; one name as it is."""
    return list(names) if isinstance(names, (list, tuple)) else names


def as_objective(value: Any) -> float:
    """A reported value as a float; NaN if it is no real number that a float can hold.

    Infinities are numbers, and so are an array of one element and a text such as "0.5".
    """
    try:
        if np.iscomplexobj(value) or np.ma.is_masked(value):
            return math.nan
        return float(value.item() if isinstance(value, np.ndarray) else value)
    except Exception:  # a value of any type may come in, and its __float__ may raise anything
        return math.nan
