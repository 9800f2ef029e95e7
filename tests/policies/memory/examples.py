"""Policies and histories for the tests of the memory policy."""

import numpy as np

from l2l_sampler.history import History
from l2l_sampler.policies.memory.policy import MemoryPolicy
from l2l_sampler.spaces.cube import FloatAxis, UnitCube


def continuous(dim):
    return UnitCube({f"x{i}": FloatAxis(0.0, 1.0) for i in range(dim)})


def trials(dim, n=20, pending=0, seed=0):
    rng = np.random.default_rng(seed)
    x = continuous(dim).sample(rng, n)
    y = ((x - 0.3) ** 2).sum(1) + 0.1 * rng.standard_normal(n)
    y[n - pending :] = np.nan
    return History.sequential(x, y)


def policy_of(read, seed=0):
    read, _, warped = read.partition(", ")
    policy = MemoryPolicy(read=read, encoding="warped-1" if warped else "zscore-1")
    params = policy.init(np.random.default_rng(seed))
    rng = np.random.default_rng(seed + 1)
    for name, value in params.items():  # initial outputs are nearly zero; these are not
        if name.endswith("out.weight"):
            params[name] = value + 0.2 * rng.standard_normal(value.shape)
    return policy, params
