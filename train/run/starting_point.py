"""Parameters that a training run starts from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from l2l_sampler.checkpoint import load
from l2l_sampler.policies.base import Policy
from l2l_sampler.policies.recurrent.encodings import encoding_of
from l2l_sampler.policies.recurrent.policy import RecurrentPolicy
from l2l_sampler.policies.trained import TrainedPolicy
from l2l_sampler.registry import load_policy, names


def starting_point(policy: Policy, seed: int, init: str | Path | None) -> Mapping[str, np.ndarray]:
    """Fresh parameters, or those of a checkpoint.

    A recurrent policy may have more inputs than that of the checkpoint, if its encoding begins
    with that one's: weights of new inputs are zero, so that it proposes the same points at first.

    Args:
        policy: whose parameters they are.
        seed: of fresh ones.
        init: the checkpoint, the name of a shipped policy, or None.

    Raises:
        ValueError: the parameters of the checkpoint do not fit the policy.
    """
    fresh = policy.init(np.random.default_rng(seed))
    if init is None:
        return fresh
    named = str(init) in names() and not Path(init).exists()
    start = load_policy(str(init), policy.dim) if named else load(init)
    values = _with_new_inputs(start, policy)
    shapes = {name: value.shape for name, value in values.items()}
    if shapes != {name: value.shape for name, value in fresh.items()}:
        raise ValueError(
            f"{init} holds a {start.policy!r}, whose parameters do not fit {policy!r}; "
            "start from a checkpoint of the same kind and size"
        )
    return values


def _with_new_inputs(start: TrainedPolicy, policy: Policy) -> Mapping[str, np.ndarray]:
    """Parameters of `start`, with zero weights for inputs that only `policy` has."""
    old = start.policy
    if not (isinstance(old, RecurrentPolicy) and isinstance(policy, RecurrentPolicy)):
        return start.params
    encoding = encoding_of(policy.encoding)
    if (old.kind, old.dim, old.encoding) != (policy.kind, policy.dim, encoding.begins_with):
        return start.params
    count = encoding_of(old.encoding).n_inputs(old.dim)
    name = f"{policy.input_layer}.weight"
    inputs, states = np.split(start.params[name], [count])
    new = np.zeros((encoding.n_inputs(policy.dim) - count, inputs.shape[1]))
    return {**start.params, name: np.concatenate([inputs, new, states])}
