"""Functions from a Gaussian process as sums of random cosines, cheap at any point.

The benchmarks draw theirs in code of their own: a benchmark shares none with training.

Notation
    B  functions side by side   n  points   d  dimensions   M  random features
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

N_FEATURES = 256
"""With so many the lowest values are those of exact draws, up to what a few thousand of them show;
a value costs M cosines."""


def draw_cosines(
    kind: Tensor, rate: Tensor, *, generator: torch.Generator, dtype: torch.dtype
) -> tuple[Tensor, Tensor, Tensor]:
    """Frequencies (B, M, d), phases and amplitudes (B, M) of draws (Rahimi and Recht, 2007).

    Args:
        kind: (B,) index into `gp.KERNELS`.
        rate: (B, d) inverse length scales.
        generator: draws float64 numbers whatever the type, so that seeds mean the same functions.
        dtype: of what is returned.
    """
    batch, dim = rate.shape
    options = {"generator": generator, "device": generator.device, "dtype": torch.float64}
    normal = torch.randn(batch, N_FEATURES, dim, **options)
    # A Matern kernel's spectrum is a multivariate t with 2 nu degrees of freedom.
    squares = torch.randn(batch, N_FEATURES, 5, **options) ** 2
    spread = torch.stack(
        [
            torch.ones_like(squares[..., 0]),
            (3.0 / squares[..., :3].sum(-1)).sqrt(),
            (5.0 / squares.sum(-1)).sqrt(),
        ]
    )  # (kernels, B, M)
    spread = spread.gather(0, kind[None, :, None].expand(1, batch, N_FEATURES))[0]
    frequency = normal * spread[..., None] * rate[:, None]
    phase = 2.0 * math.pi * torch.rand(batch, N_FEATURES, **options)
    amplitude = torch.randn(batch, N_FEATURES, **options) * math.sqrt(2.0 / N_FEATURES)
    return frequency.to(dtype), phase.to(dtype), amplitude.to(dtype)


def sum_of_cosines(x: Tensor, frequency: Tensor, phase: Tensor, amplitude: Tensor) -> Tensor:
    """Values (B, n) at x (B, n, d)."""
    angle = torch.baddbmm(phase[:, None], x.to(phase.dtype), frequency.mT)
    return (torch.cos(angle) @ amplitude[..., None])[..., 0]
