"""The parts of a training run, made from its configuration."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from l2l_sampler.policies import KINDS
from l2l_sampler.policies.base import Policy
from train.config import MemoryConfig, RecurrentConfig, TrainConfig
from train.memory.pool import MemoryPool
from train.recurrent.pool import RecurrentPool
from train.run.starting_point import starting_point
from train.run.state import Pool, Progress, Run, load_state
from train.validation.batched import torch_params

# Starting points and candidates at run time: the kernel read is for speed.
_SEARCH_SIZES: dict[str, dict[str, int]] = {"posterior": {}, "kernel": {"starts": 6, "group": 8}}


def set_up(config: TrainConfig, *, resume: bool = False) -> Run:
    """A run at its beginning, or where it was when its state was saved; its folder is made.

    Raises:
        OSError: there is no checkpoint to start from, or the folder cannot be made.
        ValueError: `resume` is asked for and there is nothing to resume, or the folder holds a
            run that `resume` was not asked for, or the run there was configured differently, or
            the configuration names a device or a checkpoint that cannot be used.
    """
    if config.state.exists() and not resume:
        raise ValueError(
            f"{config.out} holds a training run. Add --resume to go on with it, or choose "
            "another folder with --out."
        )
    _check_device(config.device)
    policy = make_policy(config)
    values = starting_point(policy, config.seed, config.init)
    params = torch_params(values, device=config.device, requires_grad=True)
    optimizer = torch.optim.Adam(params.values(), lr=config.rate)
    pools = [make_pool(policy, config, dim, seed) for seed, dim in enumerate(config.dims)]
    run = Run(config, policy, params, optimizer, pools, Progress())
    if resume:
        load_state(run)
    config.out.mkdir(parents=True, exist_ok=True)
    return run


def make_policy(config: TrainConfig) -> Policy:
    """The policy that the configuration describes.

    Raises:
        ValueError: a field of it has an impossible value.
    """
    options: dict[str, Any] = {"hidden": config.hidden, "encoding": config.encoding}
    if isinstance(config, MemoryConfig):
        options |= {"read": config.read, **_SEARCH_SIZES[config.read], **config.changes}
    elif isinstance(config, RecurrentConfig):
        options |= {"dim": config.dims[0], "horizon": config.horizon}
        options |= {"workers": config.workers, "patience": config.patience}
    kind: Any = KINDS[config.policy]
    policy: Policy = kind(**options)
    return policy


def make_pool(policy: Policy, config: TrainConfig, dim: int, stream: int) -> Pool:
    """Training problems of one dimension, with a generator of their own."""
    (mixed,) = np.random.SeedSequence((config.seed, stream)).generate_state(1).tolist()
    generator = torch.Generator(device=config.device).manual_seed(mixed)
    if isinstance(config, MemoryConfig):
        return MemoryPool(
            policy,
            prior=config.prior,
            batch=config.batch,
            dim=dim,
            starts=config.starts,
            horizon=config.horizon,
            generator=generator,
        )
    if isinstance(config, RecurrentConfig):
        return RecurrentPool(
            policy,
            config.prior,
            config.batch,
            generator=generator,
            sigma=config.sigma,
            chunk=config.chunk,
            loss=config.loss,
            margin=config.margin,
        )
    raise TypeError(f"cannot train what a {type(config).__name__} describes")


def _check_device(name: str) -> None:
    try:
        torch.zeros((), device=name)
        torch.Generator(device=name)
    except (AssertionError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"device {name!r} cannot be used here: {reason}. Leave out --device to train on the "
            "processor."
        ) from error
