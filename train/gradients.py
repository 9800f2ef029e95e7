"""Treatment of gradients that keeps the training of policies stable."""

from __future__ import annotations

import torch
from torch import Tensor

_LONGEST = 3.0
"""Norm that the gradient of a proposal is cut to.

Log EI is steep next to known points, where few proposals would outweigh all others: uncut, LSTMs
end below random search.
"""


def clip_each_gradient(points: Tensor) -> Tensor:
    """Limit what a single proposal may contribute, so that no sample dominates a batch.

    Args:
        points: (..., d) proposals whose scores are averaged in the loss.

    Returns:
        The same points. In the backward pass the gradient of each, taken before the average, is
        cut to a norm of 3.
    """
    if points.requires_grad:
        limit = _LONGEST / points[..., 0].numel()

        def cut(gradient: Tensor) -> Tensor:
            norm = torch.linalg.vector_norm(gradient, dim=-1, keepdim=True)
            return gradient * (limit / (norm + 1e-12)).clamp_max(1.0)

        points.register_hook(cut)
    return points
