"""What users declare: the kinds of parameters, with their ranges and choices."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class FloatAxis:
    """Floats in [low, high], both included; with `step`, only low + k * step.

    Raises:
        ValueError: if the bounds are not finite and ordered, `step` is not positive, or `log` is
            set with low <= 0.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        """Check the bounds."""
        _check_range(self, self.low, self.high, self.log, self.step)


@dataclass(frozen=True)
class IntAxis:
    """Integers low, low + step, ... up to high.

    On a log axis neighbours past 10**12 may share a coordinate: their logarithms are equal.

    Raises:
        TypeError: if a bound or the step is not an integer.
        ValueError: if low > high, step < 1, or `log` is set with low < 1.
    """

    low: int
    high: int
    log: bool = False
    step: int = 1

    def __post_init__(self) -> None:
        """Check the bounds and make them Python integers."""
        for field in ("low", "high", "step"):
            try:
                object.__setattr__(self, field, operator.index(getattr(self, field)))
            except TypeError:
                raise TypeError(
                    f"{self}: {field} must be an integer; use FloatAxis for floats"
                ) from None
        _check_range(self, self.low, self.high, self.log, self.step)


@dataclass(frozen=True)
class CategoricalAxis:
    """One of some objects, of any type; an object given twice counts once.

    Raises:
        ValueError: if there is no choice.
    """

    choices: tuple[Any, ...]

    def __post_init__(self) -> None:
        """Make the choices a tuple."""
        object.__setattr__(self, "choices", tuple(self.choices))
        if not self.choices:
            raise ValueError("CategoricalAxis needs at least one choice, got none")


@dataclass(frozen=True)
class NormalAxis:
    """A normal variable, uniform in its CDF; with `step`, rounded to multiples of it.

    Raises:
        ValueError: if mean is not finite, or sd or step is not positive and finite.
    """

    mean: float
    sd: float
    step: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        step = 1.0 if self.step is None else self.step
        if not (math.isfinite(self.mean) and 0 < self.sd < math.inf and 0 < step < math.inf):
            raise ValueError(f"{self}: mean must be finite, sd and step positive and finite")
        if abs(self.mean) / self.sd > 2.0**40:
            raise ValueError(f"{self}: floats cannot resolve so small an sd around that mean")


Axis: TypeAlias = FloatAxis | IntAxis | CategoricalAxis | NormalAxis


def _check_range(axis: Axis, low: float, high: float, log: bool, step: float | None) -> None:
    if isinstance(axis, FloatAxis) and not math.isfinite(high - low):
        raise ValueError(f"{axis}: low, high and their difference must be finite")
    if low > high:
        raise ValueError(f"{axis}: low must not exceed high")
    if step is not None and not 0 < step < math.inf:
        raise ValueError(f"{axis}: step must be positive and finite")
    if log and low <= 0:
        raise ValueError(f"{axis}: a log axis needs low > 0")
