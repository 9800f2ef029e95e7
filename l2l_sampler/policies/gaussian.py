"""Gaussian process mathematics shared by the posterior read, the training teacher and the tests.

Notation
    z   (...) how far the incumbent lies above the posterior mean, in posterior deviations
    h   phi(z) + z Phi(z), so that EI = sd h(z)   (Mockus, 1982; equation 4 of the paper)
    r2  (...) squared distance divided by squared length scales
"""

from __future__ import annotations

import math

from l2l_sampler.arrays import Array, array_namespace, normal_cdf

_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)
_TAIL = -5.0
"""Below it phi + z Phi is the difference of close numbers; phi / (z^2 + _TAIL_C) takes over."""
_TAIL_C = 2.8102
"""It makes the two forms meet at _TAIL; that of the asymptotic series, 3, is for z far below."""

_ERFC = (
    *(-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806),
    *(0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277),
)


def log_h(z: Array) -> Array:
    """Logarithm of h at z, finite for every finite z; log EI is log sd plus this."""
    xp = array_namespace(z)
    near = xp.where(z > _TAIL, z, _TAIL + 0.0 * z)
    far = xp.where(z > _TAIL, _TAIL + 0.0 * z, z)
    density = xp.exp(-0.5 * near * near - _LOG_SQRT_2PI)
    direct = xp.log(density + near * normal_cdf(near))
    series = -0.5 * far * far - _LOG_SQRT_2PI - xp.log(far * far + _TAIL_C)
    return xp.where(z > _TAIL, direct, series)


def log_h_slope(z: Array) -> Array:
    """Derivative of `log_h`, Phi(z) / h(z)."""
    xp = array_namespace(z)
    near = xp.where(z > _TAIL, z, _TAIL + 0.0 * z)
    far = xp.where(z > _TAIL, _TAIL + 0.0 * z, z)
    cdf = normal_cdf(near)
    density = xp.exp(-0.5 * near * near - _LOG_SQRT_2PI)
    return xp.where(
        z > _TAIL, cdf / (density + near * cdf), -far - 2.0 * far / (far * far + _TAIL_C)
    )


def log_normal_cdf(z: Array) -> Array:
    """Logarithm of the standard normal distribution function, finite for every finite z.

    Its relative error is below 1.2e-7, by the approximation of the complementary error function in
    Press et al. (1992, "Numerical recipes", section 6.2). It takes whole arrays at a time, where
    the exact function of `arrays` goes through numpy's number by number.
    """
    xp = array_namespace(z)
    x = xp.abs(z) / math.sqrt(2.0)
    t = 1.0 / (1.0 + 0.5 * x)
    series = _ERFC[-1] + 0.0 * t
    for coefficient in reversed(_ERFC[:-1]):
        series = series * t + coefficient
    log_tail = xp.log(0.5 * t) - x * x + series  # of the further side
    return xp.where(z < 0.0, log_tail, xp.log1p(-xp.exp(log_tail)))


def rbf(r2: Array) -> tuple[Array, Array]:
    """Squared exponential correlation and its derivative with respect to r2."""
    xp = array_namespace(r2)
    k = xp.exp(-0.5 * r2)
    return k, -0.5 * k


def matern52(r2: Array) -> tuple[Array, Array]:
    """Matern 5/2 correlation and its derivative with respect to r2."""
    s, decay = _matern52_parts(r2)
    return (1.0 + s + s * s / 3.0) * decay, (-5.0 / 6.0) * (1.0 + s) * decay


def rbf_alone(r2: Array) -> Array:
    """Squared exponential correlation."""
    return array_namespace(r2).exp(-0.5 * r2)


def matern52_alone(r2: Array) -> Array:
    """Matern 5/2 correlation."""
    s, decay = _matern52_parts(r2)
    return (1.0 + s + s * s / 3.0) * decay


def _matern52_parts(r2: Array) -> tuple[Array, Array]:
    xp = array_namespace(r2)
    s = xp.sqrt(5.0 * r2 + 1e-12)  # A root at 0 has no gradient.
    return s, xp.exp(-s)
