"""Gaussian processes with known hyper-parameters: the judge of a proposal.

Notation
    B     problems side by side               n     trials in the table
    m     query points                        d     search-space dimension
    a     (B, n, d) points in the table       p     (B, m, d) query points
    rate  (B, d) inverse length scales, 0 for an irrelevant dimension
    kind  (B,) index into KERNELS
    L     (B, n, n) Cholesky factor           K     (B, n, n) covariance
Everything runs in float64: at long length scales a float32 factorisation fails.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from l2l_sampler.policies.gaussian import log_h, matern52, rbf

KERNELS = ("rbf", "matern32", "matern52")
JITTER = 1e-6
_MIN_VARIANCE = 1e-12


def kernel(kind: Tensor, rate: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Correlation of every point of a (B, n, d) with every point of b (B, m, d): (B, n, m)."""
    a, b = a * rate[:, None], b * rate[:, None]
    squared = (a * a).sum(-1)[:, :, None] + (b * b).sum(-1)[:, None] - 2.0 * a @ b.mT
    squared = squared.clamp_min(1e-20)  # (B, n, m); a root at 0 has no gradient
    present = torch.unique(kind).tolist()
    if len(present) == 1:
        return _correlation(KERNELS[present[0]], squared)
    rows = [torch.nonzero(kind == k)[:, 0] for k in present]
    parts = [_correlation(KERNELS[k], squared[r]) for k, r in zip(present, rows, strict=True)]
    return torch.cat(parts)[torch.argsort(torch.cat(rows))]


def _correlation(name: str, squared: Tensor) -> Tensor:
    """Correlation at a squared distance that is already divided by the length scales."""
    if name == "matern32":
        r = math.sqrt(3.0) * squared.sqrt()
        return (1.0 + r) * torch.exp(-r)
    correlation, _ = rbf(squared) if name == "rbf" else matern52(squared)
    return correlation


@dataclass(frozen=True)
class Posterior:
    """Zero-mean, unit-variance processes given a table of trials; made by `condition`.

    Attributes:
        kind: (B,) kernels.
        rate: (B, d) inverse length scales.
        a: (B, n, d) the table, trials with a value first.
        present: (B, n) bool, the row is in the table.
        factor: (B, n, n) Cholesky factor of the table's covariance.
        weight: (B, n, 1) the factor's solution for the values, 0 where none is known.
    """

    kind: Tensor
    rate: Tensor
    a: Tensor
    present: Tensor
    factor: Tensor
    weight: Tensor

    def moments(self, p: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation (B, m), float64, of the noise-free function at p.

        Gradients flow to p (B, m, d).
        """
        cross = kernel(self.kind, self.rate, self.a, p.double()) * self.present[..., None]
        v = torch.linalg.solve_triangular(self.factor, cross, upper=False)  # (B, n, m)
        variance = 1.0 - (v * v).sum(1)
        return (v * self.weight).sum(1), variance.clamp_min(_MIN_VARIANCE).sqrt()


def condition(
    kind: Tensor,
    rate: Tensor,
    noise: Tensor,
    a: Tensor,
    value: Tensor,
    known: Tensor,
    present: Tensor,
) -> Posterior:
    """The processes given what is known of each problem.

    The trials with a value come first, so the leading block of one factor is the factor of
    these alone: it gives the mean, and all of it the variance.

    Args:
        kind: (B,) kernels.
        rate: (B, d) inverse length scales.
        noise: (B,) standard deviation of the observation noise.
        a: (B, n, d) the table; rows outside `present` are ignored.
        value: (B, n) values, read where `known`.
        known: (B, n) bool, the value is known.
        present: (B, n) bool, the row is in the table; present and not known is a pending trial,
            which lowers the variance and leaves the mean alone.
    """
    order = torch.argsort((~known).to(torch.int8), dim=1, stable=True)  # (B, n)
    a = a.double().gather(1, order[..., None].expand_as(a))
    known, present = known.gather(1, order), present.gather(1, order)
    value = value.double().gather(1, order).masked_fill(~known, 0.0)
    diagonal = torch.where(present, noise.double()[:, None] ** 2 + JITTER, 1.0)
    both = present[:, :, None] & present[:, None]
    covariance = kernel(kind, rate, a, a) * both + torch.diag_embed(diagonal)
    factor = torch.linalg.cholesky(covariance)
    weight = torch.linalg.solve_triangular(factor, value[..., None], upper=False)
    return Posterior(kind, rate, a, present, factor, weight * known[..., None])


def incumbent(value: Tensor, known: Tensor) -> Tensor:
    """(B,) best known value; the prior mean, 0, where nothing is known."""
    best = value.masked_fill(~known, math.inf).amin(1)
    return torch.where(known.any(1), best, torch.zeros_like(best))


def log_ei(mean: Tensor, sd: Tensor, best: Tensor) -> Tensor:
    """Logarithm of the expected improvement below best (B,) at every query point: (B, m)."""
    return torch.log(sd) + log_h((best[:, None] - mean) / sd)
