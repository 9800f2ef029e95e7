"""Reads of the trial table: what a policy sees of the history at a point.

Notation
    B  problems side by side (1 at run time)   n  trials in the table   d  axes of the cube
    S  points read side by side                F  features
    x  (B, n, d) trials   z  (B, n) encoded objective   p  (B, S, d) points
Two reads share one interface: `KernelRead` (kernel-weighted statistics, no matrix is inverted)
and `PosteriorRead` (the exact Gaussian process posterior under inferred hyper-parameters).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np

from l2l_sampler.arrays import Array, array_namespace, clip, take_rows
from l2l_sampler.policies.base import Params
from l2l_sampler.policies.gaussian import log_h, log_h_slope
from l2l_sampler.policies.memory import hyper
from l2l_sampler.policies.memory.hyper import Posterior
from l2l_sampler.policies.nets import init_linear, linear

_PSEUDO_TRIALS = 0.2  # pull kernel-weighted means to 0 where there are no trials


class Table(NamedTuple):
    """The history as arrays; padding rows are neither valid nor known.

    Attributes:
        x: (B, n, d) points.
        z: (B, n) encoded objective, 0 where it is not known.
        known: (B, n) bool, the objective is known.
        valid: (B, n) bool, the row holds a trial; valid but not known is a pending one.
    """

    x: Array
    z: Array
    known: Array
    valid: Array

    def incumbent(self) -> tuple[Array, Array]:
        """Best known point (B, 1, d) and its z (B, 1); the table's first row if none is known."""
        xp = array_namespace(self.z)
        ranked = xp.where(self.known, self.z, xp.inf + xp.zeros_like(self.z))
        index = xp.argmin(ranked, axis=-1, keepdims=True)
        return take_rows(self.x, index), xp.take_along_axis(self.z, index, axis=-1)


class Look(NamedTuple):
    """What one read of the table at S points gives.

    Attributes:
        axis: (B, S, d, F_axis) features of every axis.
        point: (B, S, F_point) features of the point.
        stride: (B, S, d) or broadcastable, the natural length of a move along every axis.
    """

    axis: Array
    point: Array
    stride: Array


class Score(NamedTuple):
    """What a read expects of S points.

    Attributes:
        log_ei: (B, S) log expected improvement in units of z.
        mean: (B, S) predicted z, or None if the read predicts none.
        deviation: (B, S) its standard deviation, or None.
    """

    log_ei: Array
    mean: Array | None = None
    deviation: Array | None = None


