"""Functions from a Gaussian process as sums of random cosines, cheap at any point.

Notation
    B  functions side by side   n  points   d  dimensions   M  random features
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

N_FEATURES = 256


class FourierPath:
    """B draws as sums of M random cosines (Rahimi and Recht, 2007): cheap at any point."""

    def __init__(
        self, kind: Tensor, rate: Tensor, *, generator: torch.Generator, dtype: torch.dtype
    ) -> None:
        """Draw frequencies, phases and amplitudes for kernels `kind` (B,) and `rate` (B, d)."""
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
        self.frequency = (normal * spread[..., None] * rate[:, None]).to(dtype)  # (B, M, d)
        self.phase = (2.0 * math.pi * torch.rand(batch, N_FEATURES, **options)).to(dtype)
        amplitude = torch.randn(batch, N_FEATURES, **options) * math.sqrt(2.0 / N_FEATURES)
        self.amplitude = amplitude.to(dtype)  # (B, M)

    def at(self, x: Tensor) -> Tensor:
        """Values (B, n) at x (B, n, d)."""
        angle = torch.baddbmm(self.phase[:, None], x.to(self.phase.dtype), self.frequency.mT)
        return (torch.cos(angle) @ self.amplitude[..., None])[..., 0]
