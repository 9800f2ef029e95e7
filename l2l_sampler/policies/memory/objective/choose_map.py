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
_FEWEST = 12
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
    batch, count = y.shape[0], len(choices)
    plain = xp.zeros((batch, 1), **options) + choices[0]
    if count == 1 or y.shape[1] < _FEWEST:
        return plain
    results = xp.astype(known, y.dtype)
    enough = xp.sum(results, axis=-1) >= _FEWEST
    if y.shape[1] > EXAMINED:
        index, kept = representatives(encode(y, known, plain), results, EXAMINED)
        x, y = take_rows(x, index), xp.take_along_axis(y, index, axis=-1)
        known = kept > 0.0
    maps = xp.asarray(choices, **options)
    handicap = _ADVANTAGE * xp.astype(maps > 0.0, y.dtype)
    best = maps[xp.argmax(_evidence(params, maps, x, y, known) - handicap, axis=-1)]
    return xp.where(enough, best, plain[:, 0])[:, None]


def _evidence(params: Params, maps: Array, x: Array, y: Array, known: Array) -> Array:
    """Log densities (B, W) of the known results under every map; other args as `choose`."""
    xp = array_namespace(y)
    batch, n, d = x.shape
    count = maps.shape[0]

    def each(v: Array, times: int, *shape: int) -> Array:
        """Repeat every row: (B, *shape) -> (B times, *shape)."""
        spread = xp.broadcast_to(v[:, None], (batch, times, *shape))
        return xp.reshape(spread, (batch * times, *shape))

    k = xp.reshape(xp.broadcast_to(maps, (batch, count)), (batch * count, 1))
    repeated = each(y, count, n), each(known, count, n), k
    z = xp.astype(xp.reshape(encode(*repeated), (batch, count, n)), xp.float64)
    judges = xp.stack([z[:, 0], z[:, count // 2]], axis=1)
    both = each(known, 2, n)
    model = infer(params, Table(each(x, 2, n, d), xp.reshape(judges, (-1, n)), both, both))
    likelihood = log_likelihood(model, each(z, 2, count, n))
    likelihood = xp.max(xp.reshape(likelihood, (batch, 2, count)), axis=1)
    return likelihood + xp.reshape(log_density(*repeated), (batch, count))
