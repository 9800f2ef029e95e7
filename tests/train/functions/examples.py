"""Priors and draws for the tests of functions."""

import torch

from train.functions import gp
from train.functions.priors import Ingredients, draw

FULL = Ingredients(
    kernels=gp.KERNELS,
    irrelevant=0.3,
    input_warp=0.6,
    output_warp=0.6,
    noise=0.6,
    plateaus=0.6,
    categories=0.4,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def points(batch, n, dim, seed=5):
    return torch.rand(batch, n, dim, generator=generator(seed), dtype=torch.float64)


def drawn(prior, count, dim, seed=0):
    return draw(prior, count, dim, generator=generator(seed), dtype=torch.float64)
