"""What is known around the incumbent: the results nearest to it, and their slope.

Notation
    B  runs side by side (1 at inference)   D  unit-cube axes   M  results kept   R  radii
A hidden state of one vector learns to steer by the last few results, but not to hold the
neighbourhood of the incumbent until results come back from several workers.
"""

from __future__ import annotations

from typing import NamedTuple

from array_api_compat import device

from l2l_sampler.arrays import Array, array_namespace, zeros
from l2l_sampler.policies.recurrent.statistics import Statistics, above_best

KEPT = 24
"""Results kept, four for each axis of the six-axis models: a slope is fitted along every axis."""
RADII = (0.1, 0.25, 0.6)
"""Standard deviations, in unit-cube lengths, of the weights with which slopes are fitted.

They lead from what the next few trials may reach to nearly the whole cube.
"""
_RIDGE = 0.1
"""What is added to sums of squared distances, in squared radii, before a slope is fitted.

It counts like a sixth of a flat result a radius away, so that it decides only where there is none.
"""


class Surroundings(NamedTuple):
    """Results around the incumbent.

    Attributes:
        x: (B, M, D) points, those nearest to the incumbents so far.
        y: (B, M) their values.
        held: (B, M) 1 where there is such a result.
    """

    x: Array
    y: Array
    held: Array


def empty_surroundings(batch: int, dim: int, like: Array) -> Surroundings:
    """No results, in the dtype and on the device of `like`."""
    x, y = zeros((batch, KEPT, dim), like), zeros((batch, KEPT), like)
    return Surroundings(x, y, y)


def update_surroundings(
    around: Surroundings, stats: Statistics, before: Statistics, x: Array
) -> Surroundings:
    """Add a result where it counted, in place of the one farthest away.

    Args:
        around: so far.
        stats: statistics after the result.
        before: statistics before it.
        x: (B, D) its point.
    """
    xp = array_namespace(stats.n)
    far = xp.sum((around.x - stats.x_best[:, None]) ** 2, axis=-1)
    far = xp.where(around.held > 0.0, far, xp.inf)
    near = xp.sum((x - stats.x_best) ** 2, axis=-1)
    place = xp.arange(KEPT, device=device(far)) == xp.argmax(far, axis=-1)[:, None]
    put = place & (stats.n > before.n)[:, None] & (near[:, None] <= far)
    return Surroundings(
        x=xp.where(put[..., None], x[:, None], around.x),
        y=xp.where(put, stats.last[:, None], around.y),
        held=xp.where(put, 1.0, around.held),
    )


def slopes(around: Surroundings, stats: Statistics) -> tuple[Array, Array]:
    """Local slopes at the incumbent, and how much they rest on.

    Weighted ridge regression of the values above the best one, in standard deviations, on the
    distance from the incumbent; the weights are Gaussian with each of the R radii.

    Returns:
        (B, R, D) rise over a radius along each axis, and (B, R, D) sums of weights times squared
        distances along it, in squared radii.
    """
    xp = array_namespace(stats.n)
    gap = around.x - stats.x_best[:, None]
    rise = above_best(stats, around.y)
    radius = xp.asarray(RADII, dtype=gap.dtype, device=device(gap))
    square = xp.sum(gap * gap, axis=-1)[:, None]  # (B, 1, M)
    weight = around.held[:, None] * xp.exp(-0.5 * square / radius[:, None] ** 2)  # (B, R, M)
    scaled = gap[:, None] / radius[:, None, None]  # (B, R, M, D)
    weighted = weight[..., None] * scaled
    eye = xp.eye(gap.shape[-1], dtype=gap.dtype, device=device(gap))
    products = xp.matmul(xp.permute_dims(weighted, (0, 1, 3, 2)), scaled) + _RIDGE * eye
    moments = xp.sum(weighted * rise[:, None, :, None], axis=-2)
    slope = xp.linalg.solve(products, moments[..., None])[..., 0]
    return slope, xp.sum(weighted * scaled, axis=-2)
