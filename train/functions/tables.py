"""Functions that could have given a table of past trials, to train a policy on one's own problem.

The table is fitted by Bayesian linear regression on random cosines (Rahimi and Recht, 2007), a
Gaussian process in all but name, whose draws cost little at any point: near the trials they agree
with the table, and away from them they differ.

Notation
    N  rows of the table   d  dimensions   M  cosines
    x  (N, d) in [0, 1]    y  (N,) results, lower is better
    w  (M,) weights of the cosines, N(0, I) before and N(mean, L L') after the fit
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from train.functions import gp
from train.functions.fourier import draw_cosines, sum_of_cosines
from train.functions.own import OwnFunctions

_SCALES = (0.2, 0.4, 0.8, 1.6)
"""Length scales to choose from, times sqrt(d / 3); of each axis alone in a second round."""
_NOISES = (0.01, 0.1, 0.3)  # standard deviations of the noise, over that of y
_LEAST = 5  # Rows from which on a table says something of length scales.


@dataclass(frozen=True)
class Surrogate:
    """A fitted table, y being standardised.

    Attributes:
        frequency: (M, d) of the cosines, and
        phase: (M,) of the cosines.
        mean: (M,) of their weights.
        factor: (M, M) L of their weights.
        noise: standard deviation of the noise.
    """

    frequency: Tensor
    phase: Tensor
    mean: Tensor
    factor: Tensor
    noise: float

    @property
    def dim(self) -> int:
        """Number of dimensions."""
        return self.frequency.shape[1]


def from_table(x: ArrayLike, y: ArrayLike, *, seed: int = 0) -> Surrogate:
    """Fit a table of trials; length scales and noise are the likeliest of a few.

    Args:
        x: (N, d) points in the unit cube.
        y: (N,) results, lower is better.
        seed: of the cosines.

    Raises:
        ValueError: x is no table in the unit cube, or y does not fit to it.
    """
    points, values = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if points.ndim != 2 or values.shape != points.shape[:1] or len(values) < _LEAST:
        raise ValueError(
            f"x must be (N, d) and y (N,) with N at least {_LEAST}; got {points.shape} and "
            f"{values.shape}"
        )
    if not (np.isfinite(values).all() and (points >= 0.0).all() and (points <= 1.0).all()):
        raise ValueError(
            "y must be finite and x lie in [0, 1]: leave out failed trials, and scale every "
            "parameter by its bounds"
        )
    p, z = torch.from_numpy(points), torch.from_numpy(values)
    z = (z - z.mean()) / z.std().clamp_min(1e-12)
    scale, noise = _hyper_parameters(p, z)
    generator = torch.Generator().manual_seed(seed)
    kind = torch.tensor([gp.KERNELS.index("matern52")])
    frequency, phase, _ = draw_cosines(
        kind, 1.0 / scale[None], generator=generator, dtype=torch.float64
    )
    frequency, phase = frequency[0], phase[0]
    features = math.sqrt(2.0 / len(phase)) * torch.cos(p @ frequency.T + phase)  # (N, M)
    precision = torch.eye(len(phase), dtype=torch.float64) + features.T @ features / noise**2
    root = torch.linalg.cholesky(precision)
    mean = torch.cholesky_solve((features.T @ z / noise**2)[:, None], root)[:, 0]
    eye = torch.eye(len(phase), dtype=torch.float64)
    factor = torch.linalg.solve_triangular(root.T, eye, upper=True)
    return Surrogate(frequency, phase, mean, factor, noise)


def draw_from(
    surrogates: Sequence[Surrogate], count: int, dim: int, generator: torch.Generator
) -> OwnFunctions:
    """Functions that the fitted tables allow, each of a table that is drawn at random.

    Raises:
        ValueError: there is no table, or one has another number of dimensions.
    """
    dims = sorted({surrogate.dim for surrogate in surrogates})
    if dims != [dim]:
        raise ValueError(f"functions of {dim} dimensions are asked for, the tables have {dims}")
    options = {"generator": generator, "device": generator.device, "dtype": torch.float64}
    which = torch.randint(len(surrogates), (count,), generator=generator, device=generator.device)
    normal = torch.randn(count, len(surrogates[0].mean), **options)

    def chosen(name: str) -> Tensor:
        return torch.stack([getattr(s, name) for s in surrogates]).to(normal.device)[which]

    weight = chosen("mean") + (chosen("factor") @ normal[..., None])[..., 0]
    values = {
        "frequency": chosen("frequency"),
        "phase": chosen("phase"),
        "amplitude": math.sqrt(2.0 / weight.shape[1]) * weight,
    }
    noise = torch.tensor([s.noise for s in surrogates], dtype=torch.float64)
    return OwnFunctions(_cosines, values, dim, noise=noise.to(normal.device)[which])


def _cosines(values: Mapping[str, Tensor], x: Tensor) -> Tensor:
    return sum_of_cosines(x, values["frequency"], values["phase"], values["amplitude"])


def _hyper_parameters(x: Tensor, z: Tensor) -> tuple[Tensor, float]:
    """Length scales (d,) and noise of the highest likelihood, axis by axis in the end."""
    dim = x.shape[1]
    unit = math.sqrt(dim / 3.0)
    tried = [(torch.full((dim,), s * unit).double(), n) for s in _SCALES for n in _NOISES]
    best, noise = max(tried, key=lambda pair: _log_likelihood(x, z, *pair))
    for axis in range(dim if dim > 1 else 0):
        choices = []
        for factor in (0.5, 1.0, 2.0, 4.0):
            changed = best.clone()
            changed[axis] *= factor
            choices.append(changed)
        best = max(choices, key=lambda scale: _log_likelihood(x, z, scale, noise))
    return best, noise


def _log_likelihood(x: Tensor, z: Tensor, scale: Tensor, noise: float) -> float:
    """Log density of z under a Gaussian process of variance 1, but for a constant."""
    kind = torch.tensor([gp.KERNELS.index("matern52")])
    k = gp.kernel(kind, 1.0 / scale[None], x[None], x[None])[0]
    root = torch.linalg.cholesky(k + (noise**2 + gp.JITTER) * torch.eye(len(z)).double())
    half = torch.linalg.solve_triangular(root, z[:, None], upper=False)
    return float(-0.5 * (half**2).sum() - root.diagonal().log().sum())
