"""Optimizers on held-out functions, beside random search and an oracle.

Notation
    B  functions side by side     T  trials     t  trials so far     d  dimensions
    x  (B, t, d) trials           y  (B, t) what the optimizer was told, lower is better
An optimizer is a function `ask(x, y) -> (B, d)`, the next point of every function. All optimizers
start at the same points, and the k-th trial of a function carries the same noise for all. All see
a function's real search space: integers on plateaus, a categorical of several dimensions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from l2l_sampler.history import History
from l2l_sampler.policies.trained import TrainedPolicy
from l2l_sampler.proposal import propose
from train.functions.functions import Functions
from train.functions.priors import AnyFunctions, Ingredients, draw
from train.functions.spaces import spaces

Ask: TypeAlias = Callable[[Tensor, Tensor], Tensor]

VERSION = 2  # of the comparison; results of another version are not comparable

# Streams of random numbers, apart from each other and from training, which seeds by small numbers.
FUNCTIONS, FIRST_POINT, NOISE, RANDOM_SEARCH, ORACLE = range(5)


def generator_of(stream: int, seed: int) -> torch.Generator:
    """A generator for one purpose; torch itself looks at 32 bits of a seed only."""
    (mixed,) = np.random.SeedSequence((stream, seed)).generate_state(1).tolist()
    return torch.Generator().manual_seed(mixed)


def draw_held_out(prior: str | Ingredients, dim: int, count: int, seed: int = 0) -> AnyFunctions:
    """A fixed set of functions that no training run draws, in float64."""
    return draw(prior, count, dim, generator=generator_of(FUNCTIONS, seed), dtype=torch.float64)


@torch.no_grad()
def play(ask: Ask, functions: AnyFunctions, n_trials: int, seed: int = 0) -> Tensor:
    """Let an optimizer run on all functions; it is told the snapped points it asked for.

    Returns:
        (B, T) the lowest latent value among the first 1 to T trials.
    """
    batch, dim = functions.one_of.shape
    first = torch.rand(
        batch, 1, dim, generator=generator_of(FIRST_POINT, seed), dtype=torch.float64
    )
    noise = generator_of(NOISE, seed)
    x = functions.snap(first)
    latent = functions.latent(x)
    y = functions.observe(latent, noise)
    while x.shape[1] < n_trials:
        asked = functions.snap(ask(x, y).to(x.dtype)[:, None])  # (B, 1, d)
        value = functions.latent(asked)
        x, latent = torch.cat([x, asked], 1), torch.cat([latent, value], 1)
        y = torch.cat([y, functions.observe(value, noise)], 1)
    return latent.cummin(1).values


def held(p: Tensor, x: Tensor) -> Tensor:
    """Which of the snapped points p (B, m, d) are rows of x (B, n, d), to the bit: (B, m) bool.

    The same as `proposal.propose` asks of a search space's points.
    """
    alike = torch.ones(len(p), p.shape[1], x.shape[1], dtype=torch.bool, device=p.device)
    for k in range(p.shape[2]):
        alike &= p[:, :, None, k] == x[:, None, :, k]
    return alike.any(2)


def random_search(seed: int = 0) -> Ask:
    """Uniform points; snapped by `play`, so uniform in the search space as well."""
    generator = generator_of(RANDOM_SEARCH, seed)
    return lambda x, y: torch.rand(x[:, 0].shape, generator=generator, dtype=x.dtype)


def trained(policy: TrainedPolicy, functions: Functions, seed: int = 0) -> Ask:
    """A policy as it is shipped, in numpy, on each function's search space in turn."""
    layouts = spaces(functions)

    def ask(x: Tensor, y: Tensor) -> Tensor:
        batch, t, _ = x.shape
        points = []
        for b, space in enumerate(layouts):
            u = propose(
                policy,
                History.sequential(space.to_cube(x[b].numpy()), y[b].numpy()),
                space.cube,
                seed=seed * batch + b,
                number=t,
                deduplicate=True,
            )
            points.append(space.from_cube(u))
        return torch.from_numpy(np.stack(points))

    return ask
