"""Deformations of a smooth draw: of its inputs, of its values, and into plateaus.

Notation
    B  functions side by side     n  points     d  dimensions     x  (B, n, d) in [0, 1]
Each is the identity for a row whose parameter says so, so a batch can mix all kinds.
"""

from __future__ import annotations

import torch
from torch import Tensor

_EDGE = 1e-3


def warp_inputs(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Smooth increasing map of each dimension onto itself, the identity for a = b = 1.

    It is the distribution function of Kumaraswamy (1980), 1 - (1 - x^a)^b, cut off just inside
    0 and 1, where its slope can be infinite, and stretched back onto [0, 1].

    Args:
        x: (B, n, d) points.
        a: (B, d) above 1 flattens the lower end, below 1 the upper.
        b: (B, d) above 1 flattens the upper end, below 1 the lower.
    """
    ends = x.new_tensor([_EDGE, 1.0 - _EDGE])[None, :, None]
    low, high = _kumaraswamy(ends, a, b).split(1, dim=1)  # (B, 1, d) each
    return (_kumaraswamy(_EDGE + (1.0 - 2.0 * _EDGE) * x, a, b) - low) / (high - low)


def _kumaraswamy(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return 1.0 - (1.0 - x ** a[:, None]) ** b[:, None]


def warp_values(g: Tensor, skew: Tensor, squash: Tensor) -> Tensor:
    """Increasing map of values g (B, n) with slope 1 at zero.

    Args:
        g: (B, n) values.
        skew: (B,) s in expm1(s g) / s: bad values spread out, good ones lie close; 0 for none.
        squash: (B,) s in tanh(s g) / s: both ends level off; 0 for none.
    """
    skew, squash = skew[:, None], squash[:, None]
    g = torch.where(skew > 0, torch.expm1(skew * g) / skew.clamp_min(1e-6), g)
    return torch.where(squash > 0, torch.tanh(squash * g) / squash.clamp_min(1e-6), g)


def snap(x: Tensor, bins: Tensor, one_of: Tensor) -> Tensor:
    """The point that is evaluated in place of x; gradients pass straight through.

    Args:
        x: (B, n, d) points.
        bins: (B, d) number of equal-width bins, 0 for a continuous dimension.
        one_of: (B, d) bool, the dimensions that together code one categorical: the largest
            becomes 1, the others 0.
    """
    with torch.no_grad():
        width = bins[:, None].to(x.dtype)
        index = torch.minimum(torch.floor(x * width), width - 1.0)
        moved = torch.where(width > 0, (index + 0.5) / width.clamp_min(1.0), x)
        chosen = x.masked_fill(~one_of[:, None], -1.0).argmax(-1, keepdim=True)
        coded = torch.zeros_like(x).scatter_(-1, chosen, 1.0)
        moved = torch.where(one_of[:, None], coded, moved)
    return x + (moved - x).detach() if x.requires_grad else moved
