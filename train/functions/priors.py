"""Distributions over the functions that policies are trained and validated on.

Notation
    B  functions side by side     n  points      d  dimensions
    x  (B, n, d) in [0, 1]        g  (B, n) latent values, lower is better
A function is a draw from a Gaussian process over warped inputs. What a policy is shown, y, is
an increasing map of the latent value plus noise; what it is judged by is the latent value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from train.functions import gp
from train.functions.fourier import FourierPath
from train.functions.warps import snap, warp_inputs, warp_values


@dataclass(frozen=True)
class Ingredients:
    """What a prior is made of; the fields named after a feature are its probability.

    Attributes:
        length_scale: range of the log-uniform base length scale.
        scale_with_dim: multiply it by sqrt(d / 3), d being the number of relevant dimensions,
            which keeps functions of different dimension about equally rough.
        ard: standard deviation of the logarithm of a factor for each dimension.
        kernels: the kernels to choose from, at equal odds; names from `gp.KERNELS`.
        irrelevant: that a dimension has no influence (one always has).
        input_warp: that a function is warped along its dimensions.
        output_warp: that y is an increasing map of the latent value: half of these skewed,
            half levelling off at both ends.
        noise: that y is noisy; standard deviation log-uniform in 1e-3 to 0.2 of the signal's.
        plateaus: that a function is piecewise constant along about half of its dimensions,
            on 2 to 16 equal-width bins.
        categories: that 2 to 5 of the dimensions together code one categorical (from d = 3 on).
        exact: draw by the chain rule at the points asked, instead of by random features.
        skew: largest exponent of a skewed y, expm1(skew g) / skew. At 1.5 a bad value lies a few
            times as far out as without; at 8, as with a diverged training, ten thousand times.
        failing: that bad values all look alike, as of runs that learn nothing: on average in a
            fifth to three quarters of the cube y is one value, up to ten units above the others.
    """

    length_scale: tuple[float, float] = (0.15, 1.0)
    scale_with_dim: bool = True
    ard: float = 0.4
    kernels: tuple[str, ...] = ("rbf",)
    irrelevant: float = 0.0
    input_warp: float = 0.0
    output_warp: float = 0.0
    noise: float = 0.0
    plateaus: float = 0.0
    categories: float = 0.0
    exact: bool = False
    skew: float = 1.5
    failing: float = 0.0


_PAPER = {"length_scale": (0.3, 0.3), "scale_with_dim": False, "ard": 0.0}

PRIORS = {
    "gp": Ingredients(**_PAPER),
    "gp-exact": Ingredients(**_PAPER, exact=True),
    "gp-ard": Ingredients(),
    "broad": Ingredients(
        kernels=gp.KERNELS,
        irrelevant=0.2,
        input_warp=0.3,
        output_warp=0.3,
        noise=0.3,
        plateaus=0.3,
        categories=0.2,
    ),
    "skewed": Ingredients(output_warp=1.0, skew=8.0),
    "failing": Ingredients(failing=1.0),
}


class Functions:
    """B functions of d dimensions, drawn from a prior.

    Attributes:
        kind: (B,) index into `gp.KERNELS`.
        rate: (B, d) inverse length scales, 0 for an irrelevant dimension.
        warp_a, warp_b: (B, d) parameters of `warps.warp_inputs`.
        skew, squash: (B,) parameters of `warps.warp_values`.
        ceiling: (B,) latent value above which y is the same for all; inf if for none.
        drop: (B,) how far that value lies above the others.
        noise: (B,) standard deviation of the noise, in units of the latent value's.
        bins: (B, d) bins of a dimension, 0 if it is continuous.
        one_of: (B, d) bool, the dimensions that code one categorical.
    """

    def __init__(
        self,
        parameters: dict[str, Tensor],
        *,
        exact: bool,
        generator: torch.Generator,
        dtype: torch.dtype,
    ) -> None:
        """Draw paths for functions with these parameters; `draw` makes both."""
        self.kind = parameters["kind"]
        self.rate = parameters["rate"]
        self.warp_a, self.warp_b = parameters["warp_a"], parameters["warp_b"]
        self.skew, self.squash = parameters["skew"], parameters["squash"]
        self.ceiling, self.drop = parameters["ceiling"], parameters["drop"]
        self.noise = parameters["noise"]
        self.bins, self.one_of = parameters["bins"], parameters["one_of"]
        self.dtype = dtype
        self._names = tuple(parameters)
        self._path: FourierPath | gp.IncrementalGP
        if exact:
            self._path = gp.IncrementalGP(self.kind, self.rate, generator=generator)
        else:
            self._path = FourierPath(self.kind, self.rate, generator=generator, dtype=dtype)

    def snap(self, x: Tensor) -> Tensor:
        """The points (B, n, d) that are evaluated in place of x; straight-through gradient."""
        return snap(x, self.bins, self.one_of)

    def inputs(self, x: Tensor) -> Tensor:
        """The process's own coordinates (B, n, d) of the points x: snapped and warped."""
        return warp_inputs(self.snap(x), self.warp_a.to(x.dtype), self.warp_b.to(x.dtype))

    def latent(self, x: Tensor) -> Tensor:
        """Noise-free values (B, n) at x (B, n, d), differentiable in x, to be minimised.

        They have mean 0 and variance 1 over the prior. A chain-rule draw ("gp-exact") is
        conditioned on every point it was asked, in turn.
        """
        points = self.inputs(x)
        if isinstance(self._path, FourierPath):
            return self._path.at(points)
        values = [self._path.at(points[:, i]) for i in range(points.shape[1])]
        return torch.stack(values, 1).to(self.dtype)

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
        self, x_seen: Tensor, latent: Tensor, known: Tensor, valid: Tensor
    ) -> gp.Posterior:
        """The process that drew the functions, given trials; ask it at `inputs(p)`.

        Args:
            x_seen: (B, n, d) the trials.
            latent: (B, n) their latent values, read where `known`.
            known: (B, n) bool, finished trials.
            valid: (B, n) bool, finished and pending trials.
        """
        seen = self.inputs(x_seen.double())
        return gp.condition(self.kind, self.rate, self.noise, seen, latent, known, valid)

    def posterior(
        self, x_seen: Tensor, latent: Tensor, known: Tensor, valid: Tensor, p: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation (B, S) at p (B, S, d), snapped here, given the trials.

        Gradients flow to p. The other arguments are those of `condition`.
        """
        return self.condition(x_seen, latent, known, valid).at(self.inputs(p.double()))

    def log_ei(
        self,
        x_seen: Tensor,
        latent: Tensor,
        known: Tensor,
        valid: Tensor,
        p: Tensor,
        margin: Tensor | None = None,
    ) -> Tensor:
        """Log expected improvement (B, S) of p on the best known latent value, in float64.

        Args:
            x_seen: (B, n, d) the trials.
            latent: (B, n) their latent values, read where `known`.
            known: (B, n) bool, finished trials.
            valid: (B, n) bool, finished and pending trials.
            p: (B, S, d) points, snapped here; gradients flow to them.
            margin: (B, 1) how far below the best value improvement begins; None is 0.
        """
        mean, sd = self.posterior(x_seen, latent, known, valid, p)
        best = gp.incumbent(latent.double(), known)
        return gp.log_ei(mean, sd, best if margin is None else best - margin[:, 0])

    def replace(self, rows: Tensor, other: Functions) -> None:
        """Put the functions of `other`, in order, into `rows` (a LongTensor).

        The tensors are replaced, not written into: a graph that holds them stays valid.
        """
        theirs = other.state_dict()
        for name, tensor in self.state_dict().items():
            owner = self if name in self._names else self._path
            setattr(owner, name, tensor.index_copy(0, rows, theirs[name]))

    def state_dict(self) -> dict[str, Tensor]:
        """The tensors that make up the functions, not copied."""
        if not isinstance(self._path, FourierPath):
            raise ValueError(
                "a chain-rule draw lives for one rollout: it can be neither stored nor replaced "
                "row by row. Use the prior 'gp' where 'gp-exact' was asked for."
            )
        state = {name: getattr(self, name) for name in self._names}
        for name in ("frequency", "phase", "amplitude"):
            state[name] = getattr(self._path, name)
        return state

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Become the functions that `state_dict` described; shapes must agree."""
        for name, tensor in self.state_dict().items():
            tensor.copy_(state[name])


def draw(
    prior: str | Ingredients,
    count: int,
    dim: int,
    *,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float32,
) -> Functions:
    """Draw functions from a prior.

    Args:
        prior: a name in PRIORS, or ingredients of your own.
        count: number of functions, B.
        dim: number of dimensions, d.
        generator: the only source of randomness; its device is that of the functions.
        dtype: precision of latent values; posterior and log EI are float64 always.

    Raises:
        ValueError: if the name is unknown.
    """
    if isinstance(prior, str):
        if prior not in PRIORS:
            raise ValueError(f"no prior is called {prior!r}; choose one of {', '.join(PRIORS)}")
        prior = PRIORS[prior]
    parameters = _Parameters(prior, count, dim, generator).draw()
    return Functions(parameters, exact=prior.exact, generator=generator, dtype=dtype)


class _Parameters:
    """The hyper-parameters of a batch of functions; every row draws the same numbers."""

    def __init__(
        self, prior: Ingredients, count: int, dim: int, generator: torch.Generator
    ) -> None:
        self.prior, self.count, self.dim, self.generator = prior, count, dim, generator

    def draw(self) -> dict[str, Tensor]:
        prior = self.prior
        names = torch.tensor([gp.KERNELS.index(k) for k in prior.kernels])
        choice = (self._uniform() * len(names)).long()
        kind = names.to(choice.device)[choice]
        one_of = self._categorical()
        warped = self._chance(prior.input_warp)[:, None] & ~one_of
        bent, skewed = self._chance(prior.output_warp), self._chance(0.5)
        strength = self._uniform()
        stepped = self._chance(prior.plateaus)[:, None] & (self._uniform(self.dim) < 0.5)
        bins = 2 + (15 * self._uniform(self.dim)).long()
        noise = 1e-3 * torch.exp(math.log(200.0) * self._uniform())
        ceiling, drop = self._failing()
        return {
            "kind": kind,
            "rate": self._rate(),
            "warp_a": torch.where(warped, torch.exp(0.5 * self._normal(self.dim)), 1.0),
            "warp_b": torch.where(warped, torch.exp(0.5 * self._normal(self.dim)), 1.0),
            "skew": torch.where(bent & skewed, prior.skew * strength, 0.0),
            "squash": torch.where(bent & ~skewed, strength, 0.0),
            "ceiling": ceiling,
            "drop": drop,
            "noise": torch.where(self._chance(prior.noise), noise, 0.0),
            "bins": torch.where(stepped & ~one_of, bins, 0),
            "one_of": one_of,
        }

    def _rate(self) -> Tensor:
        prior = self.prior
        low, high = prior.length_scale
        base = low * torch.exp(math.log(high / low) * self._uniform())[:, None]
        factor = torch.exp(prior.ard * self._normal(self.dim))
        score = self._uniform(self.dim)
        relevant = (score >= prior.irrelevant) | (score == score.amax(1, keepdim=True))
        if prior.scale_with_dim:
            base = base * (relevant.sum(1, keepdim=True) / 3.0).sqrt()
        return torch.where(relevant, 1.0 / (base * factor), 0.0)

    def _failing(self) -> tuple[Tensor, Tensor]:
        """Ceilings and drops, each (B,)."""
        if not self.prior.failing:  # draws no number, so that other priors stay as they were
            never = torch.full((self.count,), torch.inf, device=self.generator.device).double()
            return never, torch.zeros_like(never)
        share = 0.2 + 0.55 * self._uniform()
        drop = 0.1 * torch.exp(math.log(100.0) * self._uniform())
        fails = self._chance(self.prior.failing)
        ceiling = torch.where(fails, torch.special.ndtri(1.0 - share), torch.inf)
        return ceiling, torch.where(fails, drop, 0.0)

    def _categorical(self) -> Tensor:
        """(B, d) bool: a random set of 2 to 5 dimensions, some left over, in a few rows."""
        rank = self._uniform(self.dim).argsort(1).argsort(1)
        most = min(5, self.dim - 1)
        size = 2 + (max(most - 1, 0) * self._uniform()).long()
        present = self._chance(self.prior.categories if self.dim > 2 else 0.0)
        return (rank < size[:, None]) & present[:, None]

    def _chance(self, probability: float) -> Tensor:
        return self._uniform() < probability

    def _uniform(self, *shape: int) -> Tensor:
        return self._random(torch.rand, *shape)

    def _normal(self, *shape: int) -> Tensor:
        return self._random(torch.randn, *shape)

    def _random(self, function, *shape: int) -> Tensor:
        return function(
            self.count,
            *shape,
            generator=self.generator,
            device=self.generator.device,
            dtype=torch.float64,
        )
