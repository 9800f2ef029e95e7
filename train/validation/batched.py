"""Policies as optimizers of many functions side by side, in torch, for validation.

Notation
    B  functions   t  trials so far   D  dimension   x  (B, t, D) trials   y  (B, t) results
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from l2l_sampler.policies.base import Policy
from l2l_sampler.policies.memory.policy import MemoryPolicy
from l2l_sampler.policies.recurrent.policy import RecurrentPolicy, State
from train.functions.priors import AnyFunctions
from train.memory.draws import search_draws
from train.validation.play import Ask, held, play


def torch_params(
    values: Mapping[str, np.ndarray], *, device: str = "cpu", requires_grad: bool = False
) -> dict[str, Tensor]:
    """Parameters in numpy as float32 tensors."""
    options: dict[str, Any] = {"dtype": torch.float32, "device": device}
    return {n: torch.tensor(v, requires_grad=requires_grad, **options) for n, v in values.items()}


def curves_of(
    policy: Policy,
    params: Mapping[str, Tensor],
    functions: AnyFunctions,
    n_trials: int,
    *,
    seed: int = 0,
) -> Tensor:
    """(B, T) lowest latent value of a policy's first 1 to T trials on each function."""
    generator = torch.Generator(device=params["out.bias"].device).manual_seed(seed)
    ask = batched(
        policy, params, snap=functions.snap, generator=generator, numeric=~functions.one_of
    )
    return play(ask, functions, n_trials)


def batched(
    policy: Policy,
    params: Mapping[str, Tensor],
    *,
    snap: Callable[[Tensor], Tensor],
    generator: torch.Generator,
    numeric: Tensor | None = None,
) -> Ask:
    """The policy with these torch parameters, for `validate.play`.

    Args:
        policy: a memory or a recurrent policy.
        params: its parameters.
        snap: nearest valid points, (B, n, D) -> (B, n, D), such as `Functions.snap`.
        generator: draws the candidates and margins of a memory policy.
        numeric: (B, D) bool, axes of numbers and not of choices; None if all are.
    """
    if isinstance(policy, MemoryPolicy):
        return _memory(policy, params, snap, generator, numeric)
    if isinstance(policy, RecurrentPolicy):
        return _recurrent(policy, params)
    raise TypeError(f"cannot play a policy of type {type(policy).__name__}")


def _memory(
    policy: MemoryPolicy,
    params: Mapping[str, Tensor],
    snap: Callable[[Tensor], Tensor],
    generator: torch.Generator,
    numeric: Tensor | None,
) -> Ask:
    like = params["out.bias"]

    @torch.no_grad()
    def ask(x: Tensor, y: Tensor) -> Tensor:
        x, y = x.to(like.device), y.to(like.device)
        inputs, known = x.to(like.dtype), torch.ones_like(y, dtype=torch.bool)
        table = policy.encoded(params, inputs, y, known, known)._replace(numeric=numeric)
        draws = search_draws(inputs, policy.starts, policy.group, generator)
        ranked = policy.search(params, table, draws, snap)
        tried = held(snap(ranked.to(x.dtype)), x)
        first = (~tried).int().argmax(1)  # the best of all if all are tried
        return ranked[torch.arange(len(x), device=x.device), first].cpu()

    return ask


def _recurrent(policy: RecurrentPolicy, params: Mapping[str, Tensor]) -> Ask:
    """One step a call: the network is fed the latest result only, so calls must be in order."""
    like = params["out.bias"]
    state: State | None = None

    @torch.no_grad()
    def ask(x: Tensor, y: Tensor) -> Tensor:
        nonlocal state
        x, y = x.to(like.device), y.to(like.device)
        if x.shape[1] == 1:
            state = policy.initial_state(params, len(x), like=x)
            nothing = x.new_zeros(len(x))
            state, _ = policy.step(params, state, torch.zeros_like(x[:, 0]), nothing, nothing)
        assert state is not None
        state, p = policy.step(params, state, x[:, -1], y[:, -1], x.new_ones(len(x)))
        return p.cpu()

    return ask
