"""Algebra of a Gaussian process whose mean and signal variance have closed forms.

Notation
    B  problems   n  trials   d  axes   S  points   J = d + 2  hyper-parameters
    theta  (B, J) log length scale of every axis, log noise variance, logit of the smoothness
    x  (B, n, d) trials   z  (B, n) encoded objective   p  (B, S, d) points
    k  correlations   K  (B, n, n) those of the trials with noise on the diagonal
    m  constant mean, over which z may rise   s  signal deviation: z ~ N(m 1, s^2 K)
    1  (n,) vector of ones
Everything here is float64: log EI near an evaluated point is the difference of close numbers.
Where points are looked at, sums are the arrays' own method: xp.sum takes twice as long to start.
"""

from __future__ import annotations

from typing import NamedTuple

from array_api_compat import device

from l2l_sampler.arrays import Array, array_namespace, cholesky, clip, sigmoid, tril_inverse
from l2l_sampler.policies.gaussian import matern52, matern52_alone, rbf, rbf_alone
from l2l_sampler.policies.memory.process.rise import Rise

JITTER = 1e-6
"""Smallest noise variance over the signal's: below it repeated points make K singular."""
PRIOR_TRIALS = 2.0
"""The signal variance is shrunk to 1 with the weight of so many trials.

The encoded objective has variance 1 wherever it varies, and the first two results alone say
nothing of the third's spread.
"""
MEAN_PRECISION = 0.25
"""The mean's prior is N(0, s^2 / MEAN_PRECISION): two signal deviations around the encoded 0."""
_LEAST_VARIANCE = 1e-12  # Rounding takes the variance at a trial below 0, which has no root.


class Posterior(NamedTuple):
    """A factorised Gaussian process.

    Attributes:
        x: (B, n, d) trials.
        scaled: (B, n, d) the same in length scales, and
        squares: (B, n) their squared norms.
        weight: (B, n) 1 for trials in the table, 0 for padding.
        length_scale: (B, d).
        smoothness: (B, 1) weight of the squared exponential against the Matern 5/2 kernel.
        noise: (B, 1) noise variance over signal variance.
        mean: (B, 1) constant mean m.
        deviation: (B, 1) signal standard deviation s.
        precision: (B, n, n) inverse of K.
        alpha: (B, n) K^-1 (z - m).
        best: (B, 1) lowest posterior mean among the trials that may be the incumbent.
        rise: what is added to the constant mean; None for nothing.
        theta: (B, J) the hyper-parameters, where they were inferred.
    """

    x: Array
    scaled: Array
    squares: Array
    weight: Array
    length_scale: Array
    smoothness: Array
    noise: Array
    mean: Array
    deviation: Array
    precision: Array
    alpha: Array
    best: Array
    rise: Rise | None = None
    theta: Array | None = None

    def moments(self, p: Array) -> tuple[Array, Array]:
        """Mean m + k' K^-1 (z - m) and deviation s sqrt(1 - k' K^-1 k) at p, each (B, S)."""
        r2 = squared_distance(p / self.length_scale[:, None], self.scaled, self.squares)
        k = correlation_alone(r2, self.smoothness[..., None]) * self.weight[:, None]
        mean, root, _ = self._reduce(k)
        if self.rise is not None:
            mean = mean + self.rise.at(p)
        return mean, self.deviation * root

    def moments_and_slopes(self, p: Array) -> tuple[Array, Array, Array, Array]:
        """Mean and deviation (B, S) and their gradients along every axis (B, S, d) at p."""
        r2 = squared_distance(p / self.length_scale[:, None], self.scaled, self.squares)
        k, slope, _ = correlation(r2, self.smoothness[..., None])
        k, slope = k * self.weight[:, None], slope * self.weight[:, None]
        mean, root, reduction = self._reduce(k)
        # The chain rule: d k_i / d p = -2 slope_i (x_i - p) / l^2.
        metric = self.length_scale[:, None] ** -2
        mean_slope = -2.0 * self._pull(slope * self.alpha[:, None], p) * metric
        root_slope = 2.0 * self._pull(slope * reduction, p) * metric / root[..., None]
        deviation = self.deviation[..., None]
        if self.rise is not None:
            mean, mean_slope = mean + self.rise.at(p), mean_slope + self.rise.slope(p)
        return mean, self.deviation * root, mean_slope, deviation * root_slope

    def _reduce(self, k: Array) -> tuple[Array, Array, Array]:
        """Mean and deviation over the signal's (B, S), and k K^-1 (B, S, n), for k (B, S, n)."""
        xp = array_namespace(k)
        reduction = k @ self.precision
        mean = self.mean + (k @ self.alpha[..., None])[..., 0]
        variance = clip(1.0 - (reduction * k).sum(axis=-1), _LEAST_VARIANCE, None)
        return mean, xp.sqrt(variance), reduction

    def _pull(self, w: Array, p: Array) -> Array:
        """Sum over trials of w (x - p): (B, S, n) -> (B, S, d)."""
        return w @ self.x - w.sum(axis=-1)[..., None] * p


