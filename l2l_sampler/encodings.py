"""Named encodings that turn raw objective values into a policy's inputs.

A released name never changes its meaning: a changed encoding gets a new name. Each is invariant
to adding a constant to the objective and to multiplying it by a positive one.

Notation
    B  histories side by side   n  trials   m  values to encode
    y  (B, n) minimised objective           z  (B, m) encoded values, about one unit wide
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from l2l_sampler.arrays import Array, array_namespace, clip

Encoder: TypeAlias = Callable[[Array], Array]

_CLIP = 4.0


def encoder(name: str, y: Array, known: Array) -> Encoder:
    """The encoding called `name`, fitted to the known values.

    Args:
        name: a key of `ENCODINGS`.
        y: (B, n) minimised objective; infinities count as the worst finite value.
        known: (B, n) bool, where `y` holds a value.

    Returns:
        A function from values (B, m) to their encoding (B, m), within +-4. It gives 0 for
        everything while all known values are equal.

    Raises:
        ValueError: no encoding has that name.
    """
    check_encoding(name)
    return ENCODINGS[name](y, known)


def check_encoding(name: str) -> None:
    """Raise a ValueError if no encoding has that name."""
    if name not in ENCODINGS:
        raise ValueError(
            f"unknown encoding {name!r}; this l2l_sampler knows {', '.join(sorted(ENCODINGS))}. "
            "Install the release that wrote the checkpoint."
        )


def encode(name: str, y: Array, known: Array) -> Array:
    """The encoded objective of a history, (B, n); 0 where it is not known."""
    xp = array_namespace(y)
    filled = xp.where(known, y, xp.zeros_like(y))
    return xp.where(known, encoder(name, y, known)(filled), xp.zeros_like(y))


def _zscore(y: Array, known: Array) -> Encoder:
    """Standardised objective."""
    scaled = _unit_range(y, known)
    standard = _standardised(scaled(y), known)
    return lambda value: standard(scaled(value))


ENCODINGS: dict[str, Callable[[Array, Array], Encoder]] = {
    "zscore-1": _zscore,
}


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


def _standardised(t: Array, known: Array) -> Encoder:
    """Zero mean and unit deviation over the known values, clipped."""
    xp = array_namespace(t)
    weight = xp.astype(known, t.dtype)
    t = xp.where(known, t, xp.zeros_like(t))
    count = clip(xp.sum(weight, axis=-1, keepdims=True), 1.0, None)
    mean = xp.sum(t * weight, axis=-1, keepdims=True) / count
    gap = (t - mean) * weight
    variance = xp.sum(gap * gap, axis=-1, keepdims=True) / count
    deviation = xp.sqrt(xp.where(variance > 0.0, variance, xp.ones_like(variance)))
    return lambda value: clip((value - mean) / deviation, -_CLIP, _CLIP)
