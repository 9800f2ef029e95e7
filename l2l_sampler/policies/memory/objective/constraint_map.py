"""How the values of a constraint are seen: on a scale that keeps 0 and the sign.

A constraint is met up to 0, so that is where the scale must be fine, however large the values are
elsewhere. It is one of a few maps, of which the first is linear,

    t = v / top,      t = sign(v) log(1 + k |v| / top),      top the largest |v|,

and the likelihood chooses among them, as among those of the objective. The logarithm on both sides
is that of Eriksson and Poloczek (2021, "Scalable constrained Bayesian optimization").

Notation
    B  problems, of one constraint each   n  trials   W  maps
"""

from __future__ import annotations

from typing import Any

from array_api_compat import device

from l2l_sampler.arrays import Array, array_namespace
from l2l_sampler.policies.base import Params
from l2l_sampler.policies.memory.objective.choose_map import (
    FEWEST,
    examined,
    most_likely,
)
from l2l_sampler.policies.memory.objective.encodings import moments

_STRENGTHS = (0.0, 10.0, 1e2, 1e3, 1e4, 1e6)
_FEW = 10.0
"""Strength while there are few values: nearly linear, and an outlier leaves the others apart."""


def seen(params: Params, x: Array, value: Array, known: Array) -> Array:
    """The values (B, n) on the scale under which they are likeliest; 0 where they are unknown.

    Args:
        params: parameters with the names of `infer.init`.
        x: (B, n, d) trials.
        value: (B, n); infinities count as the largest finite value of either sign.
        known: (B, n) bool.
    """
    xp = array_namespace(value)
    size = xp.where(known & xp.isfinite(value), xp.abs(value), xp.zeros_like(value))
    top = xp.max(size, axis=-1, keepdims=True)
    top = xp.where(top > 0.0, top, xp.ones_like(top))
    value = xp.where(known, value, xp.zeros_like(value))
    share = xp.where(xp.isinf(value), xp.sign(value), value / top)  # in [-1, 1]
    k = _chosen(params, x, share, known) if value.shape[1] >= FEWEST else _FEW + 0.0 * top
    return _mapped(share, k)


def _chosen(params: Params, x: Array, share: Array, known: Array) -> Array:
    """Strengths (B, 1) of the likeliest map."""
    xp = array_namespace(share)
    options: dict[str, Any] = {"dtype": share.dtype, "device": device(share)}
    enough = xp.sum(xp.astype(known, share.dtype), axis=-1) >= FEWEST
    x, share, known = examined(xp.abs(share), x, share, known)
    maps = xp.asarray(_STRENGTHS, **options)
    t = _mapped(share[:, None], maps[:, None])  # (B, W, n)
    mean, deviation = moments(t, known[:, None])
    weight = xp.astype(known, share.dtype)[:, None]
    slope = maps[:, None] / (1.0 + maps[:, None] * xp.abs(share[:, None]))
    slope = xp.where(maps[:, None] > 0.0, slope, xp.ones_like(slope))
    density = xp.sum(xp.log(slope / deviation) * weight, axis=-1)
    z = (t - mean) * weight / deviation
    best = maps[most_likely(params, x, known, z, density, maps > 0.0)]
    return xp.where(enough, best, _FEW + 0.0 * best)[:, None]


def _mapped(share: Array, k: Array) -> Array:
    """sign(v) log(1 + k |v|), or v where k is 0."""
    xp = array_namespace(share)
    return xp.where(k > 0.0, xp.sign(share) * xp.log1p(k * xp.abs(share)), share)