class Kernel(NamedTuple):
    """Correlations of all pairs of trials under one set of hyper-parameters.

    Attributes:
        k: (B, n, n) correlations without noise.
        slope: (B, n, n) dk / d r2, and
        contrast: (B, n, n) dk / d smoothness, for the gradient; None if it is not wanted.
        scaled: (B, n, d) the trials in length scales, and
        squares: (B, n) their squared norms.
        length_scale: (B, d).
        noise: (B, 1) noise variance over signal variance.
        smoothness: (B, 1) weight of the squared exponential.
    """

    k: Array
    slope: Array | None
    contrast: Array | None
    scaled: Array
    squares: Array
    length_scale: Array
    noise: Array
    smoothness: Array


def squared_distance(a: Array, b: Array, squares: Array) -> Array:
    """r2 of a (B, S, d) and b (B, n, d), whose norms have these squares (B, n): (B, S, n)."""
    xp = array_namespace(a)
    cross = a @ xp.matrix_transpose(b)
    return clip((a * a).sum(axis=-1)[..., None] + squares[:, None] - 2.0 * cross, 0.0, None)


def correlation(r2: Array, smoothness: Array) -> tuple[Array, Array, Array]:
    """Mixture of the two kernels, its derivative with respect to r2, and their difference."""
    smooth, smooth_slope = rbf(r2)
    rough, rough_slope = matern52(r2)
    contrast = smooth - rough
    k = rough + smoothness * contrast
    return k, rough_slope + smoothness * (smooth_slope - rough_slope), contrast


def correlation_alone(r2: Array, smoothness: Array) -> Array:
    """Mixture of the two kernels, without derivatives."""
    rough = matern52_alone(r2)
    return rough + smoothness * (rbf_alone(r2) - rough)


def kernel(theta: Array, x: Array, *, slopes: bool = True) -> Kernel:
    """The correlations of all pairs of x (B, n, d) under theta (B, J).

    Args:
        theta: hyper-parameters.
        x: trials.
        slopes: whether what the gradient needs is wanted.
    """
    xp = array_namespace(theta)
    d = x.shape[-1]
    length_scale = xp.exp(theta[:, :d])
    smoothness = sigmoid(theta[:, d + 1 :])
    scaled = x / length_scale[:, None]
    squares = (scaled * scaled).sum(axis=-1)
    # A copy, for a product of an array with itself is rounded in another way.
    r2 = squared_distance(x / length_scale[:, None], scaled, squares)
    noise = xp.exp(theta[:, d : d + 1]) + JITTER
    if not slopes:
        k = correlation_alone(r2, smoothness[..., None])
        return Kernel(k, None, None, scaled, squares, length_scale, noise, smoothness)
    k, slope, contrast = correlation(r2, smoothness[..., None])
    return Kernel(k, slope, contrast, scaled, squares, length_scale, noise, smoothness)


def condition(
    pairs: Kernel,
    x: Array,
    z: Array,
    weight: Array,
    rise: Rise | None = None,
    eligible: Array | None = None,
) -> Posterior:
    """Condition on the trials of weight 1; the rows of K that are padding are those of 1.

    The signal variance is the mean of its prior and the misfit (see `explain`), each with the
    weight of its trials: s^2 = (misfit + PRIOR_TRIALS) / (n + PRIOR_TRIALS).

    Args:
        pairs: the correlations of x.
        x: (B, n, d) trials.
        z: (B, n) encoded objective.
        weight: (B, n) 1 for trials to condition on, 0 for the others.
        rise: part of the mean; None for none.
        eligible: (B, n) bool, trials of weight 1 that may be the incumbent; None for all.
    """
    xp = array_namespace(x)
    above = z if rise is None else z - rise.at(x) * weight  # the constant mean
    noise = pairs.noise
    diagonal = xp.where(weight > 0.0, noise, xp.ones_like(noise))
    eye = xp.eye(x.shape[1], dtype=x.dtype, device=device(x))
    k = pairs.k * (weight[:, :, None] * weight[:, None]) + eye * diagonal[:, None]
    inverse = tril_inverse(cholesky(k))
    precision = xp.matrix_transpose(inverse) @ inverse
    mean, alpha, misfit = explain(precision, weight, above)
    count = xp.sum(weight, axis=-1, keepdims=True)
    variance = (misfit + PRIOR_TRIALS) / (count + PRIOR_TRIALS)
    # At a trial the posterior mean is z - noise alpha.
    some = weight > 0.0 if eligible is None else eligible
    fitted = xp.where(some, z - noise * alpha, xp.inf + xp.zeros_like(z))
    best = xp.min(fitted, axis=-1, keepdims=True)
    return Posterior(
        x=x,
        scaled=pairs.scaled,
        squares=pairs.squares,
        weight=weight,
        length_scale=pairs.length_scale,
        smoothness=pairs.smoothness,
        noise=noise,
        mean=mean,
        deviation=xp.sqrt(variance),
        precision=precision,
        alpha=alpha,
        best=xp.where(xp.isfinite(best), best, xp.zeros_like(best)),
        rise=rise,
    )


