"""A policy with simulated asynchronous workers on functions.

Notation
    B  functions     T  trials of each     W  workers     d  dimensions
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from l2l_sampler.history import History
from l2l_sampler.policies.trained import TrainedPolicy
from l2l_sampler.proposal import propose
from train.functions.functions import Functions
from train.functions.spaces import spaces


@torch.no_grad()
def play_parallel(
    policy: TrainedPolicy,
    functions: Functions,
    trials: int,
    workers: int,
    spread: float,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Run W simulated workers on each of B functions.

    Returns:
        latent: (B, T) latent values in the order asked.
        ended: (B, T) when each trial ended; the mean time of a trial is 1.
    """
    draws, dim = functions.rate.shape
    layouts = spaces(functions)
    policies = [replace(policy) for _ in layouts]  # each has a cache of its own
    noise = torch.Generator().manual_seed(seed)
    times = np.random.default_rng(seed).uniform(1 - spread, 1 + spread, (draws, trials))
    free = np.zeros((draws, workers))  # when each worker ends its last trial
    x = np.zeros((draws, trials, dim))
    y, latent, began, ended = (np.zeros((draws, trials)) for _ in range(4))
    for t in range(trials):
        worker = free.argmin(1)
        began[:, t] = free[np.arange(draws), worker]
        for b, space in enumerate(layouts):
            now = began[b, t]
            told = np.where(ended[b, :t] <= now, ended[b, :t], np.inf)
            known = np.where(np.isinf(told), np.nan, y[b, :t])
            u = propose(
                policies[b],
                History(space.to_cube(x[b, :t]), known, began[b, :t], told),
                space.cube,
                seed=seed * draws + b,
                number=t,
                deduplicate=True,
            )
            x[b, t] = space.from_cube(u)
        value = functions.latent(torch.from_numpy(x[:, t : t + 1]))
        latent[:, t] = value[:, 0].numpy()
        y[:, t] = functions.observe(value, noise)[:, 0].numpy()
        ended[:, t] = began[:, t] + times[:, t]
        free[np.arange(draws), worker] = ended[:, t]
    return latent, ended
