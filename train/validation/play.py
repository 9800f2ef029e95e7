"""Optimizers on held-out functions, beside random search and an oracle.

Notation
    B  functions side by side     T  trials     t  trials so far     d  dimensions
    x  (B, t, d) trials           y  (B, t) what the optimizer was told, lower is better
An optimizer is a function `ask(x, y) -> (B, d)`, the next point of every function. All optimizers
start at the same points, and the k-th trial of a function carries the same noise for all. All see
a function's real search space: integers on plateaus, a categorical of several dimensions.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from l2l_sampler.history import History
from l2l_sampler.policies.trained import TrainedPolicy
from l2l_sampler.proposal import propose
from train.functions import gp
from train.functions.priors import PRIORS, Functions, Ingredients, draw
from train.functions.spaces import spaces

Ask: TypeAlias = Callable[[Tensor, Tensor], Tensor]

VERSION = 2  # of the comparison; results of another version are not comparable

# Streams of random numbers, apart from each other and from training, which seeds by small numbers.
_FUNCTIONS, _FIRST_POINT, _NOISE, _RANDOM_SEARCH, _ORACLE = range(5)


def _generator(stream: int, seed: int) -> torch.Generator:
    """A generator for one purpose; torch itself looks at 32 bits of a seed only."""
    (mixed,) = np.random.SeedSequence((stream, seed)).generate_state(1).tolist()
    return torch.Generator().manual_seed(mixed)


def held_out(prior: str | Ingredients, dim: int, count: int, seed: int = 0) -> Functions:
    """A fixed set of functions that no training run draws, in float64."""
    return draw(prior, count, dim, generator=_generator(_FUNCTIONS, seed), dtype=torch.float64)


@torch.no_grad()
def play(ask: Ask, functions: Functions, n_trials: int, seed: int = 0) -> Tensor:
    """Let an optimizer run on all functions; it is told the snapped points it asked for.

    Returns:
        (B, T) the lowest latent value among the first 1 to T trials.
    """
    batch, dim = functions.rate.shape
    first = torch.rand(
        batch, 1, dim, generator=_generator(_FIRST_POINT, seed), dtype=torch.float64
    )
    noise = _generator(_NOISE, seed)
    x = functions.snap(first)
    latent = functions.latent(x)
    y = functions.observe(latent, noise)
    while x.shape[1] < n_trials:
        asked = functions.snap(ask(x, y).to(x.dtype)[:, None])  # (B, 1, d)
        value = functions.latent(asked)
        x, latent = torch.cat([x, asked], 1), torch.cat([latent, value], 1)
        y = torch.cat([y, functions.observe(value, noise)], 1)
    return latent.cummin(1).values


def random_search(seed: int = 0) -> Ask:
    """Uniform points; snapped by `play`, so uniform in the search space as well."""
    generator = _generator(_RANDOM_SEARCH, seed)
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


def oracle(functions: Functions, seed: int = 0) -> Ask:
    """Expected improvement under the very process that drew the functions.

    It is told noise-free latent values, so nothing is inferred: what is left is the search. It
    looks at snapped points only, and repeats one only when its candidates are all known.
    """
    generator = _generator(_ORACLE, seed)

    def ask(x: Tensor, y: Tensor) -> Tensor:
        latent = functions.latent(x)
        known = torch.ones_like(latent, dtype=torch.bool)
        posterior = functions.condition(x, latent, known, known)
        best = gp.incumbent(latent, known)

        def log_ei(p: Tensor) -> Tensor:
            value = gp.log_ei(*posterior.at(functions.inputs(p)), best)
            return value.masked_fill(_held(functions.snap(p), x), -torch.inf)

        p = _screen(log_ei, x[torch.arange(len(x)), latent.argmin(1)], generator)
        return functions.snap(_climb(log_ei, p)[:, None])[:, 0]

    return ask


def _held(p: Tensor, x: Tensor) -> Tensor:
    """Which of the points p (B, m, d) are rows of x (B, n, d): (B, m) bool."""
    alike = torch.ones(len(p), p.shape[1], x.shape[1], dtype=torch.bool)
    for k in range(p.shape[2]):
        alike &= p[:, :, None, k] == x[:, None, :, k]
    return alike.any(2)


_UNIFORM, _LOCAL, _KEPT, _STEPS = 512, 128, 5, 25


def _screen(
    log_ei: Callable[[Tensor], Tensor], incumbent: Tensor, generator: torch.Generator
) -> Tensor:
    """The best (B, _KEPT, d) of random candidates, some of them around the incumbents (B, d)."""
    batch, dim = incumbent.shape
    options = {"generator": generator, "dtype": incumbent.dtype}
    scale = 10.0 ** (-3.0 * torch.rand(batch, _LOCAL, 1, **options))
    local = incumbent[:, None] + scale * torch.randn(batch, _LOCAL, dim, **options)
    anywhere = torch.rand(batch, _UNIFORM, dim, **options)
    candidates = torch.cat([anywhere, local.clamp(0.0, 1.0)], 1)
    kept = log_ei(candidates).topk(_KEPT, 1).indices
    return candidates.gather(1, kept[..., None].expand(-1, -1, dim))


def _climb(log_ei: Callable[[Tensor], Tensor], p: Tensor) -> Tensor:
    """The best point (B, d) that Adam finds from the starts p (B, m, d)."""
    best, at = log_ei(p).max(1)
    rows = torch.arange(len(p))
    found = p[rows, at]
    p = p.clone().requires_grad_()
    optimizer = torch.optim.Adam([p], lr=0.03)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.02 ** (1.0 / _STEPS))
    for _ in range(_STEPS):
        with torch.enable_grad():
            value = log_ei(p)
            (p.grad,) = torch.autograd.grad(-value.sum(), p)
        optimizer.step()
        schedule.step()
        p.data.clamp_(0.0, 1.0)
        value, at = log_ei(p.detach()).max(1)
        found = torch.where((value > best)[:, None], p.detach()[rows, at], found)
        best = torch.maximum(best, value)
    return found


def oracle_curves(
    prior: str | Ingredients,
    dim: int,
    count: int,
    n_trials: int,
    seed: int = 0,
    cache: Path = Path("runs"),
) -> Tensor:
    """`play` of the oracle on the held-out functions, (B, T), kept in a file: it takes minutes."""
    ingredients = PRIORS[prior] if isinstance(prior, str) else prior
    key = hashlib.sha256(f"{VERSION}{ingredients}".encode()).hexdigest()[:12]
    path = cache / f"oracle-{key}-d{dim}-n{count}-t{n_trials}-s{seed}.npy"
    if path.exists():
        return torch.from_numpy(np.load(path))
    functions = held_out(prior, dim, count, seed)
    curves = play(oracle(functions, seed), functions, n_trials, seed)
    cache.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.stem}.{os.getpid()}.part.npy")
    np.save(part, curves.numpy())
    part.replace(path)
    return curves
