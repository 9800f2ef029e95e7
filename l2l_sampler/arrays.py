"""What the array API leaves out, for numpy (run time) and torch (training).

Everything else in this package is written once over the common array API. The functions here
are the only ones that ask which library an array belongs to.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import array_api_compat
import numpy as np
from array_api_compat import device, is_torch_array

Array: TypeAlias = Any

_BLOCK = 32
_RAISES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
"""What a diagonal is raised by, one after the other: the least that helps moves least."""


# From 2.1 on numpy follows the array API by itself; its wrapped copy takes 0.2 s to import and
# slows each call.
_NAMESPACES: dict[type, Any] = (
    {np.ndarray: np} if np.lib.NumpyVersion(np.__version__) >= "2.1.0" else {}
)


def array_namespace(x: Array) -> Any:
    """The array API functions of x's library; remembered by type, for it is asked all the time."""
    namespace = _NAMESPACES.get(type(x))
    if namespace is None:
        namespace = _NAMESPACES[type(x)] = array_api_compat.array_namespace(x)
    return namespace


def zeros(shape: tuple[int, ...], like: Array) -> Array:
    """Zeros in the dtype and on the device of `like`."""
    xp = array_namespace(like)
    return xp.zeros(shape, dtype=like.dtype, device=device(like))


def clip(x: Array, low: float | None, high: float | None) -> Array:
    """Values limited to [low, high]; the arrays' own method, several times as fast as xp.clip."""
    return x.clip(low, high)


def take_rows(x: Array, index: Array) -> Array:
    """Rows of x (B, n, d) at index (B, m): (B, m, d)."""
    xp = array_namespace(x)
    index = xp.broadcast_to(index[..., None], (*index.shape, x.shape[-1]))
    return xp.take_along_axis(x, index, axis=1)


def sigmoid(x: Array) -> Array:
    """Logistic function, stable for any finite x."""
    xp = array_namespace(x)
    return 0.5 * (1.0 + xp.tanh(0.5 * x))


def cholesky(k: Array) -> Array:
    """Lower Cholesky factors of positive definite matrices (..., n, n) with a diagonal of about 1.

    Where rounding has made one indefinite, as with trials that all but coincide under a long
    length scale, all diagonals are raised until none is.

    Raises:
        numpy.linalg.LinAlgError, torch.linalg.LinAlgError: no raise helps.
    """
    xp = array_namespace(k)
    for raised in _RAISES:
        try:
            return xp.linalg.cholesky(k)
        except (np.linalg.LinAlgError, RuntimeError):  # torch's is a RuntimeError
            k = k + raised * xp.eye(k.shape[-1], dtype=k.dtype, device=device(k))
    return xp.linalg.cholesky(k)


def tril_inverse(lower: Array) -> Array:
    """Inverse of lower-triangular matrices, shape (..., n, n)."""
    if is_torch_array(lower):
        import torch

        eye = torch.eye(lower.shape[-1], dtype=lower.dtype, device=lower.device)
        return torch.linalg.solve_triangular(lower, eye.expand_as(lower), upper=False)
    return _numpy_tril_inverse(lower)


def _numpy_tril_inverse(lower: np.ndarray) -> np.ndarray:
    """Halve until a block is small: numpy has no triangular solve, and its general one is slow."""
    n = lower.shape[-1]
    if n <= _BLOCK:
        return np.tril(np.linalg.inv(lower))
    half = n // 2
    inverse = np.zeros_like(lower)
    head = _numpy_tril_inverse(lower[..., :half, :half])
    tail = _numpy_tril_inverse(lower[..., half:, half:])
    inverse[..., :half, :half] = head
    inverse[..., half:, half:] = tail
    inverse[..., half:, :half] = -tail @ (lower[..., half:, :half] @ head)
    return inverse


def normal_cdf(x: Array) -> Array:
    """Standard normal distribution function."""
    if is_torch_array(x):
        import torch

        return torch.special.ndtr(x)
    scaled = np.asarray(x, dtype=np.float64) / -math.sqrt(2.0)
    erfc = np.array([math.erfc(v) for v in scaled.ravel().tolist()])
    return 0.5 * erfc.reshape(scaled.shape)


def detach(x: Array) -> Array:
    """The same values, cut off from the gradient."""
    return x.detach() if is_torch_array(x) else x


def clamp_unit(x: Array) -> Array:
    """Clamp to [0, 1]; in training, gradient steps that push further outside are dropped.

    A plain clamp has no gradient outside the cube, so a point could never come back, and a
    sigmoid saturates in the corners. Here a descent step may always lead inwards.
    """
    if not is_torch_array(x):
        return clip(x, 0.0, 1.0)
    inside = x + (x.clamp(0.0, 1.0) - x).detach()
    if inside.requires_grad:

        def drop_outward(gradient: Array) -> Array:
            outward = ((x >= 1.0) & (gradient < 0.0)) | ((x <= 0.0) & (gradient > 0.0))
            return gradient.masked_fill(outward, 0.0)

        inside.register_hook(drop_outward)
    return inside