class Read(ABC):
    """One way to read the table. `n_control` extra outputs an axis steer the next look."""

    n_axis: int
    n_point: int
    n_control: int

    @abstractmethod
    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Untrained parameters."""

    @abstractmethod
    def prepare(self, params: Params, table: Table, margin: Array) -> Any:
        """What does not depend on the points: computed once a proposal.

        Args:
            params: the policy's parameters.
            table: the history.
            margin: (B, 1) how far below the incumbent, in units of z, improvement begins.
        """

    @abstractmethod
    def look(self, params: Params, memory: Any, p: Array, control: Array | None) -> Look:
        """Read the memory at the points.

        Args:
            params: the policy's parameters.
            memory: what `prepare` returned.
            p: (B, S, d) points.
            control: (B, S, d, n_control) sum of the policy's steering outputs; None is zero.
        """

    @abstractmethod
    def score(self, params: Params, memory: Any, p: Array) -> Score:
        """Predicted log expected improvement at the points p (B, S, d)."""


class PosteriorRead(Read):
    """Mean, deviation and log EI of a Gaussian process, with their gradients along every axis."""

    n_axis = 5
    n_point = 4
    n_control = 0

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Parameters of the hyper-parameter network."""
        return hyper.init(rng)

    def prepare(self, params: Params, table: Table, margin: Array) -> Posterior:
        """Infer the hyper-parameters and factorise once."""
        posterior = hyper.infer(params, table.x, table.z, table.known, table.valid)
        return posterior._replace(best=posterior.best - margin)

    def look(self, params: Params, memory: Posterior, p: Array, control: Array | None) -> Look:
        """Posterior statistics at the points; there is nothing to steer."""
        xp = array_namespace(p)
        mean, deviation, mean_slope, deviation_slope = memory.at(xp.astype(p, xp.float64))
        lead = (memory.best - mean) / deviation
        slope = log_h_slope(lead)
        gradient = (
            (1.0 - lead * slope)[..., None] * deviation_slope - slope[..., None] * mean_slope
        ) / deviation[..., None]
        norm = xp.sqrt(xp.sum(gradient * gradient, axis=-1, keepdims=True))
        log_scale = xp.log(memory.length_scale)[:, None, :] + xp.zeros_like(p)
        axis = xp.stack(
            [
                clip(mean_slope / deviation[..., None], -10.0, 10.0) * 0.3,
                clip(deviation_slope / deviation[..., None], -10.0, 10.0) * 0.3,
                xp.sign(gradient) * xp.log1p(xp.abs(gradient)) * 0.5,
                gradient / (norm + 1e-6),
                log_scale,
            ],
            axis=-1,
        )
        point = xp.stack(
            [
                clip(lead, -10.0, 10.0) * 0.3,
                xp.log(deviation),
                mean,
                memory.best + xp.zeros_like(mean),
            ],
            axis=-1,
        )
        stride = clip(memory.length_scale, 0.05, 1.0)[:, None, :]
        return Look(*(xp.astype(value, p.dtype) for value in (axis, point, stride)))

    def score(self, params: Params, memory: Posterior, p: Array) -> Score:
        """Posterior mean and deviation at the points and what follows from them."""
        xp = array_namespace(p)
        mean, deviation = memory.moments(xp.astype(p, xp.float64))
        log_ei = xp.log(deviation) + log_h((memory.best - mean) / deviation)
        return Score(log_ei, mean, deviation)


class _KernelMemory(NamedTuple):
    x: Array  # (B, d, n) trials
    sums: Array  # (B, n, 3) columns whose kernel-weighted sums are density, count and sum of z
    moments: Array  # (B, n, 3 d) the same times x
    summary: Array  # (B, F) features of the table
    best: Array  # (B, 1, d)
    centre: Array  # (B, 1, d) mean of good points
    spread: Array  # (B, 1, d) their deviation


