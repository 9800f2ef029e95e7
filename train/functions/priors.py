"""Distributions over the functions that policies are trained and validated on.

Notation
    B  functions side by side     d  dimensions
A seed means the same functions for good: what is trained and how it compares is known of these.
So the order of the random numbers below stays, and what is switched off draws them nevertheless.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import torch
from torch import Tensor

from train.functions import gp
from train.functions.fourier import draw_cosines
from train.functions.functions import Functions
from train.functions.own import OwnFunctions, draw_own, is_own
from train.functions.trends import SAMPLED, draw_trend

AnyFunctions: TypeAlias = Functions | OwnFunctions


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
        skew: largest exponent of a skewed y, expm1(skew g) / skew. At 1.5 a bad value lies a few
            times as far out as without; at 8, as with a diverged training, ten thousand times.
        failing: that bad values all look alike, as of runs that learn nothing: on average in a
            fifth to three quarters of the cube y is one value, up to ten units above the others.
        bowl: that a function rises from a point inside the cube towards the bounds, see `trends`;
            by 0.5 to 3 times as much as the draw from the process varies.
        walls: that beyond a plane, which cuts off a tenth to a half of the cube, it lies 1 to 5
            units higher.
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
    skew: float = 1.5
    failing: float = 0.0
    bowl: float = 0.0
    walls: float = 0.0


_LEAST_NOISE, _MOST_NOISE = 1e-3, 0.2  # from invisible to a fifth of the signal
_MOST_BINS = 16  # beyond, an integer is searched as if it were continuous
_MOST_CHOICES = 5  # of a categorical, which has as many dimensions
_BENT = 0.5  # standard deviation of the logarithms of the parameters of `warps.warp_inputs`

_PAPER = {"length_scale": (0.3, 0.3), "scale_with_dim": False, "ard": 0.0}

_BROAD = Ingredients(
    kernels=gp.KERNELS,
    irrelevant=0.2,
    input_warp=0.3,
    output_warp=0.3,
    noise=0.3,
    plateaus=0.3,
    categories=0.2,
)
_SKEWED = Ingredients(output_warp=1.0, skew=8.0)

PRIORS = {
    "gp": Ingredients(**_PAPER),
    "gp-ard": Ingredients(),
    "broad": _BROAD,
    "tuning": replace(_BROAD, bowl=0.6),
    # Those below are to validate on; no shipped policy was trained on them.
    "skewed": _SKEWED,
    "failing": Ingredients(failing=1.0),
    "bowls": Ingredients(bowl=1.0),
    "interior-skewed": replace(_SKEWED, bowl=1.0),
    "walls": Ingredients(walls=1.0),
}


def draw(
    prior: str | Ingredients,
    count: int,
    dim: int,
    *,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float32,
) -> AnyFunctions:
    """Draw functions from a prior.

    Args:
        prior: a name in PRIORS, ingredients, or module:function, see `own`.
        count: number of functions, B.
        dim: number of dimensions, d.
        generator: the only source of randomness; its device is that of the functions.
        dtype: precision of latent values; posterior and log EI are float64 always. Functions
            of your own take that of the points.

    Raises:
        ValueError: if the name is unknown.
    """
    if is_own(prior):
        return draw_own(prior, count, dim, generator)
    if isinstance(prior, str):
        if prior not in PRIORS:
            raise ValueError(f"no prior is called {prior!r}; choose one of {', '.join(PRIORS)}")
        prior = PRIORS[prior]
    drawn = _Random(count, dim, generator)
    kind = _kind(prior, drawn)
    one_of = _categorical(prior, drawn)
    warped = drawn.chance(prior.input_warp)[:, None] & ~one_of
    bent, skewed, strength = drawn.chance(prior.output_warp), drawn.chance(0.5), drawn.uniform()
    bins = torch.where(one_of, 0, _bins(prior, drawn))
    deviation = _LEAST_NOISE * torch.exp(math.log(_MOST_NOISE / _LEAST_NOISE) * drawn.uniform())
    ceiling, drop = _failing(prior, drawn)
    rate = _rate(prior, drawn)
    warp_a = torch.where(warped, torch.exp(_BENT * drawn.normal(dim)), 1.0)
    warp_b = torch.where(warped, torch.exp(_BENT * drawn.normal(dim)), 1.0)
    noise = torch.where(drawn.chance(prior.noise), deviation, 0.0)
    frequency, phase, amplitude = draw_cosines(kind, rate, generator=generator, dtype=dtype)
    functions = Functions(
        kind=kind,
        rate=rate,
        warp_a=warp_a,
        warp_b=warp_b,
        skew=torch.where(bent & skewed, prior.skew * strength, 0.0),
        squash=torch.where(bent & ~skewed, strength, 0.0),
        ceiling=ceiling,
        drop=drop,
        noise=noise,
        bins=bins,
        one_of=one_of,
        frequency=frequency,
        phase=phase,
        amplitude=amplitude,
    )
    if prior.bowl or prior.walls:  # The priors without are older, and draw no number for it.
        u = functions.inputs(drawn.uniform(SAMPLED, dim))
        free = (rate > 0.0) & ~one_of
        functions.trend = draw_trend(prior.bowl, prior.walls, u, free, generator=generator)
    return functions


@dataclass(frozen=True)
class _Random:
    """Random numbers (B,) or (B, d) in float64."""

    count: int
    dim: int
    generator: torch.Generator

    def uniform(self, *shape: int) -> Tensor:
        """(B, *shape) numbers in [0, 1)."""
        return torch.rand(self.count, *shape, **self._options)

    def normal(self, *shape: int) -> Tensor:
        """(B, *shape) standard normal numbers."""
        return torch.randn(self.count, *shape, **self._options)

    def chance(self, probability: float) -> Tensor:
        """(B,) bool, each true with this probability."""
        return self.uniform() < probability

    @property
    def _options(self) -> dict[str, Any]:
        device = self.generator.device
        return {"generator": self.generator, "device": device, "dtype": torch.float64}


def _kind(prior: Ingredients, drawn: _Random) -> Tensor:
    """Kernels, (B,)."""
    names = torch.tensor([gp.KERNELS.index(k) for k in prior.kernels])
    choice = (drawn.uniform() * len(names)).long()
    return names.to(choice.device)[choice]


def _categorical(prior: Ingredients, drawn: _Random) -> Tensor:
    """(B, d) bool: a random set of 2 to 5 dimensions, some left over, in a few rows."""
    rank = drawn.uniform(drawn.dim).argsort(1).argsort(1)
    most = min(_MOST_CHOICES, drawn.dim - 1)
    size = 2 + (max(most - 1, 0) * drawn.uniform()).long()
    has_one = drawn.chance(prior.categories if drawn.dim > 2 else 0.0)
    return (rank < size[:, None]) & has_one[:, None]


def _bins(prior: Ingredients, drawn: _Random) -> Tensor:
    """Bins of every dimension (B, d), 0 for none."""
    stepped = drawn.chance(prior.plateaus)[:, None] & (drawn.uniform(drawn.dim) < 0.5)
    bins = 2 + ((_MOST_BINS - 1) * drawn.uniform(drawn.dim)).long()
    return torch.where(stepped, bins, 0)


def _rate(prior: Ingredients, drawn: _Random) -> Tensor:
    """Inverse length scales, (B, d)."""
    low, high = prior.length_scale
    base = low * torch.exp(math.log(high / low) * drawn.uniform())[:, None]
    factor = torch.exp(prior.ard * drawn.normal(drawn.dim))
    score = drawn.uniform(drawn.dim)
    relevant = (score >= prior.irrelevant) | (score == score.amax(1, keepdim=True))
    if prior.scale_with_dim:
        base = base * (relevant.sum(1, keepdim=True) / 3.0).sqrt()
    return torch.where(relevant, 1.0 / (base * factor), 0.0)


def _failing(prior: Ingredients, drawn: _Random) -> tuple[Tensor, Tensor]:
    """Ceilings and drops, each (B,)."""
    if not prior.failing:  # It draws no number: the priors without are older.
        never = torch.full((drawn.count,), torch.inf, device=drawn.generator.device).double()
        return never, torch.zeros_like(never)
    share = 0.2 + 0.55 * drawn.uniform()  # of the latent values lie above the ceiling
    drop = 0.1 * torch.exp(math.log(100.0) * drawn.uniform())  # log-uniform in 0.1 to 10
    fails = drawn.chance(prior.failing)
    ceiling = torch.where(fails, torch.special.ndtri(1.0 - share), torch.inf)
    return ceiling, torch.where(fails, drop, 0.0)
