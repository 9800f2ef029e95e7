r"""By how much a trial is expected to grow the hypervolume that a front of results dominates.

The hypervolume is a mean over directions from the reference point (Deng and Zhang, 2019,
"Approximating hypervolume and hypervolume contributions using polar coordinate"; Zhang and
Golovin, 2020, "Random hypervolume scalarizations for provable multi-objective black box
optimization"): along the direction l > 0, |l| = 1, a result y reaches as far as

    s = min_m (r_m - y_m) / l_m,      and the volume is proportional to the mean of max(s, 0)^M.

What the objectives of a trial may be is independent and normal, so the chance that it reaches t or
further is a product, and its expected improvement along l an integral in one variable,

    E[s^M - b^M]_+ = \int_b^\infty M t^(M-1) prod_m Phi((r_m - l_m t - mu_m) / sigma_m) dt,

where b is how far the front reaches. One formula serves any number of objectives, and no volume is
cut into boxes.

Notation
    M  objectives   L  directions   Q  nodes of the integral   n  results   S  points
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from l2l_sampler.policies.gaussian import log_normal_cdf

DIRECTIONS = 64
"""More made no difference of the hypervolume after 50 trials on held-out draws."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_BEYOND = 0.1
"""The reference lies so much of the range of values beyond the worst one."""
_DEVIATIONS = 3.0
"""How many deviations beyond its mean a trial is followed."""
_LEAST = 1e-300


class Volume(NamedTuple):
    """A front of results, seen along directions.

    Attributes:
        reference: (M,) the reference point r.
        directions: (L, M).
        reached: (L,) how far the front reaches, 0 at least.
    """

    reference: np.ndarray
    directions: np.ndarray
    reached: np.ndarray

    @classmethod
    def of(cls, f: np.ndarray, possible: np.ndarray, rng: np.random.Generator) -> Volume:
        """The volume dominated by results f (n, M).

        Args:
            f: results; there may be none.
            possible: (m, M) values of trials, m >= 1, between the best and the worst of which the
                volume lies.
            rng: the only source of randomness.
        """
        best = possible.min(axis=0)
        reach = np.ptp(possible, axis=0)
        reach = np.where(reach > 0.0, reach, 1.0)
        directions = _directions(rng, f.shape[1]) * reach
        reference = best + (1.0 + _BEYOND) * reach
        far = ((reference - f) / directions[:, None]).min(axis=-1)  # (L, n)
        return cls(reference, directions, far.max(axis=-1, initial=0.0))

    def log_improvement(self, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
        """Logarithm of the expected improvement, but for a constant.

        Args:
            mean: (M, S) of the objectives at points.
            deviation: (M, S).

        Returns:
            (S,)
        """
        objectives = len(mean)
        ahead = (self.reference[:, None] - mean)[:, :, None]  # (M, S, 1)
        along = self.directions.T[:, None]  # (M, 1, L)
        width = deviation[:, :, None]
        last = ((ahead + _DEVIATIONS * width) / along).min(axis=0)  # (S, L)
        step = (width / along).min(axis=0)
        span = np.maximum(last - self.reached, step)[..., None]  # (S, L, 1)
        t = self.reached[:, None] + span * (0.5 + 0.5 * _NODES)  # (S, L, Q)
        level = (ahead[..., None] - along[..., None] * t) / width[..., None]  # (M, S, L, Q)
        chance = np.exp(log_normal_cdf(level).sum(axis=0))
        inner = (chance * t ** (objectives - 1) * _WEIGHTS).sum(axis=-1) * span[..., 0]
        return np.asarray(np.log(inner.mean(axis=-1) + _LEAST))


def _directions(rng: np.random.Generator, objectives: int) -> np.ndarray:
    """Directions (L, M) on the positive part of the unit sphere: evenly spread where M = 2."""
    if objectives == 2:
        angle = (np.arange(DIRECTIONS) + rng.random()) * (0.5 * math.pi / DIRECTIONS)
        return np.column_stack([np.cos(angle), np.sin(angle)])
    normal = np.abs(rng.standard_normal((DIRECTIONS, objectives)))
    return np.asarray(normal / np.linalg.norm(normal, axis=1, keepdims=True))
