"""How one axis of a search space is laid out along its coordinates of the unit cube.

Every scalar coordinate is a lattice of `cells` cells with points at (i + centre) / cells; `unit`
takes a value to its lattice point t, and `value` takes a lattice point back. Both raise
ValueError for what is no value of theirs; `UnitCube` adds the parameter's name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, TypeAlias

import numpy as np

_MOST_CELLS = 2**48
_NORMAL_CELLS = 2**44  # the inverse CDF is less exact than a logarithm
_MOST_STEPS = 2**50
_TABLE = 1024  # axes of fewer values keep the coordinates of all
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Fixed:
    """A single value, which takes no coordinate."""

    value: Any


class Linear:
    """Straight line from low (t = 0) to high (t = 1)."""

    def __init__(self, low: float, high: float) -> None:
        """Set up the ends and the lattice that floats can resolve."""
        self._low, self._high = low, high
        self.cells = _lattice((high - low) / math.ulp(max(abs(low), abs(high))) / 8)

    def unit(self, value: float) -> float:
        """Value -> coordinate t."""
        return (value - self._low) / (self._high - self._low)

    def value(self, t: float) -> float:
        """Coordinate t -> value."""
        return self._low * (1.0 - t) + self._high * t


class Log:
    """Straight line in the logarithm, scalar or elementwise."""

    def __init__(self, low: float, high: float) -> None:
        """Set up the ends and the lattice that floats can resolve."""
        self._low, self._high = math.log(low), math.log(high)
        largest = max(abs(self._low), abs(self._high))
        blur = 4 * math.ulp(largest) + 4 * math.ulp(low) / low
        self.cells = _lattice((self._high - self._low) / blur / 2)

    def unit(self, value: Any) -> Any:
        """Value -> coordinate t."""
        return (np.log(value) - self._low) / (self._high - self._low)

    def value(self, t: Any) -> Any:
        """Coordinate t -> value."""
        return np.exp(self._low * (1.0 - t) + self._high * t)

    def middle(self, value: Any, half: float) -> Any:
        """Middle of the bin that reaches to `half` below and above `value` (in u)."""
        below = np.where(value > half, value - half, value * (value / (value + half)))
        return 0.5 * (self.unit(below) + self.unit(value + half))


class Normal:
    """The CDF of a normal variable, scalar or elementwise."""

    def __init__(self, mean: float, sd: float) -> None:
        """Set up the lattice that floats can resolve."""
        self._mean, self._sd = mean, sd
        blur = math.ulp(max(abs(mean), 8 * sd))
        self.cells = min(_NORMAL_CELLS, _lattice(sd / blur / 8))

    def unit(self, value: Any) -> Any:
        """Value -> coordinate t."""
        return _elementwise(_NORMAL.cdf, (value - self._mean) / self._sd)

    def value(self, t: Any) -> Any:
        """Coordinate t -> value."""
        return self._mean + self._sd * _elementwise(_NORMAL.inv_cdf, t)

    def middle(self, value: Any, half: float) -> Any:
        """Middle of the bin that reaches to `half` below and above `value` (in u)."""
        return 0.5 * (self.unit(value - half) + self.unit(value + half))


class Continuous:
    """Any float between low and high, on the lattice of its warp."""

    count = math.inf

    def __init__(
        self, warp: Linear | Log | Normal, low: float, high: float, centre: float
    ) -> None:
        """Take the lattice of `warp`, with points at the edges (centre 0) or middles (0.5)."""
        self._warp, self._low, self._high = warp, low, high
        self.cells, self.centre = float(warp.cells), centre

    def unit(self, value: float) -> float:
        """Value -> lattice point."""
        if not self._low <= value <= self._high:
            raise ValueError
        t = math.floor(self._warp.unit(value) * self.cells + (0.5 - self.centre))
        return (min(max(t, 0), self.cells - 2 * self.centre) + self.centre) / self.cells

    def value(self, t: float) -> float:
        """Lattice point -> value."""
        if t <= 0.0:
            return self._low
        if t >= 1.0:
            return self._high
        return float(min(max(self._warp.value(t), self._low), self._high))

    def stepped(self, t: np.ndarray, by: int) -> np.ndarray:
        """The same points: no value is next to another."""
        return t

    def units(self) -> list[float]:
        """Every lattice point of a finite axis."""
        raise AssertionError("a continuous axis is not enumerated")


class Steps:
    """low, low + step, ..., high in cells of equal width.

    Past 2**50 values the lattice holds every so many of them.
    """

    centre = 0.5

    def __init__(self, low: float, step: float, count: int, high: float) -> None:
        """Take `count` values, the last of which is `high`."""
        self._low, self._step, self._values, self._high = low, step, count, high
        self.count = float(count)
        self._lattice = min(count, _MOST_STEPS)
        self.cells = float(self._lattice)

    def unit(self, value: float) -> float:
        """Nearest step of a value -> lattice point."""
        j = _nearest_step(value, self._low, self._step, self._values)
        if self._lattice < self._values:
            j = -(-j * (self._lattice - 1) // (self._values - 1))
        return (j + 0.5) / self.cells

    def value(self, t: float) -> float:
        """Lattice point -> value."""
        j = int(t * self.cells)
        if self._lattice < self._values:
            j = j * (self._values - 1) // (self._lattice - 1)
        return min(self._low + j * self._step, self._high)

    def stepped(self, t: np.ndarray, by: int) -> np.ndarray:
        """Lattice points (...) -> the points `by` values further, but none past the ends."""
        return to_lattice(t + by / self.cells, self.cells, self.centre)

    def units(self) -> list[float]:
        """Every lattice point of a finite axis."""
        return [(j + 0.5) / self.cells for j in range(self._lattice)]


class Rounded:
    """Stepped values whose bins have equal steps in value, not in u: log or normal.

    Values base + j * step, for j in 0 ... count - 1, or any integer j if count is infinite.
    """

    centre = 0.5

    def __init__(
        self, warp: Log | Normal, base: float, step: float, count: float, high: float
    ) -> None:
        """Take `count` values, the last of which is `high`."""
        self._warp, self._base, self._step, self._high = warp, base, step, high
        self.cells, self.count = float(warp.cells), float(count)
        self._bounded = math.isfinite(count)
        self._table = self._middle(np.arange(count if count <= _TABLE else 0.0))

    def middle(self, t: np.ndarray) -> np.ndarray:
        """Lattice points (...) -> the lattice points nearest to the middles of their bins."""
        return self.stepped(t, 0)

    def stepped(self, t: np.ndarray, by: int) -> np.ndarray:
        """Lattice points (...) -> the points `by` values further, but none past the ends."""
        j = np.rint((self._warp.value(t) - self._base) / self._step) + by
        if self._bounded:
            j = np.minimum(np.maximum(j, 0.0), self.count - 1.0)
        return self._table[j.astype(np.intp)] if self._table.size else self._middle(j)

    def _middle(self, j: Any) -> np.ndarray:
        value = self._base + j * float(self._step)
        middle = self._warp.middle(value, 0.5 * self._step)
        return to_lattice(np.asarray(middle), self.cells, self.centre)

    def unit(self, value: float) -> float:
        """Nearest step of a value -> lattice point."""
        if self._bounded:
            j = _nearest_step(value, self._base, self._step, int(self.count))
        else:
            j = round(value / self._step)
        return float(self._table[j] if self._table.size else self._middle(np.array([float(j)]))[0])

    def value(self, t: float) -> float:
        """Lattice point -> value."""
        j = round(float((self._warp.value(np.array([t]))[0] - self._base) / self._step))
        if not self._bounded:
            return j * self._step
        return min(self._base + min(max(j, 0), int(self.count) - 1) * self._step, self._high)

    def units(self) -> list[float]:
        """Every lattice point of a finite axis."""
        units: list[float] = self._middle(np.arange(self.count)).tolist()
        return units


Coordinate: TypeAlias = Continuous | Steps | Rounded


def _lattice(resolution: float) -> int:
    """The power of two of at most `resolution` that serves as the number of cells."""
    return min(_MOST_CELLS, 1 << math.floor(math.log2(max(resolution, 1.0))))


def to_lattice(u: np.ndarray, cells: Any, centre: Any) -> np.ndarray:
    """Nearest lattice points; u outside [0, 1] is clipped."""
    i = np.minimum(np.maximum(np.floor(u * cells + (0.5 - centre)), 0.0), cells - 2.0 * centre)
    return np.asarray((i + centre) / cells)


def _nearest_step(value: float, low: float, step: float, count: int) -> int:
    """Index of the nearest of low, low + step, ...; exact for integers of any size.

    Raises:
        ValueError: if `value` is outside by more than rounding errors.
    """
    if isinstance(value, int) and isinstance(low, int) and isinstance(step, int):
        index, rest = divmod(value - low, step)
        j, inside = index + (2 * rest >= step), 0 <= index and value <= low + (count - 1) * step
    else:
        ratio = (value - low) / step
        j, inside = round(ratio), -1e-8 <= ratio <= count - 1 + 1e-8
    if not inside:
        raise ValueError
    return int(min(j, count - 1))


def _elementwise(function: Any, values: Any) -> Any:
    """A scalar function on a scalar or on every element of an array."""
    if isinstance(values, np.ndarray):
        flat = [function(float(v)) for v in values.ravel()]
        return np.array(flat, dtype=np.float64).reshape(values.shape)
    return function(values)
