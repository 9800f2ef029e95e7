"""Untrained policies of every kind, for tests that need one but no skill."""

from dataclasses import fields

import numpy as np

from l2l_sampler.policies import KINDS
from l2l_sampler.policies.trained import Header, TrainedPolicy


def untrained(kind, dim, horizon=None):
    """A policy of this kind for `dim` axes (or any), with the parameters of seed 0."""
    policy_type = KINDS[kind]
    sized = "dim" in {field.name for field in fields(policy_type)}
    policy = policy_type(hidden=8, **({"dim": dim} if sized else {}))
    params = policy.init(np.random.default_rng(0))
    header = Header.of(policy, loss="log-ei", prior="rbf", horizon=horizon)
    return TrainedPolicy(policy, params, header)