def explain(precision: Array, weight: Array, z: Array) -> tuple[Array, Array, Array]:
    """The best constant mean, and what it leaves of z.

    By generalised least squares, shrunk to 0 by the mean's prior:
        m = 1' K^-1 z / (1' K^-1 1 + MEAN_PRECISION)
        misfit = (z - m)' K^-1 (z - m) + MEAN_PRECISION m^2

    Args:
        precision: (..., n, n) inverse of K.
        weight: (..., n) 1 where z is known.
        z: (..., n) encoded objective.

    Returns:
        m (..., 1), K^-1 (z - m) (..., n) and the misfit (..., 1).
    """
    xp = array_namespace(z)
    both = precision @ xp.stack([weight, z * weight], axis=-1)
    ones, solved = both[..., 0], both[..., 1]
    mean = xp.sum(solved * weight, axis=-1, keepdims=True) / (
        xp.sum(ones * weight, axis=-1, keepdims=True) + MEAN_PRECISION
    )
    alpha = solved - mean * ones
    misfit = xp.sum((z - mean) * weight * alpha, axis=-1, keepdims=True)
    return mean, alpha, misfit + MEAN_PRECISION * mean * mean


def likelihood_slope(model: Posterior, pairs: Kernel) -> Array:
    """Gradient of the log marginal likelihood with respect to theta, (B, J).

    It is d LML / d theta = sum(A * dK / d theta) / 2 with A = alpha alpha' / s^2 - K^-1, as in
    Rasmussen and Williams (2006, equation 5.9): the mean is at its optimum, so that its change
    counts for nothing, and integrating over s puts (n + PRIOR_TRIALS) / (misfit + PRIOR_TRIALS)
    into the place of 1 / s^2, which is the same.
    """
    xp = array_namespace(model.x)
    scaled = model.alpha / model.deviation
    a = scaled[:, :, None] * scaled[:, None] - model.precision
    a = a * (model.weight[:, :, None] * model.weight[:, None])  # (B, n, n)
    # Sum over i, j of w_ij (x_i - x_j)^2 for a symmetric w, without the (n, n, d) differences.
    w, x = a * pairs.slope, model.x
    spread = xp.sum(w, axis=-1, keepdims=True) * x - w @ x
    scales = -2.0 * xp.sum(x * spread, axis=1) * pairs.length_scale**-2
    trace = xp.sum(xp.linalg.diagonal(a), axis=-1, keepdims=True)
    noise = 0.5 * trace * (pairs.noise - JITTER)
    shape = xp.sum(a * pairs.contrast, axis=(-2, -1))[:, None]
    shape = 0.5 * shape * pairs.smoothness * (1.0 - pairs.smoothness)
    return xp.concat([scales, noise, shape], axis=-1)


def log_likelihood(model: Posterior, z: Array) -> Array:
    """Log marginal likelihood of objectives under the kernel of a model, but for a constant in n.

    The signal variance is integrated over its prior, which gives Student's distribution, and the
    mean is at its optimum: (log |K^-1| - (n + PRIOR_TRIALS) log(misfit + PRIOR_TRIALS)) / 2.

    Args:
        model: of n trials, none of them pending.
        z: (B, W, n) objectives at these trials, 0 where the model's is not known.

    Returns:
        (B, W).
    """
    xp = array_namespace(z)
    weight = model.weight[:, None] + 0.0 * z
    _, _, misfit = explain(model.precision[:, None], weight, z)
    count = xp.sum(weight, axis=-1)
    _, log_det = xp.linalg.slogdet(model.precision)
    fit = (count + PRIOR_TRIALS) * xp.log(misfit[..., 0] + PRIOR_TRIALS)
    return 0.5 * (log_det[:, None] - fit)
