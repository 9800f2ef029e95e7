"""Named encodings of what a recurrent policy is told at each step: its network's inputs.

A released name never changes its meaning: a changed encoding gets a new name.

Notation
    B  runs side by side (1 at inference)      D  unit-cube axes
    x  (B, D) point of the result              F  inputs of the network
    o  (B,) 1 where there is a result, 0 where the input is the dummy (equation 6)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from l2l_sampler.arrays import Array, array_namespace
from l2l_sampler.running import Running, above_best, z_scores
from l2l_sampler.surroundings import PENDING, RADII, Surroundings, slopes

RAW_LIMIT = 100.0


@dataclass(frozen=True)
class Encoding:
    """How results become network inputs.

    Attributes:
        n_inputs: number of inputs F for a dimension D.
        inputs: (statistics with the result, surroundings, x, o, horizon) -> (B, F).
        anchored: whether the network may steer relative to the incumbent.
        local: whether it looks at the surroundings; if not, none are kept.
        begins_with: another encoding whose inputs are the first of these, if any.
    """

    n_inputs: Callable[[int], int]
    inputs: Callable[[Running, Surroundings | None, Array, Array, int], Array]
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


def _raw(run: Running, around: Surroundings | None, x: Array, o: Array, horizon: int) -> Array:
    """`raw-1`: x, y and o as in the paper (equation 6); y is clipped to stay finite."""
    xp = array_namespace(run.n)
    y = xp.maximum(xp.minimum(run.last, RAW_LIMIT), -RAW_LIMIT)
    return xp.concat([o[:, None] * x, (o * y)[:, None], o[:, None]], axis=-1)


def _scale_free(
    run: Running, around: Surroundings | None, x: Array, o: Array, horizon: int
) -> Array:
    """`running-1`: point, incumbent, their z-scores, improved, log n, n, o; centred."""
    xp = array_namespace(run.n)
    z, z_best = xp.unstack(z_scores(run), axis=-1)
    scalars = [z * o, z_best, run.improved, 0.5 * xp.log1p(run.n), run.n / horizon, o]
    points = [o[:, None] * (2.0 * x - 1.0), 2.0 * run.x_best - 1.0]
    return xp.concat([*points, xp.stack(scalars, axis=-1)], axis=-1)


def _local(run: Running, around: Surroundings | None, x: Array, o: Array, horizon: int) -> Array:
    """`local-1`: those of `running-1`, then the surroundings relative to the incumbent.

    The result's offset and value on a fine scale, slope and coverage for each radius, and the
    offsets of the pending trials.
    """
    if around is None:
        raise ValueError("the encoding local-1 needs the surroundings of the incumbent")
    xp = array_namespace(run.n)
    batch, dim = x.shape
    rise = o * xp.asinh(10.0 * above_best(run, run.last[:, None])[:, 0]) / 3.0
    slope, cover = slopes(around, run)
    fitted = xp.concat([xp.asinh(slope), 0.5 * xp.log1p(cover)], axis=-1)
    pending = 2.0 * around.busy[..., None] * (around.pending - run.x_best[:, None])
    return xp.concat(
        [
            _scale_free(run, around, x, o, horizon),
            4.0 * o[:, None] * (x - run.x_best),
            rise[:, None],
            xp.reshape(fitted, (batch, 2 * len(RADII) * dim)),
            xp.reshape(pending, (batch, PENDING * dim)),
            around.busy,
        ],
        axis=-1,
    )


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
