"""Named encodings of what a recurrent policy is told at each step: its network's inputs.

A released name never changes its meaning: a changed encoding gets a new name. The factors, such
as 0.5 before log(1 + n), bring each input to about one, the scale that fresh weights are made for.

Notation
    B  runs side by side (1 at inference)      D  unit-cube axes
    P  pending trials shown                    F  inputs of the network
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from l2l_sampler.arrays import Array, array_namespace, zeros
from l2l_sampler.policies.recurrent.statistics import Statistics, above_best, z_scores
from l2l_sampler.policies.recurrent.surroundings import RADII, Surroundings, slopes

PENDING = 4
"""Pending trials shown: those of the four others, where models are trained for five workers."""
RAW_LIMIT = 100.0
"""Where raw objectives are cut to stay finite, far outside the training functions' few units."""


class Seen(NamedTuple):
    """What may be told of a step.

    Attributes:
        statistics: of all results, this one included.
        around: results near the incumbent; None if none are kept.
        x: (B, D) point of the result.
        o: (B,) 1 where there is a result, 0 where the input is the dummy (equation 6).
        pending: the last points asked of which no result was fed, latest first: (B, P, D), and
            (B, P) 1 where there is one; None if there are none.
    """

    statistics: Statistics
    around: Surroundings | None
    x: Array
    o: Array
    pending: tuple[Array, Array] | None = None


@dataclass(frozen=True)
class Encoding:
    """How results become network inputs.

    Attributes:
        n_inputs: number of inputs F for a dimension D.
        inputs: (what is seen, horizon) -> (B, F).
        anchored: whether the network may steer relative to the incumbent.
        local: whether it looks at the surroundings and at P = `PENDING` pending trials; if not,
            none are kept.
        begins_with: another encoding whose inputs are the first of these, if any.
    """

    n_inputs: Callable[[int], int]
    inputs: Callable[[Seen, int], Array]
    anchored: bool = True
    local: bool = False
    begins_with: str | None = None


def encoding_of(name: str) -> Encoding:
    """The encoding called `name`; ValueError naming those there are if it is unknown."""
    if name not in ENCODINGS:
        raise ValueError(
            f"unknown encoding {name!r}; recurrent policies know {', '.join(ENCODINGS)}"
        )
    return ENCODINGS[name]


def _raw(seen: Seen, horizon: int) -> Array:
    """`raw-1`: x, y and o as in the paper (equation 6); y is clipped to stay finite."""
    stats, x, o = seen.statistics, seen.x, seen.o
    xp = array_namespace(x)
    y = xp.maximum(xp.minimum(stats.last, RAW_LIMIT), -RAW_LIMIT)
    return xp.concat([o[:, None] * x, (o * y)[:, None], o[:, None]], axis=-1)


def _scale_free(seen: Seen, horizon: int) -> Array:
    """`running-1`: point, incumbent, their z-scores, improved, log n, n, o; centred."""
    stats, x, o = seen.statistics, seen.x, seen.o
    xp = array_namespace(x)
    z, told = z_scores(stats), o[:, None]
    scalars = [told * z[:, :1], z[:, 1:]]
    scalars += [v[:, None] for v in (stats.improved, 0.5 * xp.log1p(stats.n), stats.n / horizon)]
    points = [told * (2.0 * x - 1.0), 2.0 * stats.x_best - 1.0]
    return xp.concat([*points, *scalars, told], axis=-1)


def _local(seen: Seen, horizon: int) -> Array:
    """`local-1`: those of `running-1`, then the surroundings relative to the incumbent.

    The result's offset and value on a fine scale, slope and coverage for each radius, and the
    offsets of the pending trials.
    """
    if seen.around is None:
        raise ValueError("the encoding local-1 needs the surroundings of the incumbent")
    stats, x, o = seen.statistics, seen.x, seen.o
    xp = array_namespace(x)
    batch, dim = x.shape
    rise = o * xp.asinh(10.0 * above_best(stats, stats.last[:, None])[:, 0]) / 3.0
    slope, cover = slopes(seen.around, stats)
    fitted = xp.concat([xp.asinh(slope), 0.5 * xp.log1p(cover)], axis=-1)
    points, busy = seen.pending or _no_pending(x)
    offsets = 2.0 * busy[..., None] * (points - stats.x_best[:, None])
    return xp.concat(
        [
            _scale_free(seen, horizon),
            4.0 * o[:, None] * (x - stats.x_best),
            rise[:, None],
            xp.reshape(fitted, (batch, 2 * len(RADII) * dim)),
            xp.reshape(offsets, (batch, PENDING * dim)),
            busy,
        ],
        axis=-1,
    )


def _no_pending(x: Array) -> tuple[Array, Array]:
    """`Seen.pending` where no trial is, for results at points x."""
    batch, dim = x.shape
    return zeros((batch, PENDING, dim), x), zeros((batch, PENDING), x)


ENCODINGS = {
    "running-1": Encoding(lambda dim: 2 * dim + 6, _scale_free),
    "raw-1": Encoding(lambda dim: dim + 2, _raw, anchored=False),
    "local-1": Encoding(
        lambda dim: (3 + 2 * len(RADII) + PENDING) * dim + 7 + PENDING,
        _local,
        local=True,
        begins_with="running-1",
    ),
}