class KernelRead(Read):
    """Density and kernel-weighted mean of z with their gradients, under R learned bandwidths."""

    n_kernels = 3
    n_axis = 4 + 2 * n_kernels
    n_point = 2 * n_kernels + 4
    n_control = n_kernels

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Base bandwidths and the head that predicts log EI."""
        return {
            "bandwidth": np.log(np.array([0.1, 0.2, 0.4])),
            **init_linear(rng, "value", self.n_point, 64),
            **init_linear(rng, "value_out", 64, 1),
        }

    def prepare(self, params: Params, table: Table, margin: Array) -> _KernelMemory:
        """Summaries of the table that every look uses."""
        xp = array_namespace(table.z)
        dtype = table.x.dtype
        known = xp.astype(table.known, dtype)
        z = xp.astype(table.z, dtype) * known
        best, best_z = table.incumbent()
        weight = xp.exp(-2.0 * (z - xp.astype(best_z, dtype))) * known
        weight = (weight / (xp.sum(weight, axis=-1, keepdims=True) + 1e-12))[..., None]
        centre = xp.sum(weight * table.x, axis=-2, keepdims=True)
        spread = xp.sqrt(xp.sum(weight * (table.x - centre) ** 2, axis=-2, keepdims=True) + 1e-6)
        count = xp.sum(known, axis=-1)
        summary = xp.stack(
            [
                xp.astype(best_z, dtype)[..., 0],
                xp.log(count + 1.0) / 3.0,
                1.0 / xp.sqrt(count + 1.0),
                0.5 * xp.log(xp.astype(margin, dtype))[..., 0],
            ],
            axis=-1,
        )
        sums = xp.stack([xp.astype(table.valid, dtype), known, z], axis=-1)
        moments = xp.concat([sums[..., i, None] * table.x for i in range(3)], axis=-1)
        x = xp.matrix_transpose(table.x)
        return _KernelMemory(x, sums, moments, summary, best, centre, spread)

    def look(self, params: Params, memory: _KernelMemory, p: Array, control: Array | None) -> Look:
        """Kernel statistics at the points under the current bandwidths."""
        xp = array_namespace(p)
        batch, s, d = p.shape
        inverse = self._inverse_width(params, p, control)  # (B, S, R, d)
        kernel = self._kernel(memory, p, inverse)  # (B, S R, n)
        shape = (batch, s, self.n_kernels, -1)
        sums = xp.reshape(kernel @ memory.sums, shape)
        pull = xp.reshape(kernel @ memory.moments, shape)  # (B, S, R, 3 d)
        mass, total = sums[..., :1] + _PSEUDO_TRIALS, sums[..., 1:2] + _PSEUDO_TRIALS
        mean = sums[..., 2:] / total
        here = p[:, :, None]
        # sums over trials of w (x - p), for w the density and the residuals of z
        crowd = pull[..., :d] - sums[..., :1] * here
        rise = pull[..., 2 * d :] - mean * pull[..., d : 2 * d]
        rise = rise - (sums[..., 2:] - mean * sums[..., 1:2]) * here
        place = xp.stack(
            [
                3.0 * (memory.best - p),
                3.0 * (memory.centre - p),
                0.5 * xp.log(memory.spread) + xp.zeros_like(p),
                2.0 * memory.best - 1.0 + xp.zeros_like(p),
            ],
            axis=-1,
        )
        density_slope = xp.matrix_transpose(crowd * inverse / mass)
        mean_slope = xp.matrix_transpose(rise * inverse / total)
        axis = xp.concat([place, density_slope, mean_slope], axis=-1)
        return Look(axis, self._point(memory, sums), xp.ones_like(p))

    def score(self, params: Params, memory: _KernelMemory, p: Array) -> Score:
        """A small network on the statistics under the base bandwidths."""
        xp = array_namespace(p)
        kernel = self._kernel(memory, p, self._inverse_width(params, p, None))
        sums = xp.reshape(kernel @ memory.sums, (*p.shape[:2], self.n_kernels, 3))
        head = xp.tanh(linear(params, "value", self._point(memory, sums)))
        return Score(linear(params, "value_out", head)[..., 0])

    def _inverse_width(self, params: Params, p: Array, control: Array | None) -> Array:
        """Inverse bandwidths, (B, S, R, d)."""
        xp = array_namespace(p)
        base = params["bandwidth"][:, None] + 0.5 * math.log(p.shape[-1] / 3.0)
        log_width = base + xp.zeros_like(p)[:, :, None]
        if control is not None:
            log_width = log_width + xp.moveaxis(control, -1, -2)
        return xp.exp(-log_width)

    def _kernel(self, memory: _KernelMemory, p: Array, inverse: Array) -> Array:
        """Gaussian kernels between the points and all rows of the table, (B, S R, n)."""
        xp = array_namespace(p)
        batch, s, r, d = inverse.shape
        metric = inverse * inverse
        scaled = metric * p[:, :, None]
        own = xp.reshape(xp.sum(scaled * p[:, :, None], axis=-1), (batch, s * r, 1))
        weights = xp.reshape(xp.concat([metric, -2.0 * scaled], axis=-1), (batch, s * r, 2 * d))
        r2 = weights @ xp.concat([memory.x * memory.x, memory.x], axis=1) + own
        return xp.exp(-0.5 * clip(r2, 0.0, None))

    def _point(self, memory: _KernelMemory, sums: Array) -> Array:
        """Features of the points from their kernel-weighted sums: (B, S, n_point)."""
        xp = array_namespace(sums)
        mean = sums[..., 2] / (sums[..., 1] + _PSEUDO_TRIALS)
        shared = memory.summary[:, None] + xp.zeros_like(mean)[..., :1]
        return xp.concat([mean, xp.log(sums[..., 0] + 0.05), shared], axis=-1)


READS: dict[str, Read] = {"kernel": KernelRead(), "posterior": PosteriorRead()}
