"""Gaussian process posterior whose hyper-parameters a small LSTM infers from the likelihood.

The network takes a few steps on the gradient of the log marginal likelihood. All hyper-parameters
(the log length scale of every axis, the log noise variance, the logit of the kernel's smoothness)
share it, told apart by flags, so that one network serves any dimension. The constant mean and
the signal variance have closed forms and need no network.

Notation
    B  problems   n  trials   d  axes   S  points   J = d + 2  hyper-parameters
    K  (B, n, n) correlation matrix with noise on its diagonal   r = z - m  residuals
    A  (B, n, n) weights of the likelihood's gradient: d LML / d theta = sum(A * dK / d theta) / 2
Everything here is float64: log EI near an evaluated point is the difference of close numbers.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import device

from l2l_sampler.arrays import (
    Array,
    array_namespace,
    clip,
    detach,
    sigmoid,
    take_rows,
    tril_inverse,
)
from l2l_sampler.policies.base import Params
from l2l_sampler.policies.gaussian import matern52, rbf
from l2l_sampler.policies.nets import init_linear, init_lstm, linear, lstm_cell

STEPS = 4
INFORMATIVE = 64  # trials whose likelihood is looked at
HIDDEN = 24
JITTER = 1e-6
_MESSAGE = 4
_FEATURES = 8 + _MESSAGE
_STRIDES = (0.6, 1.5, 2.0)  # longest step of a log length scale, the log noise, the smoothness
_PRIOR_TRIALS = 2.0  # the signal variance is shrunk to 1 with the weight of so many trials
_MEAN_PRECISION = 0.25  # and the mean to 0


class Posterior(NamedTuple):
    """A factorised Gaussian process.

    Attributes:
        x: (B, n, d) trials.
        weight: (B, n) 1 for trials in the table, 0 for padding.
        length_scale: (B, d).
        smoothness: (B, 1) weight of the squared exponential against the Matern 5/2 kernel.
        noise: (B, 1) noise variance over signal variance.
        mean: (B, 1) constant mean.
        deviation: (B, 1) signal standard deviation.
        precision: (B, n, n) inverse of K.
        alpha: (B, n) K^-1 (z - m).
        best: (B, 1) lowest posterior mean among the evaluated trials.
    """

    x: Array
    weight: Array
    length_scale: Array
    smoothness: Array
    noise: Array
    mean: Array
    deviation: Array
    precision: Array
    alpha: Array
    best: Array

    def at(self, p: Array) -> tuple[Array, Array, Array, Array]:
        """Mean and deviation (B, S) and their gradients along every axis (B, S, d) at p."""
        k, slope = self._cross(p)
        mean, root, reduction = self._reduce(k)
        # d k_i / d p = -2 slope_i (x_i - p) / l^2, at root = sqrt(1 - k' K^-1 k)
        metric = self.length_scale[:, None] ** -2
        mean_slope = -2.0 * self._pull(slope * self.alpha[:, None], p) * metric
        root_slope = 2.0 * self._pull(slope * reduction, p) * metric / root[..., None]
        deviation = self.deviation[..., None]
        return mean, self.deviation * root, mean_slope, deviation * root_slope

    def moments(self, p: Array) -> tuple[Array, Array]:
        """Mean and deviation (B, S) at p."""
        mean, root, _ = self._reduce(self._cross(p)[0])
        return mean, self.deviation * root

    def _reduce(self, k: Array) -> tuple[Array, Array, Array]:
        """Mean and deviation over the signal's (B, S), and k K^-1 (B, S, n), for k (B, S, n)."""
        xp = array_namespace(k)
        reduction = k @ self.precision
        mean = self.mean + (k @ self.alpha[..., None])[..., 0]
        variance = clip(1.0 - xp.sum(reduction * k, axis=-1), 1e-12, None)
        return mean, xp.sqrt(variance), reduction

    def _cross(self, p: Array) -> tuple[Array, Array]:
        """Correlations of p with the trials and their derivatives to r2, each (B, S, n)."""
        r2 = squared_distance(p, self.x, self.length_scale)
        k, slope, _ = _correlation(r2, self.smoothness[..., None])
        return k * self.weight[:, None], slope * self.weight[:, None]

    def _pull(self, w: Array, p: Array) -> Array:
        """Sum over trials of w (x - p): (B, S, n) -> (B, S, d)."""
        xp = array_namespace(p)
        return w @ self.x - xp.sum(w, axis=-1, keepdims=True) * p


