"""The read through the exact Gaussian process posterior under inferred hyper-parameters.

Notation
    B  problems side by side (1 at run time)   S  points read side by side   d  axes of the cube
    p  (B, S, d) points   lead  (B, S) how far the target lies above the mean, in deviations
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from l2l_sampler.arrays import Array, array_namespace, clip
from l2l_sampler.policies.base import Params
from l2l_sampler.policies.gaussian import log_h, log_h_slope
from l2l_sampler.policies.memory.process import infer
from l2l_sampler.policies.memory.process.posterior import Posterior
from l2l_sampler.policies.memory.process.rise import Rise
from l2l_sampler.policies.memory.reads.read import Look, Read, Score
from l2l_sampler.policies.memory.table import Table


class Aimed(NamedTuple):
    """What is prepared: a posterior, and the value to improve on.

    Attributes:
        posterior: the Gaussian process given the table.
        target: (B, 1) z below which improvement begins: the incumbent less the margin.
    """

    posterior: Posterior
    target: Array


class PosteriorRead(Read):
    """Mean, deviation and log EI of a Gaussian process, with their gradients along every axis.

    Features are scaled to about one: clipped at 10 and multiplied by 0.3, or on a logarithmic
    scale. The shipped weights were trained on them as they are.
    """

    n_axis = 5
    n_point = 4
    n_control = 0

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Parameters of the hyper-parameter network."""
        return infer.init(rng)

    def prepare(
        self,
        params: Params,
        table: Table,
        margin: Array,
        rise: Rise | None = None,
        theta: Array | None = None,
    ) -> Aimed:
        """Infer the hyper-parameters, if they are not known, and factorise once."""
        posterior = infer.infer(params, table, rise, theta)
        return Aimed(posterior, posterior.best - margin)

    def look(self, params: Params, prepared: Aimed, p: Array, control: Array | None) -> Look:
        """Posterior statistics at the points; there is nothing to steer."""
        xp = array_namespace(p)
        posterior, target = prepared
        place = xp.astype(p, xp.float64, copy=False)
        mean, deviation, mean_slope, deviation_slope = posterior.moments_and_slopes(place)
        lead = (target - mean) / deviation
        slope = log_h_slope(lead)
        # The chain rule on log EI = log deviation + log h(lead).
        gradient = (
            (1.0 - lead * slope)[..., None] * deviation_slope - slope[..., None] * mean_slope
        ) / deviation[..., None]
        norm = xp.sqrt((gradient * gradient).sum(axis=-1)[..., None])
        log_scale = xp.log(posterior.length_scale)[:, None, :] + xp.zeros_like(p)
        axis = _side_by_side(
            [
                clip(mean_slope / deviation[..., None], -10.0, 10.0) * 0.3,
                clip(deviation_slope / deviation[..., None], -10.0, 10.0) * 0.3,
                xp.sign(gradient) * xp.log1p(xp.abs(gradient)) * 0.5,
                gradient / (norm + 1e-6),
                log_scale,
            ]
        )
        point = _side_by_side(
            [
                clip(lead, -10.0, 10.0) * 0.3,
                xp.log(deviation),
                mean,
                target + xp.zeros_like(mean),
            ]
        )
        # A length scale is the natural step; beyond these bounds it is no step in a unit cube.
        stride = clip(posterior.length_scale, 0.05, 1.0)[:, None, :]
        return Look(*(xp.astype(value, p.dtype, copy=False) for value in (axis, point, stride)))

    def score(self, params: Params, prepared: Aimed, p: Array) -> Score:
        """Posterior mean and deviation at the points and what follows from them."""
        xp = array_namespace(p)
        mean, deviation = prepared.posterior.moments(xp.astype(p, xp.float64))
        log_ei = xp.log(deviation) + log_h((prepared.target - mean) / deviation)
        return Score(log_ei, mean, deviation)


def _side_by_side(features: list[Array]) -> Array:
    """Features (...) as the last axis (..., F); xp.stack takes several times as long."""
    xp = array_namespace(features[0])
    return xp.concat([feature[..., None] for feature in features], axis=-1)
