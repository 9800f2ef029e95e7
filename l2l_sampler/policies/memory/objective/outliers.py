"""Draws far outliers of the objective in, so that no single value decides how others look.

What is far is judged by quantiles, which no single value moves far. Bad values beyond a few times
the distance from the best to the median are nearly alike, whether they are a penalty of 1e6, a
diverged loss of 1e300 or infinite: it is known that they are bad. Good values beyond the usual
keep their order, but lie at most a few spreads below the others.

Notation
    B  histories side by side   n  trials   m  values to draw in
    y  (B, n) minimised objective           known  (B, n) bool, where it holds a value
"""

from __future__ import annotations

from collections.abc import Callable

from l2l_sampler.arrays import Array, array_namespace, clip

_BAD_FROM = 2.5
"""Distances from the best to the median beyond the median at which values count as bad. Nearer,
they shape the posterior around good regions; a study that converges keeps many within."""
_BAD_SPAN = 0.5
"""All that is worse lies within so many of these distances: its order is kept, and little more."""
_GOOD_FROM = 6.0
"""Distances from the lower quartile to the median below the median at which a value is unusually
good: three times as far as the best of 50 results that are normal."""
_GOOD_SPAN = 4.0
"""All that is better lies within so many of these distances."""
_SHRINK = 2.0**-8
"""With it no sum of differences of finite values overflows; a power of 2 rounds nothing."""


def tamer(y: Array, known: Array) -> Callable[[Array], Array]:
    """An increasing map, fitted to the known values, that draws outliers in.

    It commutes with adding a constant to the objective and multiplying it by a positive one.

    Args:
        y: (B, n) minimised objective; infinities are allowed, of either sign.
        known: (B, n) bool.

    Returns:
        A function from values (B, m) to values (B, m) on a scale of its own, finite unless
        nothing known is.
    """
    xp = array_namespace(y)
    finite = known & xp.isfinite(y)
    small = _SHRINK * xp.where(finite, y, xp.zeros_like(y))
    median, quartile = _quantiles(small, finite, 0.5, 0.25)
    below = _distance(median - quartile, median - small, finite)
    below = _distance(below, small - median, finite)  # where nothing is better than the median
    floor = median - _GOOD_FROM * below

    def raised(value: Array) -> Array:
        """Shrunk values, unusually good ones drawn in."""
        h = _SHRINK * value
        return xp.where(h < floor, floor - _drawn_in(floor - h, _GOOD_SPAN * below), h)

    lifted = xp.where(finite, raised(y), small)
    (best,) = _quantiles(lifted, finite, 0.0)
    above = _distance(median - best, lifted - median, finite)
    ceiling = median + _BAD_FROM * above

    def tame(value: Array) -> Array:
        h = raised(value)
        h = xp.where(h > ceiling, ceiling + _drawn_in(h - ceiling, _BAD_SPAN * above), h)
        return h

    return tame


def _drawn_in(excess: Array, span: Array) -> Array:
    """An excess >= 0 mapped to [0, span]: itself while small, `span` where it is infinite."""
    xp = array_namespace(excess)
    positive = clip(excess, 0.0, None)
    infinite = xp.isinf(positive)
    safe = xp.where(infinite, xp.zeros_like(positive), positive)
    scale = xp.where(span > 0.0, span, xp.ones_like(span))
    drawn = xp.where(span > 0.0, span * (safe / (scale + safe)), xp.zeros_like(safe))
    return xp.where(infinite, span + xp.zeros_like(drawn), drawn)


def _distance(usual: Array, gaps: Array, finite: Array) -> Array:
    """A distance (B, 1): the usual one, or where that is 0 for ties, the median positive gap."""
    xp = array_namespace(gaps)
    if bool(xp.all(usual > 0.0)):
        return usual
    apart = finite & (gaps > 0.0)
    (other,) = _quantiles(xp.where(apart, gaps, xp.zeros_like(gaps)), apart, 0.5)
    return xp.where(usual > 0.0, usual, other)


def _quantiles(v: Array, some: Array, *shares: float) -> list[Array]:
    """Quantiles (B, 1) of the values (B, n) where `some` is true; 0 where it never is."""
    xp = array_namespace(v)
    ordered = xp.sort(xp.where(some, v, xp.zeros_like(v) + xp.inf), axis=-1)
    count = xp.sum(xp.astype(some, v.dtype), axis=-1, keepdims=True)
    last = clip(count - 1.0, 0.0, None)
    places = [share * last for share in shares]
    lows = [xp.floor(place) for place in places]
    ranks = [rank for low in lows for rank in (low, xp.minimum(low + 1.0, last))]
    found = xp.take_along_axis(ordered, xp.astype(xp.concat(ranks, axis=-1), xp.int64), axis=-1)
    found = xp.where(count > 0.0, found, xp.zeros_like(found))  # (B, 2 len(shares))
    return [
        found[:, 2 * k : 2 * k + 1]
        + (places[k] - lows[k]) * (found[:, 2 * k + 1 : 2 * k + 2] - found[:, 2 * k : 2 * k + 1])
        for k in range(len(shares))
    ]