def squared_distance(a: Array, b: Array, length_scale: Array) -> Array:
    """r2 between a (B, S, d) and b (B, n, d) under length scales (B, d): (B, S, n)."""
    xp = array_namespace(a)
    a, b = a / length_scale[:, None], b / length_scale[:, None]
    a2, b2 = xp.sum(a * a, axis=-1), xp.sum(b * b, axis=-1)
    cross = a @ xp.matrix_transpose(b)
    return clip(a2[..., None] + b2[:, None] - 2.0 * cross, 0.0, None)


def init(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Untrained parameters: starting hyper-parameters and the network that moves them."""
    return {
        "hyper.start": np.array([-1.0, -7.0, 0.0]),
        **init_lstm(rng, "hyper.cell", _FEATURES, HIDDEN),
        **init_linear(rng, "hyper.message", HIDDEN, _MESSAGE),
        **init_linear(rng, "hyper.out", HIDDEN, 1, scale=0.05),
    }


def infer(params: Params, x: Array, z: Array, known: Array, valid: Array) -> Posterior:
    """Infer hyper-parameters from the known trials and condition on all valid ones.

    A pending trial counts as evaluated at its posterior mean: it takes uncertainty away and
    moves no mean.

    Args:
        params: parameters with the names of `init`.
        x: (B, n, d) points, any float type.
        z: (B, n) encoded objective.
        known: (B, n) bool.
        valid: (B, n) bool, known or pending.
    """
    xp = array_namespace(x)
    narrow, wide = params["hyper.start"].dtype, xp.float64
    x, z = xp.astype(x, wide), xp.astype(z, wide)
    weight = xp.astype(known, wide)
    batch, _, d = x.shape
    kind = np.array([0] * d + [1, 2])
    here: dict[str, Any] = {"dtype": narrow, "device": device(x)}
    flags = xp.asarray(np.eye(3)[kind][:, 1:], **here)  # (J, 2)
    stride = xp.asarray(np.array(_STRIDES)[kind], **here)
    offset = xp.asarray(np.where(kind == 0, 0.5 * math.log(d), 0.0), **here)
    start = params["hyper.start"][kind]
    h = xp.zeros((batch, d + 2, HIDDEN), **here)
    zero = h[..., :1]  # (B, J, 1), spreads what hyper-parameters share
    origin = start + offset
    theta = origin + zero[..., 0]
    count = xp.sum(weight, axis=-1, keepdims=True)
    trials = xp.astype(xp.log(count + 1.0) / 3.0, narrow)[..., None]
    context = xp.concat([trials + zero, math.log(d) + zero, flags + zero], axis=-1)  # (B, J, 4)
    c = xp.zeros_like(h)
    some = x, z, weight
    if x.shape[1] > INFORMATIVE:
        index, kept = representatives(z, weight, INFORMATIVE)
        some = take_rows(x, index), xp.take_along_axis(z, index, axis=-1), kept
    for step in range(STEPS):
        # as usual in learned optimizers, no second derivatives: the gradient counts as an input
        kernel = _kernel(xp.astype(detach(theta), wide), some[0])
        model = _condition(kernel, *some)
        slope = _likelihood_slope(model, kernel) / (xp.sum(some[2], axis=-1, keepdims=True) + 1.0)
        gradient = xp.astype(slope, narrow)
        message = xp.mean(xp.tanh(linear(params, "hyper.message", h)), axis=1, keepdims=True)
        inputs = xp.concat(
            [
                clip(gradient, -3.0, 3.0)[..., None],
                (xp.sign(gradient) * xp.log1p(100.0 * xp.abs(gradient)))[..., None] * 0.3,
                ((theta - origin) * 0.5)[..., None],
                step / STEPS + zero,
                context,
                message + zero,
            ],
            axis=-1,
        )
        h, c = lstm_cell(params, "hyper.cell", inputs, h, c)
        theta = theta + stride * xp.tanh(linear(params, "hyper.out", h)[..., 0])
    kernel = _kernel(xp.astype(theta, wide), x)
    model = _condition(kernel, x, z, weight)
    if bool(xp.all(known == valid)):
        return model
    believed, _ = model.moments(x)
    z = xp.where(known, z, believed)
    both = _condition(kernel, x, z, xp.astype(valid, wide))
    return both._replace(best=model.best, deviation=model.deviation)


def log_likelihood(model: Posterior, z: Array) -> Array:
    """Log marginal likelihood of objectives under the kernel of a model, but for a constant in n.

    The signal variance is integrated over its prior, the mean is at its own optimum.

    Args:
        model: of n trials, none of them pending.
        z: (B, W, n) objectives at these trials, 0 where the model's is not known.

    Returns:
        (B, W).
    """
    xp = array_namespace(z)
    weight = model.weight[:, None] + 0.0 * z
    _, _, misfit = _explain(model.precision[:, None], weight, z)
    count = xp.sum(weight, axis=-1)
    _, log_det = xp.linalg.slogdet(model.precision)
    fit = (count + _PRIOR_TRIALS) * xp.log(misfit[..., 0] + _PRIOR_TRIALS)
    return 0.5 * (log_det[:, None] - fit)


def representatives(z: Array, weight: Array, most: int) -> tuple[Array, Array]:
    """At most `most` known trials, the best half and others evenly spaced by rank.

    The likelihood of these costs a fraction of that of all trials and says nearly as much.

    Args:
        z: (B, n) objective, n >= most.
        weight: (B, n) 1 where it is known.
        most: an even number.

    Returns:
        Which trials (B, most), and 1 where there is one (B, most): padding comes last.
    """
    xp = array_namespace(z)
    n, half = z.shape[1], most // 2
    order = xp.argsort(xp.where(weight > 0.0, z, xp.inf + xp.zeros_like(z)), axis=-1, stable=True)
    count = xp.sum(weight, axis=-1, keepdims=True)
    place = xp.arange(most, dtype=z.dtype, device=device(z))[None]
    spacing = clip((count - half - 1.0) / (half - 1.0), 1.0, None)
    rank = xp.where(place < half, place, half + xp.floor((place - half) * spacing))
    index = xp.take_along_axis(order, xp.astype(clip(rank, 0.0, n - 1.0), xp.int64), axis=-1)
    return index, xp.astype(rank < count, z.dtype)


def _correlation(r2: Array, smoothness: Array) -> tuple[Array, Array, Array]:
    """Mixture of the two kernels, its derivative with respect to r2, and their difference."""
    smooth, smooth_slope = rbf(r2)
    rough, rough_slope = matern52(r2)
    contrast = smooth - rough
    k = rough + smoothness * contrast
    return k, rough_slope + smoothness * (smooth_slope - rough_slope), contrast


class _Kernel(NamedTuple):
    """Correlations of all pairs of trials (B, n, n) under one set of hyper-parameters."""

    k: Array
    slope: Array  # dk / d r2
    contrast: Array  # dk / d smoothness
    length_scale: Array  # (B, d)
    noise: Array  # (B, 1)
    smoothness: Array  # (B, 1)


def _kernel(theta: Array, x: Array) -> _Kernel:
    """Args: theta (B, d + 2); x (B, n, d)."""
    xp = array_namespace(theta)
    d = x.shape[-1]
    length_scale = xp.exp(theta[:, :d])
    smoothness = sigmoid(theta[:, d + 1 :])
    r2 = squared_distance(x, x, length_scale)
    noise = xp.exp(theta[:, d : d + 1]) + JITTER
    return _Kernel(*_correlation(r2, smoothness[..., None]), length_scale, noise, smoothness)


def _condition(kernel: _Kernel, x: Array, z: Array, weight: Array) -> Posterior:
    """Condition on the trials of weight 1."""
    xp = array_namespace(x)
    noise = kernel.noise
    diagonal = xp.where(weight > 0.0, noise, xp.ones_like(noise))
    eye = xp.eye(x.shape[1], dtype=x.dtype, device=device(x))
    k = kernel.k * (weight[:, :, None] * weight[:, None]) + eye * diagonal[:, None]
    inverse = tril_inverse(xp.linalg.cholesky(k))
    precision = xp.matrix_transpose(inverse) @ inverse
    mean, alpha, misfit = _explain(precision, weight, z)
    count = xp.sum(weight, axis=-1, keepdims=True)
    variance = (misfit + _PRIOR_TRIALS) / (count + _PRIOR_TRIALS)
    fitted = xp.where(weight > 0.0, z - noise * alpha, xp.inf + xp.zeros_like(z))
    best = xp.min(fitted, axis=-1, keepdims=True)
    best = xp.where(count > 0.0, best, xp.zeros_like(best))
    return Posterior(
        x,
        weight,
        kernel.length_scale,
        kernel.smoothness,
        noise,
        mean,
        xp.sqrt(variance),
        precision,
        alpha,
        best,
    )


def _explain(precision: Array, weight: Array, z: Array) -> tuple[Array, Array, Array]:
    """The best constant mean, K^-1 (z - mean), and what is left of the squares of z.

    Args:
        precision: (..., n, n) inverse of K.
        weight: (..., n) 1 where z is known.
        z: (..., n) encoded objective.

    Returns:
        (..., 1), (..., n) and (..., 1).
    """
    xp = array_namespace(z)
    both = precision @ xp.stack([weight, z * weight], axis=-1)
    ones, solved = both[..., 0], both[..., 1]
    mean = xp.sum(solved * weight, axis=-1, keepdims=True) / (
        xp.sum(ones * weight, axis=-1, keepdims=True) + _MEAN_PRECISION
    )
    alpha = solved - mean * ones
    misfit = xp.sum((z - mean) * weight * alpha, axis=-1, keepdims=True)
    return mean, alpha, misfit + _MEAN_PRECISION * mean * mean


def _likelihood_slope(model: Posterior, kernel: _Kernel) -> Array:
    """Gradient of the log marginal likelihood with respect to theta, (B, d + 2)."""
    xp = array_namespace(model.x)
    scaled = model.alpha / model.deviation
    a = scaled[:, :, None] * scaled[:, None] - model.precision
    a = a * (model.weight[:, :, None] * model.weight[:, None])  # (B, n, n)
    # sum_ij w_ij (x_i - x_j)^2 of a symmetric w, without the (n, n, d) differences
    w, x = a * kernel.slope, model.x
    spread = xp.sum(w, axis=-1, keepdims=True) * x - w @ x
    scales = -2.0 * xp.sum(x * spread, axis=1) * kernel.length_scale**-2
    trace = xp.sum(xp.linalg.diagonal(a), axis=-1, keepdims=True)
    noise = 0.5 * trace * (kernel.noise - JITTER)
    shape = xp.sum(a * kernel.contrast, axis=(-2, -1))[:, None]
    shape = 0.5 * shape * kernel.smoothness * (1.0 - kernel.smoothness)
    return xp.concat([scales, noise, shape], axis=-1)
