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

from array_api_compat import device

from l2l_sampler.arrays import Array, array_namespace

Z_LIMIT = 5.0


class Running(NamedTuple):
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


def start(batch: int, dim: int, like: Array) -> Running:
    """Statistics before any result, in the dtype and on the device of `like`."""
    xp = array_namespace(like)
    zero = xp.zeros((batch,), dtype=like.dtype, device=device(like))
    centre = xp.full((batch, dim), 0.5, dtype=like.dtype, device=device(like))
    return Running(zero, zero, zero, zero, zero, zero, zero, centre, zero, zero)


def update(run: Running, x: Array, y: Array, o: Array) -> Running:
    """Take in one result a run; where o = 0, x and y are ignored.

    A value that is not finite counts as the worst finite one so far, and not at all while there
    is none. Welford's recurrence, in units that widen with the data.
    """
    xp = array_namespace(run.n)
    first = run.n == 0.0
    finite = xp.isfinite(y)
    taken = (o > 0.0) & (finite | ~first)
    weight = xp.astype(taken, run.n.dtype)
    value = xp.where(finite & taken, y, run.worst)

    origin = xp.where(first & taken, value, run.origin)
    gap = xp.where(taken, 0.5 * value - 0.5 * origin, 0.0)
    unit = xp.maximum(run.unit, xp.abs(gap))
    safe = xp.where(unit > 0.0, unit, 1.0)
    shrink = run.unit / safe
    n = run.n + weight
    old = run.mean * shrink
    delta = weight * (gap / safe - old)
    mean = old + delta / xp.where(n > 0.0, n, 1.0)
    square = run.square * shrink * shrink + delta * (gap / safe - mean)

    better = taken & (first | (value < run.best))
    worse = taken & (first | (value > run.worst))
    return Running(
        n=n,
        origin=origin,
        unit=unit,
        mean=mean,
        square=square,
        worst=xp.where(worse, value, run.worst),
        best=xp.where(better, value, run.best),
        x_best=xp.where(better[:, None], x, run.x_best),
        last=xp.where(taken, value, run.last),
        improved=xp.astype(better, run.n.dtype),
    )


def z_scores(run: Running) -> Array:
    """(B, 2) standard scores of the last and the best value, clipped; 0 while all are equal."""
    xp = array_namespace(run.n)
    varies, unit, sd = _scale(run)
    y = xp.concat([run.last[:, None], run.best[:, None]], axis=-1)
    gap = 0.5 * y - 0.5 * run.origin[:, None]
    z = (gap / unit[:, None] - run.mean[:, None]) / sd[:, None]
    return xp.where(varies[:, None], xp.maximum(xp.minimum(z, Z_LIMIT), -Z_LIMIT), 0.0)


def above_best(run: Running, y: Array) -> Array:
    """How far values (B, m) lie above the best, in standard deviations; 0 while all are equal."""
    xp = array_namespace(run.n)
    varies, unit, sd = _scale(run)
    gap = 0.5 * y - 0.5 * run.best[:, None]
    return xp.where(varies[:, None], gap / unit[:, None] / sd[:, None], 0.0)


def _scale(run: Running) -> tuple[Array, Array, Array]:
    """Whether the values differ, and two factors of their standard deviation; each (B,).

    The deviation is twice the product of the two, which may overflow; 1 where values are equal.
    """
    xp = array_namespace(run.n)
    varies = run.square > 0.0
    sd = xp.sqrt(xp.where(varies, run.square / xp.where(varies, run.n, 1.0), 1.0))
    return varies, xp.where(varies, run.unit, 1.0), sd
