"""The read through kernel-weighted statistics of the history: no matrix is inverted.

Notation
    B  problems side by side (1 at run time)   n  trials in the table   d  axes of the cube
    S  points read side by side   R  kernels   F  features of the table
    p  (B, S, d) points   x  (B, n, d) trials   z  (B, n) encoded objective
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from l2l_sampler.arrays import Array, array_namespace, clip
from l2l_sampler.policies.base import Params
from l2l_sampler.policies.memory.process.rise import Rise
from l2l_sampler.policies.memory.reads.read import Look, Read, Score
from l2l_sampler.policies.memory.table import Table
from l2l_sampler.policies.nets import init_linear, linear

_PSEUDO_TRIALS = 0.2
"""So many trials of z = 0 pull a kernel-weighted mean to 0 where there are no others."""
_BANDWIDTHS = (0.1, 0.2, 0.4)
"""Of untrained parameters, in three dimensions: from a tenth of an axis to nearly half of it."""
_VALUE_HIDDEN = 64  # width of the network that predicts log EI


class Summary(NamedTuple):
    """What is prepared of a table.

    Attributes:
        x: (B, d, n) trials.
        sums: (B, n, 3) columns whose kernel-weighted sums are density, count and sum of z.
        moments: (B, n, 3 d) the same times x.
        features: (B, F) features of the table.
        best: (B, 1, d) the best trial.
        centre: (B, 1, d) mean of good points.
        spread: (B, 1, d) their deviation.
    """

    x: Array
    sums: Array
    moments: Array
    features: Array
    best: Array
    centre: Array
    spread: Array


class KernelRead(Read):
    """Density and kernel-weighted mean of z with their gradients, under R learned bandwidths.

    Features are scaled to about one, and the shipped weights were trained on them as they are.
    """

    n_kernels = 3
    n_axis = 4 + 2 * n_kernels
    n_point = 2 * n_kernels + 4
    n_control = n_kernels

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Base bandwidths and the head that predicts log EI."""
        return {
            "bandwidth": np.log(np.array(_BANDWIDTHS)),
            **init_linear(rng, "value", self.n_point, _VALUE_HIDDEN),
            **init_linear(rng, "value_out", _VALUE_HIDDEN, 1),
        }

    def prepare(
        self,
        params: Params,
        table: Table,
        margin: Array,
        rise: Rise | None = None,
        theta: Array | None = None,
    ) -> Summary:
        """Summaries of the table that every look uses."""
        xp = array_namespace(table.z)
        dtype = table.x.dtype
        known = xp.astype(table.known, dtype)
        z = xp.astype(table.z, dtype) * known
        best, best_z = table.incumbent()
        # A trial half a unit of z above the best one counts a third of it.
        weight = xp.exp(-2.0 * (z - xp.astype(best_z, dtype))) * known
        weight = (weight / (xp.sum(weight, axis=-1, keepdims=True) + 1e-12))[..., None]
        centre = xp.sum(weight * table.x, axis=-2, keepdims=True)
        spread = xp.sqrt(xp.sum(weight * (table.x - centre) ** 2, axis=-2, keepdims=True) + 1e-6)
        count = xp.sum(known, axis=-1)
        features = xp.stack(
            [
                xp.astype(best_z, dtype)[..., 0],
                xp.log(count + 1.0) / 3.0,
                1.0 / xp.sqrt(count + 1.0),
                0.5 * xp.log(xp.astype(margin, dtype))[..., 0],
            ],
            axis=-1,
        )
        sums = xp.stack([xp.astype(table.present, dtype), known, z], axis=-1)
        moments = xp.concat([sums[..., i, None] * table.x for i in range(3)], axis=-1)
        x = xp.matrix_transpose(table.x)
        return Summary(x, sums, moments, features, best, centre, spread)

    def look(self, params: Params, prepared: Summary, p: Array, control: Array | None) -> Look:
        """Kernel statistics at the points under the current bandwidths."""
        xp = array_namespace(p)
        batch, s, d = p.shape
        inverse = self._inverse_width(params, p, control)  # (B, S, R, d)
        kernel = self._kernel(prepared, p, inverse)  # (B, S R, n)
        shape = (batch, s, self.n_kernels, -1)
        sums = xp.reshape(kernel @ prepared.sums, shape)
        pull = xp.reshape(kernel @ prepared.moments, shape)  # (B, S, R, 3 d)
        mass, total = sums[..., :1] + _PSEUDO_TRIALS, sums[..., 1:2] + _PSEUDO_TRIALS
        mean = sums[..., 2:] / total
        here = p[:, :, None]
        # Sums over trials of w (x - p), for w the density and the residuals of z.
        crowd = pull[..., :d] - sums[..., :1] * here
        rise = pull[..., 2 * d :] - mean * pull[..., d : 2 * d]
        rise = rise - (sums[..., 2:] - mean * sums[..., 1:2]) * here
        place = xp.stack(
            [
                3.0 * (prepared.best - p),
                3.0 * (prepared.centre - p),
                0.5 * xp.log(prepared.spread) + xp.zeros_like(p),
                2.0 * prepared.best - 1.0 + xp.zeros_like(p),
            ],
            axis=-1,
        )
        density_slope = xp.matrix_transpose(crowd * inverse / mass)
        mean_slope = xp.matrix_transpose(rise * inverse / total)
        axis = xp.concat([place, density_slope, mean_slope], axis=-1)
        return Look(axis, self._point(prepared, sums), xp.ones_like(p))

    def score(self, params: Params, prepared: Summary, p: Array) -> Score:
        """A small network on the statistics under the base bandwidths."""
        xp = array_namespace(p)
        kernel = self._kernel(prepared, p, self._inverse_width(params, p, None))
        sums = xp.reshape(kernel @ prepared.sums, (*p.shape[:2], self.n_kernels, 3))
        head = xp.tanh(linear(params, "value", self._point(prepared, sums)))
        return Score(linear(params, "value_out", head)[..., 0])

    def _inverse_width(self, params: Params, p: Array, control: Array | None) -> Array:
        """Inverse bandwidths, (B, S, R, d)."""
        xp = array_namespace(p)
        # The distance of random points grows with sqrt(d), and bandwidths with it.
        base = params["bandwidth"][:, None] + 0.5 * math.log(p.shape[-1] / 3.0)
        log_width = base + xp.zeros_like(p)[:, :, None]
        if control is not None:
            log_width = log_width + xp.moveaxis(control, -1, -2)
        return xp.exp(-log_width)

    def _kernel(self, prepared: Summary, p: Array, inverse: Array) -> Array:
        """Gaussian kernels between the points and all rows of the table, (B, S R, n)."""
        xp = array_namespace(p)
        batch, s, r, d = inverse.shape
        metric = inverse * inverse
        scaled = metric * p[:, :, None]
        own = xp.reshape(xp.sum(scaled * p[:, :, None], axis=-1), (batch, s * r, 1))
        weights = xp.reshape(xp.concat([metric, -2.0 * scaled], axis=-1), (batch, s * r, 2 * d))
        r2 = weights @ xp.concat([prepared.x * prepared.x, prepared.x], axis=1) + own
        return xp.exp(-0.5 * clip(r2, 0.0, None))

    def _point(self, prepared: Summary, sums: Array) -> Array:
        """Features of the points from their kernel-weighted sums: (B, S, n_point)."""
        xp = array_namespace(sums)
        mean = sums[..., 2] / (sums[..., 1] + _PSEUDO_TRIALS)
        shared = prepared.features[:, None] + xp.zeros_like(mean)[..., :1]
        return xp.concat([mean, xp.log(sums[..., 0] + 0.05), shared], axis=-1)
