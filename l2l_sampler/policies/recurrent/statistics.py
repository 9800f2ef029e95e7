"""Statistics of the results so far, updated one result at a time.

Notation
    B  runs side by side (1 at inference)      D  unit-cube axes
    x  (B, D) point of the result              y  (B,) its minimised objective
    o  (B,) 1 where there is a result, 0 where the input is the dummy (equation 6)
    n  (B,) results so far                     m  values to scale

Values are held relative to the first one and in units of the widest deviation from it, so that
objectives of 1e300 or 1e-300 neither overflow nor vanish.
"""

from __future__ import annotations

from typing import NamedTuple

from l2l_sampler.arrays import Array, array_namespace, zeros

Z_LIMIT = 5.0
"""Where standard scores are cut: from there on it says no more how far off a value is.

One of n results may lie sqrt(n - 1) deviations from their mean, ten after a hundred trials.
"""


class Statistics(NamedTuple):
    """Statistics of the results so far, and the last of them.

    Attributes:
        n: (B,) number of results.
        origin: (B,) the first value.
        unit: (B,) half the widest deviation from `origin`; 0 while all values are equal.
        mean: (B,) mean of (value - origin) / (2 unit).
        square: (B,) sum of squared deviations from `mean`.
        worst: (B,) highest finite value.
        best: (B,) lowest finite value.
        x_best: (B, D) the first point that attained `best`; the centre before any result.
        last: (B,) value of the last result.
        improved: (B,) 1 where the last input was a result below all earlier ones.
    """

    n: Array
    origin: Array
    unit: Array
    mean: Array
    square: Array
    worst: Array
    best: Array
    x_best: Array
    last: Array
    improved: Array


def empty_statistics(batch: int, dim: int, like: Array) -> Statistics:
    """Statistics before any result, in the dtype and on the device of `like`."""
    zero, centre = zeros((batch,), like), 0.5 + zeros((batch, dim), like)
    return Statistics(zero, zero, zero, zero, zero, zero, zero, centre, zero, zero)


def update_statistics(stats: Statistics, x: Array, y: Array, o: Array) -> Statistics:
    """Take in one result a run; where o = 0, x and y are ignored.

    A value that is not finite counts as the worst finite one so far, and not at all while there
    is none. Welford's recurrence, in units that widen with the data.
    """
    xp = array_namespace(stats.n)
    first = stats.n == 0.0
    finite = xp.isfinite(y)
    taken = (o > 0.0) & (finite | ~first)
    weight = xp.astype(taken, stats.n.dtype)
    value = xp.where(finite & taken, y, stats.worst)

    origin = xp.where(first & taken, value, stats.origin)
    gap = xp.where(taken, 0.5 * value - 0.5 * origin, 0.0)
    unit = xp.maximum(stats.unit, xp.abs(gap))
    safe = xp.where(unit > 0.0, unit, 1.0)
    shrink = stats.unit / safe
    n = stats.n + weight
    old = stats.mean * shrink
    delta = weight * (gap / safe - old)
    mean = old + delta / xp.where(n > 0.0, n, 1.0)
    square = stats.square * shrink * shrink + delta * (gap / safe - mean)

    better = taken & (first | (value < stats.best))
    worse = taken & (first | (value > stats.worst))
    return Statistics(
        n=n,
        origin=origin,
        unit=unit,
        mean=mean,
        square=square,
        worst=xp.where(worse, value, stats.worst),
        best=xp.where(better, value, stats.best),
        x_best=xp.where(better[:, None], x, stats.x_best),
        last=xp.where(taken, value, stats.last),
        improved=xp.astype(better, stats.n.dtype),
    )


def z_scores(stats: Statistics) -> Array:
    """(B, 2) standard scores of the last and the best value, clipped; 0 while all are equal."""
    xp = array_namespace(stats.n)
    varies, unit, sd = _scale(stats)
    y = xp.concat([stats.last[:, None], stats.best[:, None]], axis=-1)
    gap = 0.5 * y - 0.5 * stats.origin[:, None]
    z = (gap / unit[:, None] - stats.mean[:, None]) / sd[:, None]
    return xp.where(varies[:, None], xp.maximum(xp.minimum(z, Z_LIMIT), -Z_LIMIT), 0.0)


def above_best(stats: Statistics, y: Array) -> Array:
    """How far values (B, m) lie above the best, in standard deviations; 0 while all are equal."""
    xp = array_namespace(stats.n)
    varies, unit, sd = _scale(stats)
    gap = 0.5 * y - 0.5 * stats.best[:, None]
    return xp.where(varies[:, None], gap / unit[:, None] / sd[:, None], 0.0)


def _scale(stats: Statistics) -> tuple[Array, Array, Array]:
    """Whether the values differ, and two factors of their standard deviation; each (B,).

    The deviation is twice the product of the two, which may overflow; 1 where values are equal.
    """
    xp = array_namespace(stats.n)
    varies = stats.square > 0.0
    sd = xp.sqrt(xp.where(varies, stats.square / xp.where(varies, stats.n, 1.0), 1.0))
    return varies, xp.where(varies, stats.unit, 1.0), sd
