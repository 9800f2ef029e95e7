"""Where a search starts: candidates around the best trials and anywhere, the best of each group.

Notation
    B  problems side by side (1 at run time)   n  trials in the table   d  axes of the cube
    S  groups, one a starting point            G  candidates of a group
"""

from __future__ import annotations

from typing import NamedTuple

from array_api_compat import device

from l2l_sampler.arrays import Array, array_namespace, clip, take_rows
from l2l_sampler.policies.memory.table import Table

LOCAL_GROUPS = 3
"""So many groups lie around good trials: two around the best, one around the `_GOOD` best."""
_GOOD = 5
_LOG_SHORTEST, _LOG_RANGE = -2.5, 2.0
"""Steps are log-uniform from 10^-2.5 to 10^-0.5 of an axis: they polish, or leave a basin."""


class Draws(NamedTuple):
    """The random numbers of one search.

    Attributes:
        margin: (B, 1) uniform numbers, for how far below the incumbent improvement begins.
        fresh: (B, S, G, d) uniform valid points.
        noise: (B, S, G, d) standard normal numbers.
        chance: (B, S, G, d) uniform numbers.
        radius: (B, S, G, 1) uniform numbers.
    """

    margin: Array
    fresh: Array
    noise: Array
    chance: Array
    radius: Array


def candidates(table: Table, draws: Draws) -> Array:
    """Groups of points to screen: some around the best trials, the others space-filling.

    The first groups move from a good trial by a step of random length; every second member
    also takes some axes from a fresh point, as a local search in a discrete space does.

    Args:
        table: the history.
        draws: random numbers; the margin is not used.

    Returns:
        (B, S, G, d) points in [0, 1], not snapped.
    """
    xp = array_namespace(draws.fresh)
    near, anywhere = draws.fresh[:, :LOCAL_GROUPS], draws.fresh[:, LOCAL_GROUPS:]
    group, d = draws.fresh.shape[2:]
    swapped = draws.chance[:, :LOCAL_GROUPS] * d < 1.0  # one axis of d on average
    odd = xp.arange(group, device=device(near))[:, None] % 2 == 1  # (G, 1)
    near = xp.where(swapped & odd, near, _centres(table, group))
    length = log_uniform(draws.radius[:, :LOCAL_GROUPS])
    near = clip(near + length * draws.noise[:, :LOCAL_GROUPS], 0.0, 1.0)
    return xp.concat([near, anywhere], axis=1)


def log_uniform(uniform: Array) -> Array:
    """Lengths of steps from uniform numbers, log-uniform."""
    return 10.0 ** (_LOG_RANGE * uniform + _LOG_SHORTEST)


def _centres(table: Table, group: int) -> Array:
    """The trial that each member of a local group lies around, (B, LOCAL_GROUPS, G, d)."""
    xp = array_namespace(table.z)
    batch, n, d = table.x.shape
    some = table.candidates
    worst = xp.where(some, table.z, xp.ones_like(table.z) * xp.inf)
    ranked = xp.argsort(worst, axis=-1, stable=True)
    last = clip(xp.sum(xp.astype(some, xp.int64), axis=-1, keepdims=True) - 1, 0, None)
    member = xp.arange(group, device=device(table.z))
    rank = xp.stack([0 * member, 0 * member, member % min(_GOOD, n)])  # (LOCAL_GROUPS, G)
    rank = xp.broadcast_to(xp.reshape(rank, (1, -1)), (batch, LOCAL_GROUPS * group))
    index = xp.take_along_axis(ranked, xp.minimum(rank, last), axis=-1)
    return xp.reshape(take_rows(table.x, index), (batch, LOCAL_GROUPS, group, d))


def best_of_groups(points: Array, score: Array) -> Array:
    """The member of the highest score of each group: (B, S, G, d), (B, S * G) -> (B, S, d)."""
    xp = array_namespace(points)
    batch, s, group, d = points.shape
    index = xp.argmax(xp.reshape(score, (batch, s, group)), axis=-1, keepdims=True)
    index = xp.broadcast_to(index[..., None], (batch, s, 1, d))
    return xp.take_along_axis(points, index, axis=2)[:, :, 0]


def best_first(points: Array, score: Array) -> Array:
    """The points (B, S, d) in the order of their scores (B, S), the highest first."""
    xp = array_namespace(points)
    return take_rows(points, xp.argsort(-score, axis=-1, stable=True))
