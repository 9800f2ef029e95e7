"""Functions drawn from a prior, and what their own process says of them.

Notation
    B  functions side by side     n  points      d  dimensions     M  random features
    x  (B, n, d) in [0, 1]        g  (B, n) latent values, lower is better
A function is a draw from a Gaussian process over warped inputs, to which a known trend may be
added. What a policy is shown, y, is an increasing map of the latent value plus noise; what it is
judged by is the latent value.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from train.functions import gp
from train.functions.fourier import sum_of_cosines
from train.functions.trends import Trend, Trended
from train.functions.warps import snap, warp_inputs, warp_values


@dataclass(eq=False)
class Functions:
    """B functions of d dimensions; `priors.draw` makes them.

    Attributes:
        kind: (B,) index into `gp.KERNELS`.
        rate: (B, d) inverse length scales, 0 for an irrelevant dimension.
        warp_a: (B, d) and
        warp_b: (B, d) parameters of `warps.warp_inputs`.
        skew: (B,) and
        squash: (B,) parameters of `warps.warp_values`.
        ceiling: (B,) latent value above which y is the same for all; inf if for none.
        drop: (B,) how far that value lies above the others.
        noise: (B,) standard deviation of the noise, in units of the latent value's.
        bins: (B, d) bins of a dimension, 0 if it is continuous.
        one_of: (B, d) bool, the dimensions that code one categorical.
        frequency: (B, M, d) of the cosines, see `fourier`; their type is that of latent values.
        phase: (B, M) of the cosines.
        amplitude: (B, M) of the cosines.
        trend: bowls and cliffs that are added to the draws; None if the prior has none.
    """

    kind: Tensor
    rate: Tensor
    warp_a: Tensor
    warp_b: Tensor
    skew: Tensor
    squash: Tensor
    ceiling: Tensor
    drop: Tensor
    noise: Tensor
    bins: Tensor
    one_of: Tensor
    frequency: Tensor
    phase: Tensor
    amplitude: Tensor
    trend: Trend | None = None

    def snap(self, x: Tensor) -> Tensor:
        """The points (B, n, d) that are evaluated in place of x; straight-through gradient."""
        return snap(x, self.bins, self.one_of)

    def inputs(self, x: Tensor) -> Tensor:
        """The process's own coordinates (B, n, d) of the points x: snapped and warped."""
        return warp_inputs(self.snap(x), self.warp_a.to(x.dtype), self.warp_b.to(x.dtype))

    def latent(self, x: Tensor) -> Tensor:
        """Noise-free values (B, n) at x (B, n, d), differentiable in x, to be minimised.

        They have mean 0 and variance 1 over the prior.
        """
        u = self.inputs(x)
        g = sum_of_cosines(u, self.frequency, self.phase, self.amplitude)
        if self.trend is None:
            return g
        return self.trend.scale[:, None].to(g.dtype) * (g + self.trend.at(u.to(g.dtype)))

    def observe(self, latent: Tensor, generator: torch.Generator) -> Tensor:
        """What a policy is told, (B, n): the latent values with noise, then warped."""
        noise = torch.randn(
            latent.shape, generator=generator, device=latent.device, dtype=latent.dtype
        )
        g = latent + self.noise[:, None].to(latent.dtype) * noise
        ceiling, drop = self.ceiling[:, None].to(g.dtype), self.drop[:, None].to(g.dtype)
        skew, squash = self.skew.to(g.dtype), self.squash.to(g.dtype)
        value = warp_values(torch.minimum(g, ceiling), skew, squash)
        return torch.where(g > ceiling, value + drop, value)

    def condition(
        self, x_seen: Tensor, latent: Tensor, known: Tensor, present: Tensor
    ) -> gp.Posterior | Trended:
        """The process that drew the functions, given trials; ask its `moments` at `inputs(p)`.

        The trend is known, so it is taken off the values and added to the mean.

        Args:
            x_seen: (B, n, d) the trials.
            latent: (B, n) their latent values, read where `known`.
            known: (B, n) bool, finished trials.
            present: (B, n) bool, finished and pending trials.
        """
        seen = self.inputs(x_seen.double())
        if self.trend is None:
            return gp.condition(self.kind, self.rate, self.noise, seen, latent, known, present)
        scale = self.trend.scale
        noise, value = self.noise / scale, latent.double() / scale[:, None] - self.trend.at(seen)
        process = gp.condition(self.kind, self.rate, noise, seen, value, known, present)
        return Trended(process.moments, self.trend)

    def posterior(
        self, x_seen: Tensor, latent: Tensor, known: Tensor, present: Tensor, p: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation (B, S) at p (B, S, d), snapped here, given the trials.

        Gradients flow to p. The other arguments are those of `condition`.
        """
        return self.condition(x_seen, latent, known, present).moments(self.inputs(p.double()))

    def log_ei(
        self,
        x_seen: Tensor,
        latent: Tensor,
        known: Tensor,
        present: Tensor,
        p: Tensor,
        margin: Tensor | None = None,
    ) -> Tensor:
        """Log expected improvement (B, S) of p on the best known latent value, in float64.

        Args:
            x_seen: (B, n, d) the trials.
            latent: (B, n) their latent values, read where `known`.
            known: (B, n) bool, finished trials.
            present: (B, n) bool, finished and pending trials.
            p: (B, S, d) points, snapped here; gradients flow to them.
            margin: (B, 1) how far below the best value improvement begins; None is 0.
        """
        mean, sd = self.posterior(x_seen, latent, known, present, p)
        best = gp.incumbent(latent.double(), known)
        return gp.log_ei(mean, sd, best if margin is None else best - margin[:, 0])

    def replace(self, rows: Tensor, other: Functions) -> None:
        """Put the functions of `other`, in order, into `rows` (a LongTensor).

        The tensors are replaced, not written into: a graph that holds them stays valid.
        """
        theirs = other.state_dict()
        for name, tensor in self.state_dict().items():
            owner, field = self._place(name)
            setattr(owner, field, tensor.index_copy(0, rows, theirs[name]))

    def state_dict(self) -> dict[str, Tensor]:
        """The tensors that make up the functions, not copied; those of the trend as "trend.*"."""
        own = {name: value for name, value in vars(self).items() if name != "trend"}
        trend = {} if self.trend is None else vars(self.trend)
        return own | {f"trend.{name}": value for name, value in trend.items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Become the functions that `state_dict` described; shapes must agree."""
        for name, tensor in self.state_dict().items():
            tensor.copy_(state[name])

    def _place(self, name: str) -> tuple[object, str]:
        """Whose attribute a tensor of the state is, and what it is called there."""
        owner, _, field = name.rpartition(".")
        return (getattr(self, owner) if owner else self), field
