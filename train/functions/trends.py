"""What a function has beside its draw from a process: a bowl, as of a tuned model, and a cliff.

People choose bounds within which the best lies, so a loss tends to rise towards all of them. And a
part of the space may be bad all at once, such as learning rates that diverge.

Notation
    B  functions side by side     n  points     d  dimensions
    u  (B, n, d) points in the process's own coordinates, see `Functions.inputs`
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

SAMPLED = 512
"""Points of the cube over which a trend is standardised: its variance is right within a tenth."""
_INSIDE = 0.15  # distance of a bowl's lowest point from the bounds, at least
_STRETCH = 0.7  # standard deviation of the logarithm of a bowl's weight along an axis
_POWERS = (1.0, 2.5)  # from a cone to a little flatter than a parabola
_DEPTHS = (0.5, 3.0)  # deviation of a bowl over the process's, log-uniform
_CUT = (0.1, 0.5)  # share of the cube that lies beyond a cliff
_JUMPS = (1.0, 5.0)  # height of a cliff, in deviations of the process
_FLAT = 1e-9  # A bowl of a lower deviation has no axis to rise along.


@dataclass(eq=False)
class Trend:
    """A known function that is added to a draw of the process, and the scale of their sum.

    Attributes:
        centre: (B, d) lowest points of the bowls.
        weight: (B, d) their weights along the axes, 0 where there is no bowl.
        power: (B,) exponents of the distance along an axis.
        normal: (B, d) directions across the cliffs.
        edge: (B,) where along the normal a cliff is; inf if there is none.
        jump: (B,) heights of the cliffs.
        mean: (B,) means of bowl and cliff over the cube, which are subtracted.
        scale: (B,) factors by which the sum of process and trend has variance 1.
    """

    centre: Tensor
    weight: Tensor
    power: Tensor
    normal: Tensor
    edge: Tensor
    jump: Tensor
    mean: Tensor
    scale: Tensor

    def at(self, u: Tensor) -> Tensor:
        """The trend (B, n) at u, in deviations of the process; differentiable but for cliffs."""
        bowl = _bowl(u, self.centre, self.weight, self.power)
        return bowl + _cliff(u, self.normal, self.edge, self.jump) - self.mean[:, None].to(u.dtype)


def draw_trend(
    bowl: float,
    walls: float,
    u: Tensor,
    free: Tensor,
    *,
    generator: torch.Generator,
) -> Trend:
    """Draw trends.

    Args:
        bowl: probability that a function has a bowl.
        walls: probability that it has a cliff.
        u: (B, SAMPLED, d) random points of the functions.
        free: (B, d) bool, axes that a trend may vary along.
        generator: the only source of randomness.
    """
    count, dim = free.shape
    options = {"generator": generator, "device": u.device, "dtype": torch.float64}

    def within(bounds: tuple[float, float], *shape: int) -> Tensor:
        low, high = bounds
        return low + (high - low) * torch.rand(count, *shape, **options)

    def chance(probability: float) -> Tensor:
        return torch.rand(count, **options) < probability

    has_bowl, has_cliff = chance(bowl), chance(walls)
    centre = within((_INSIDE, 1.0 - _INSIDE), dim)
    weight = torch.exp(_STRETCH * torch.randn(count, dim, **options)) * free
    power = within(_POWERS)
    depth = torch.exp(within((math.log(_DEPTHS[0]), math.log(_DEPTHS[1]))))
    spread = _bowl(u, centre, weight, power).std(1)
    factor = torch.where(has_bowl & (spread > _FLAT), depth / spread.clamp_min(_FLAT), 0.0)
    weight = weight * factor[:, None]
    # Half of the cliffs are bounds on one axis, the others lie across all.
    normal = torch.randn(count, dim, **options) * free
    steepest = normal.abs() == normal.abs().amax(1, keepdim=True)
    normal = torch.where(chance(0.5)[:, None] & ~steepest, 0.0, normal)
    along = (u @ normal[..., None])[..., 0].sort(1).values  # (B, SAMPLED)
    kept = ((1.0 - within(_CUT)) * u.shape[1]).long()
    edge = torch.where(has_cliff, along.gather(1, kept[:, None])[:, 0], torch.inf)
    jump = within(_JUMPS)
    trend = _bowl(u, centre, weight, power) + _cliff(u, normal, edge, jump)
    scale = (1.0 + trend.var(1)).rsqrt()
    return Trend(centre, weight, power, normal, edge, jump, trend.mean(1), scale)


@dataclass(frozen=True)
class Trended:
    """What is known of process and trend together, given trials.

    Attributes:
        process: moments of the process, which alone is uncertain.
        trend: what is added to it.
    """

    process: Callable[[Tensor], tuple[Tensor, Tensor]]
    trend: Trend

    def moments(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation (B, n) of the latent value at u."""
        mean, sd = self.process(u)
        scale = self.trend.scale[:, None]
        return scale * (mean + self.trend.at(u.double())), scale * sd


def _bowl(u: Tensor, centre: Tensor, weight: Tensor, power: Tensor) -> Tensor:
    """Weighted sum of powers of the distances along the axes, (B, n)."""
    centre, weight, power = (v.to(u.dtype)[:, None] for v in (centre, weight, power[:, None]))
    return ((u - centre).abs() ** power * weight).sum(-1)


def _cliff(u: Tensor, normal: Tensor, edge: Tensor, jump: Tensor) -> Tensor:
    """The jump (B, n) where u lies beyond the edge, 0 before it."""
    along = (u * normal.to(u.dtype)[:, None]).sum(-1)
    return torch.where(along > edge.to(u.dtype)[:, None], jump.to(u.dtype)[:, None], 0.0)
