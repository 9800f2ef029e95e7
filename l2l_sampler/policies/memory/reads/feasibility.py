"""The chance that a trial yields a value: a second reading of the trial table.

Every ended trial says 1 where it failed and 0 where it did not. The process that the network
infers for the objective is inferred for these labels, too: where failures lie together it finds a
region, where they come at random it finds noise, and the chance is the same everywhere.

Notation
    B  problems side by side (1 at run time)   n  trials in the table   d  axes of the cube
    S  points   p  (B, S, d) points
"""

from __future__ import annotations

import math
from typing import NamedTuple

from l2l_sampler.arrays import Array, array_namespace, clip, normal_cdf
from l2l_sampler.policies.base import Params
from l2l_sampler.policies.memory.process.infer import infer
from l2l_sampler.policies.memory.process.posterior import Posterior
from l2l_sampler.policies.memory.table import Table

_BLUR = 0.2
"""Deviation of a label, in units of it, that is added to the posterior's: an edge between trials
may lie anywhere between them, where a smooth process is surer than it should be."""
_FORESEEN = 0.2
"""A failure was to be foreseen where the chance of a value is below this. With a half, random
faults that happen to lie together count as bad results; with a tenth, edges of regions do not."""
_BAD = 1.0
"""Least encoded objective of such a trial, where all others are alike or there are none: one
deviation above the mean."""
_LEAST = 1e-12
"""Chance that is given to every point, so that its logarithm stays finite."""


class Feasibility(NamedTuple):
    """What the labels of ended trials say.

    Attributes:
        posterior: of the labels, standardised.
        mean: (B, 1) share of trials that failed.
        deviation: (B, 1) standard deviation of the labels.
        some: (B, 1) bool, whether the problem has failures at all; if not, the chance is 1.
    """

    posterior: Posterior
    mean: Array
    deviation: Array
    some: Array

    def log_chance(self, p: Array) -> Array:
        """Logarithm of the chance that a trial at p yields a value, (B, S)."""
        xp = array_namespace(p)
        model = self.posterior
        mean, deviation = model.moments(xp.astype(p, xp.float64))
        noise = model.noise * (model.deviation * self.deviation) ** 2
        variance = (deviation * self.deviation) ** 2 + noise + _BLUR**2
        level = (0.5 - self.mean - self.deviation * mean) / xp.sqrt(variance)
        chance = xp.log(normal_cdf(level) + _LEAST)
        return xp.where(self.some, chance, xp.zeros_like(chance))


def read_failures(params: Params, table: Table, theta: Array | None = None) -> Feasibility | None:
    """The reading of the table's failures; None if there are none.

    Args:
        params: parameters with the names of `infer.init`.
        table: the history; its rows of failed trials are not present for the objective.
        theta: (B, J) hyper-parameters that were inferred before; None to infer them here.
    """
    xp = array_namespace(table.x)
    if table.failed is None or not bool(xp.any(table.failed)):
        return None
    ended = table.known | table.failed
    weight, label = (xp.astype(v, xp.float64) for v in (ended, table.failed))
    count = xp.sum(weight, axis=-1, keepdims=True)
    mean = xp.sum(label, axis=-1, keepdims=True) / xp.where(count > 0.0, count, 1.0)
    variance = mean * (1.0 - mean)
    # Labels that are all alike have no deviation: they are seen as one unit above an even chance.
    alike = variance <= 0.0
    mean = xp.where(alike, 0.5 + 0.0 * mean, mean)
    deviation = xp.where(alike, 0.5 + 0.0 * mean, xp.sqrt(variance))
    z = xp.where(ended, (label - mean) / deviation, xp.zeros_like(label))
    some = xp.any(table.failed, axis=-1, keepdims=True)
    posterior = infer(params, Table(table.x, z, ended, ended), theta=theta)
    return Feasibility(posterior, mean, deviation, some)


def with_bad_results(table: Table, feasibility: Feasibility) -> Table:
    """The table in which failures that could be foreseen are bad results, too.

    They make the objective rise towards a region that fails, so that the search turns round
    before it. Failures at random are left out: they say nothing of the objective.
    """
    xp = array_namespace(table.z)
    assert table.failed is not None
    foreseen = table.failed & (feasibility.log_chance(table.x) < math.log(_FORESEEN))
    known = xp.where(table.known, table.z, xp.zeros_like(table.z) - xp.inf)
    worst = clip(xp.max(known, axis=-1, keepdims=True), _BAD, None)
    return table._replace(
        z=xp.where(foreseen, worst, table.z),
        known=table.known | foreseen,
        present=table.present | foreseen,
    )
