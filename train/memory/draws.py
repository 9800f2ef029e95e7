"""Random numbers of the memory policy's search, in torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from l2l_sampler.policies.memory.search.candidates import Draws


def search_draws(x: Tensor, starts: int, group: int, generator: torch.Generator) -> Draws:
    """What `MemoryPolicy.draws` draws at run time, for many problems and continuous axes.

    Args:
        x: (B, n, d) trials, whose type and device the numbers have.
        starts: starting points S.
        group: candidates G screened for each.
        generator: on the device of x.
    """
    batch, _, d = x.shape
    shape = (batch, starts, group, d)
    options: dict[str, Any] = {"generator": generator, "device": x.device, "dtype": x.dtype}
    margin = torch.rand(batch, 1, **options)
    fresh, chance = torch.rand(shape, **options), torch.rand(shape, **options)
    noise, radius = torch.randn(shape, **options), torch.rand((*shape[:3], 1), **options)
    return Draws(margin, fresh, noise, chance, radius)
