"""The chance that a trial fails in nothing: that it yields a value, and meets the constraints.

Each is one more reading of the trial table, of a quantity that must be below a limit. Of failures
it is a label, 1 where an ended trial failed and 0 where it did not, with the limit of a half. Of a
constraint it is its value, on a scale that keeps 0 and its sign, with the limit 0. The process
that the network infers for the objective is inferred for these, too: where failures lie together
it finds a region, where they come at random it finds noise, and the chance is the same everywhere.

Notation
    B  problems side by side (1 at run time)   n  trials in the table   d  axes of the cube
    R  quantities: failures, if there are any, and C constraints   S  points   p  (B, S, d) points
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from l2l_sampler.arrays import Array, array_namespace, clip, normal_cdf
from l2l_sampler.policies.base import Params
from l2l_sampler.policies.gaussian import log_normal_cdf
from l2l_sampler.policies.memory.objective import constraint_map
from l2l_sampler.policies.memory.objective.choose_map import each
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
"""Chance of a value that is given to every point: labels never tell that there is none."""
_ROUNDING = 1e-24
"""Variance, over the squared mean, that values have which are alike."""


class Feasibility(NamedTuple):
    """What the table says of the quantities that must stay below their limits.

    Attributes:
        posterior: of the standardised quantities, B R problems.
        lead: (B R, 1) how far the limit lies above the mean, in units of the quantity.
        deviation: (B R, 1) standard deviation of the quantity.
        blur: (B R, 1) what is added to its own deviation.
        some: (B R, 1) bool, whether any trial says that the limit can be exceeded; if not, the
            chance is 1.
        quantities: R.
        failures: whether the first of them is that of failures.
    """

    posterior: Posterior
    lead: Array
    deviation: Array
    blur: Array
    some: Array
    quantities: int
    failures: bool

    def repeated(self, times: int) -> Feasibility:
        """The same for as many times as many problems, one series of them after the other."""
        names = ("posterior", "lead", "deviation", "blur", "some")
        return self._replace(**{name: _repeated(getattr(self, name), times) for name in names})

    def log_chance(self, p: Array) -> Array:
        """Logarithm of the chance that a trial at p fails in nothing, (B, S)."""
        xp = array_namespace(p)
        return xp.sum(self.log_chances(p), axis=1)

    def log_chances(self, p: Array) -> Array:
        """The same of every quantity, (B, R, S)."""
        xp = array_namespace(p)
        model = self.posterior
        p = each(xp.astype(p, xp.float64), self.quantities)
        mean, deviation = model.moments(p)
        noise = model.noise * (model.deviation * self.deviation) ** 2
        variance = (deviation * self.deviation) ** 2 + noise + self.blur**2
        level = (self.lead - self.deviation * mean) / xp.sqrt(variance)
        chance = xp.where(
            self.blur > 0.0, xp.log(normal_cdf(level) + _LEAST), log_normal_cdf(level)
        )
        chance = xp.where(self.some, chance, xp.zeros_like(chance))
        return xp.reshape(chance, (-1, self.quantities, chance.shape[-1]))


def read_feasibility(
    params: Params, table: Table, theta: Array | None = None
) -> Feasibility | None:
    """The reading of the table's failures and constraints; None if there are neither.

    Args:
        params: parameters with the names of `infer.init`.
        table: the history; its rows of failed trials are not present for the objective.
        theta: (B R, J) hyper-parameters that were inferred before; None, or those of another
            number of quantities, to infer them here.
    """
    xp = array_namespace(table.x)
    values, known, limits, blurs = [], [], [], []
    failures = table.failed is not None and bool(xp.any(table.failed))
    if failures:
        values.append(xp.astype(table.failed, xp.float64))
        known.append(table.known | table.failed)
        limits.append(0.5)
        blurs.append(_BLUR)
    constraints = () if table.constraints is None else xp.moveaxis(table.constraints, -1, 0)
    for constraint in constraints:
        known.append(~xp.isnan(constraint))
        values.append(constraint_map.seen(params, table.x, constraint, known[-1]))
        limits.append(0.0)
        blurs.append(0.0)
    if not values:
        return None
    quantities = len(values)
    shape = (-1, table.x.shape[1])
    value, there = (xp.reshape(xp.stack(v, axis=1), shape) for v in (values, known))
    limit, blur = (
        xp.reshape(xp.stack([v + 0.0 * values[0][:, :1] for v in vs], axis=1), (-1, 1))
        for vs in (limits, blurs)
    )
    weight = xp.astype(there, xp.float64)
    count = xp.sum(weight, axis=-1, keepdims=True)
    mean = xp.sum(value * weight, axis=-1, keepdims=True) / xp.where(count > 0.0, count, 1.0)
    gap = (value - mean) * weight
    variance = xp.sum(gap * gap, axis=-1, keepdims=True) / xp.where(count > 0.0, count, 1.0)
    # Values that are all alike have no deviation: labels are seen as one unit above an even
    # chance, other quantities as they are, in usual units.
    alike, label = variance <= _ROUNDING * (1.0 + mean * mean), blur > 0.0
    mean = xp.where(alike & label, 0.5 + 0.0 * mean, mean)
    deviation = xp.where(alike, xp.where(label, 0.5, 1.0) + 0.0 * mean, xp.sqrt(variance))
    z = xp.where(there, (value - mean) / deviation, xp.zeros_like(value))
    some = xp.any(there & (value > limit), axis=-1, keepdims=True)
    if theta is not None and theta.shape[0] != z.shape[0]:
        theta = None
    x = each(table.x, quantities)
    posterior = infer(params, Table(x, z, there, there), theta=theta)
    return Feasibility(posterior, limit - mean, deviation, blur, some, quantities, failures)


def foreseen(table: Table, feasibility: Feasibility) -> Array | None:
    """(B, n) bool, failures of the table that were to be foreseen; None if there are none.

    Violated constraints are none of them: their trials have results of their own.
    """
    if not feasibility.failures:
        return None
    assert table.failed is not None
    chance = feasibility.log_chances(table.x)[:, 0]
    found: Array = table.failed & (chance < math.log(_FORESEEN))
    return found


def with_bad_results(table: Table, bad: Array | None) -> Table:
    """The table in which failures that were to be foreseen are bad results, too.

    They make the objective rise towards a region that fails, so that the search turns round
    before it. Failures at random are left out: they say nothing of the objective.

    Args:
        table: the history.
        bad: what `foreseen` gives.
    """
    if bad is None:
        return table
    xp = array_namespace(table.z)
    known = xp.where(table.known, table.z, xp.zeros_like(table.z) - xp.inf)
    worst = clip(xp.max(known, axis=-1, keepdims=True), _BAD, None)
    return table._replace(
        z=xp.where(bad, worst, table.z), known=table.known | bad, present=table.present | bad
    )


def _repeated(v: Any, times: int) -> Any:
    """Rows of an array, or of all arrays of a tuple, so many times; None stays."""
    if v is None or times == 1:
        return v
    if isinstance(v, tuple):
        return type(v)(*(_repeated(part, times) for part in v))
    return array_namespace(v).concat([v] * times, axis=0)
