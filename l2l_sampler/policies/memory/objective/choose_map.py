"""Which of an encoding's maps to see a history through: that of the highest likelihood.

A loss that explodes in half of the space, or a score that levels off, looks little like the
Gaussian process that the posterior read supposes; its logarithm often does. Snelson et al. (2004,
"Warped Gaussian processes") learn such a map by gradient descent; here it is one of a few, each
judged under the better of two kernels: those inferred through no map and through the middle one.

Notation
    B  problems   n  trials   d  axes   W  maps of the encoding
"""

from __future__ import annotations

from typing import Any

from array_api_compat import device

from l2l_sampler.arrays import Array, array_namespace, take_rows
from l2l_sampler.policies.base import Params
from l2l_sampler.policies.memory.objective.encodings import encode, log_density, strengths
from l2l_sampler.policies.memory.process.infer import infer
from l2l_sampler.policies.memory.process.posterior import log_likelihood
from l2l_sampler.policies.memory.table import Table, representatives

EXAMINED = 32
"""Trials whose likelihood is compared: two more inferences of that size a proposal."""
FEWEST = 12
"""Results from which on maps are compared; of fewer, chance decides."""
_ADVANTAGE = 4.0
"""A map must be more likely than none by a factor of e^4, since plain draws look skewed by chance
and a map that was not needed hides how far apart bad values are."""


def choose(params: Params, name: str, x: Array, y: Array, known: Array) -> Array:
    """Strengths (B, 1) of the map to take; 0, for none, while there are few results.

    Args:
        params: parameters with the names of `infer.init`; unused if there is only one map.
        name: of the encoding.
        x: (B, n, d) trials.
        y: (B, n) objective.
        known: (B, n) bool, where it is known.
    """
    xp = array_namespace(y)
    choices = strengths(name)
    options: dict[str, Any] = {"dtype": y.dtype, "device": device(y)}
    plain = xp.zeros((y.shape[0], 1), **options) + choices[0]
    if len(choices) == 1 or y.shape[1] < FEWEST:
        return plain
    enough = xp.sum(xp.astype(known, y.dtype), axis=-1) >= FEWEST
    x, y, known = examined(encode(y, known, plain), x, y, known)
    maps = xp.asarray(choices, **options)
    z, density = _seen_through(maps, y, known)
    best = maps[most_likely(params, x, known, z, density, maps > 0.0)]
    return xp.where(enough, best, plain[:, 0])[:, None]


def examined(by: Array, x: Array, y: Array, known: Array) -> tuple[Array, Array, Array]:
    """The trials x (B, n, d), results y (B, n) and `known` (B, n) whose likelihood is compared.

    Of more than `EXAMINED`, the best by a quantity (B, n) and some of every rank.
    """
    if y.shape[1] <= EXAMINED:
        return x, y, known
    xp = array_namespace(y)
    index, kept = representatives(by, xp.astype(known, y.dtype), EXAMINED)
    return take_rows(x, index), xp.take_along_axis(y, index, axis=-1), kept > 0.0


def _seen_through(maps: Array, y: Array, known: Array) -> tuple[Array, Array]:
    """Encoded results (B, W, n) under every map, and the log densities of the map (B, W)."""
    xp = array_namespace(y)
    batch, n = y.shape
    count = maps.shape[0]
    k = xp.reshape(xp.broadcast_to(maps, (batch, count)), (batch * count, 1))
    repeated = each(y, count), each(known, count), k
    z = xp.reshape(encode(*repeated), (batch, count, n))
    return z, xp.reshape(log_density(*repeated), (batch, count))


def most_likely(
    params: Params, x: Array, known: Array, z: Array, density: Array, bent: Array
) -> Array:
    """(B,) which map of W makes the results likeliest.

    Args:
        params: parameters with the names of `infer.init`.
        x: (B, n, d) trials.
        known: (B, n) bool, where there is a result.
        z: (B, W, n) standardised results under every map, 0 where they are not known.
        density: (B, W) logarithm of the product of the maps' slopes at the results.
        bent: (W,) bool, maps that have to be likelier than the others by a factor of e^4.
    """
    xp = array_namespace(z)
    batch, count, n = z.shape
    z = xp.astype(z, xp.float64)
    judges = xp.stack([z[:, 0], z[:, count // 2]], axis=1)
    both = each(known, 2)
    model = infer(params, Table(each(x, 2), xp.reshape(judges, (-1, n)), both, both))
    likelihood = log_likelihood(model, each(z, 2))
    likelihood = xp.max(xp.reshape(likelihood, (batch, 2, count)), axis=1)
    handicap = _ADVANTAGE * xp.astype(bent, density.dtype)
    return xp.argmax(likelihood + density - handicap, axis=-1)


def each(v: Array, times: int) -> Array:
    """Every row so many times: (B, *shape) -> (B times, *shape)."""
    xp = array_namespace(v)
    spread = xp.broadcast_to(v[:, None], (v.shape[0], times, *v.shape[1:]))
    return xp.reshape(spread, (-1, *v.shape[1:]))
