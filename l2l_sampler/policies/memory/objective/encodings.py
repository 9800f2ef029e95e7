"""Named encodings that turn raw objective values into a policy's inputs.

A released name never changes its meaning: a changed encoding gets a new name. Each is invariant
to adding a constant to the objective and to multiplying it by a positive one. An encoding is a
set of increasing maps, of which the one that suits a history best is taken, see `choose_map`.

Notation
    B  histories side by side   n  trials   m  values to encode
    y  (B, n) minimised objective           z  (B, m) encoded values, about one unit wide
    u  values with the known ones mapped to [0, 1], the best one to 0
    k  (B, 1) strength of the map log(1 + k u), which draws bad values together; 0 for none
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from l2l_sampler.arrays import Array, array_namespace, clip

Encoder: TypeAlias = Callable[[Array], Array]

ENCODINGS: dict[str, tuple[float, ...]] = {
    "zscore-1": (0.0,),
    "warped-1": (0.0, 3.0, 30.0, 300.0, 3000.0),
    "robust-1": (0.0, 3.0, 30.0, 300.0, 3000.0),
}
"""Strengths k of the maps of each encoding."""

TAMED = frozenset({"robust-1"})
"""Encodings that draw outliers in first, see `outliers`."""

_CLIP = 4.0
"""Largest encoded value: the worst of n results may lie sqrt(n) deviations off."""


def strengths(name: str) -> tuple[float, ...]:
    """Strengths k of the maps of the encoding called `name`.

    Raises:
        ValueError: no encoding has that name.
    """
    if name not in ENCODINGS:
        raise ValueError(
            f"unknown encoding {name!r}; this l2l_sampler knows {', '.join(sorted(ENCODINGS))}. "
            "Install the release that wrote the checkpoint."
        )
    return ENCODINGS[name]


def encoder(y: Array, known: Array, k: Array) -> Encoder:
    """The map of strength k, fitted to the known values, then standardised.

    Args:
        y: (B, n) minimised objective; infinities count as the worst finite value.
        known: (B, n) bool, where `y` holds a value.
        k: (B, 1) strengths.

    Returns:
        A function from values (B, m) to their encoding (B, m), within +-4. It gives 0 for
        everything while all known values are equal.
    """
    scaled = _unit_range(y, known)
    t = _compressed(scaled(y), k)
    mean, deviation = moments(t, known)
    return lambda value: clip((_compressed(scaled(value), k) - mean) / deviation, -_CLIP, _CLIP)


def encode(y: Array, known: Array, k: Array) -> Array:
    """The encoded objective of a history, (B, n); 0 where it is not known. Args as `encoder`."""
    xp = array_namespace(y)
    t = _compressed(_unit_range(y, known)(y), k)
    mean, deviation = moments(t, known)
    z = clip((t - mean) / deviation, -_CLIP, _CLIP)
    return xp.where(known, z, xp.zeros_like(z))


def log_density(y: Array, known: Array, k: Array) -> Array:
    """Sum of the logarithms of dz / du at the known values, (B,). Args as `encoder`.

    By it the likelihoods of encoded values become densities of the same variable.
    """
    xp = array_namespace(y)
    u = xp.where(known, _unit_range(y, known)(y), xp.zeros_like(y))
    _, deviation = moments(_compressed(u, k), known)
    positive = xp.where(k > 0.0, k, xp.ones_like(k))
    slope = xp.where(k > 0.0, xp.log(positive) - xp.log1p(k * u), xp.zeros_like(u))
    weight = xp.astype(known, y.dtype)
    return xp.sum((slope - xp.log(deviation)) * weight, axis=-1)


def _compressed(u: Array, k: Array) -> Array:
    """log(1 + k u), continued by its tangent below 0; u itself where k is 0."""
    xp = array_namespace(u)
    logarithm = xp.log1p(k * clip(u, 0.0, None)) + k * clip(u, None, 0.0)
    return xp.where(k > 0.0, logarithm, u)


def _unit_range(y: Array, known: Array) -> Encoder:
    """Map the range of the finite known values to [0, 1]; 1 for infinities.

    Halving first keeps the range finite for any finite y.
    """
    xp = array_namespace(y)
    finite = known & xp.isfinite(y)
    half = 0.5 * xp.where(finite, y, xp.zeros_like(y))
    infinite = xp.ones_like(y) * xp.inf
    low = xp.min(xp.where(finite, half, infinite), axis=-1, keepdims=True)
    high = xp.max(xp.where(finite, half, -infinite), axis=-1, keepdims=True)
    varied = high > low  # False too when nothing is finite
    low = xp.where(varied, low, xp.zeros_like(low))
    spread = xp.where(varied, high - low, xp.ones_like(low))
    weight = xp.where(varied, xp.ones_like(low), xp.zeros_like(low))

    def scale(value: Array) -> Array:
        fits = xp.isfinite(value)
        inside = (0.5 * xp.where(fits, value, xp.zeros_like(value)) - low) / spread
        return weight * xp.where(fits, inside, xp.ones_like(value))

    return scale


def moments(t: Array, known: Array) -> tuple[Array, Array]:
    """Mean and deviation of the known values, each (B, 1); a deviation of 1 where they agree."""
    xp = array_namespace(t)
    weight = xp.astype(known, t.dtype)
    t = xp.where(known, t, xp.zeros_like(t))
    count = clip(xp.sum(weight, axis=-1, keepdims=True), 1.0, None)
    mean = xp.sum(t * weight, axis=-1, keepdims=True) / count
    gap = (t - mean) * weight
    variance = xp.sum(gap * gap, axis=-1, keepdims=True) / count
    return mean, xp.sqrt(xp.where(variance > 0.0, variance, xp.ones_like(variance)))
