"""Policies and histories for the tests of the memory policy."""

import numpy as np

from l2l_sampler.history import History
from l2l_sampler.policies.memory.policy import MemoryPolicy
from l2l_sampler.policies.memory.table import Table
from l2l_sampler.spaces.cube import FloatAxis, UnitCube


def continuous(dim):
    return UnitCube({f"x{i}": FloatAxis(0.0, 1.0) for i in range(dim)})


def trials(dim, n=20, pending=0, failed=0, seed=0):
    """Results of a noisy bowl; the last trials are pending, and those before them have failed."""
    rng = np.random.default_rng(seed)
    x = continuous(dim).sample(rng, n)
    y = ((x - 0.3) ** 2).sum(1) + 0.1 * rng.standard_normal(n)
    y[n - pending :] = np.nan
    history = History.sequential(x, y)
    history.failed[n - pending - failed : n - pending] = True
    history.y[history.failed] = np.nan
    history.told[history.failed] = history.asked[history.failed] + 0.5
    return history


SORTS = {
    "kernel": {"read": "kernel"},
    "posterior": {"read": "posterior"},
    "posterior, warped": {"read": "posterior", "encoding": "warped-1"},
    "posterior, robust": {
        "read": "posterior",
        "encoding": "robust-1",
        "caution": 1.0,
        "crowding": 0.1,
    },
    "posterior, settled": {
        "read": "posterior",
        "encoding": "robust-1",
        "caution": 1.0,
        "every": 4,
    },
    "posterior, moves": {"read": "posterior", "encoding": "robust-1", "moves": 2, "zoom": 18},
}
"""Fields of policies that differ in all that matters."""


def policy_of(sort, seed=0):
    """A policy and parameters of which every output says something."""
    policy = MemoryPolicy(**SORTS[sort])
    params = policy.init(np.random.default_rng(seed))
    rng = np.random.default_rng(seed + 1)
    for name, value in params.items():  # initial outputs are nearly zero; these are not
        if name.endswith("out.weight"):
            params[name] = value + 0.2 * rng.standard_normal(value.shape)
    return policy, params


def joined(join, *tables):
    """The table whose columns of trials are those of the tables, joined."""
    optional = 5 if all(table.failed is not None for table in tables) else 4
    columns = zip(*(table[:optional] for table in tables), strict=True)
    return Table(*(join(*column) for column in columns))


def padded(table, n):
    """The table with n rows that hold no trial."""
    return joined(lambda v: np.concatenate([v, np.zeros_like(v[:, :n])], 1), table)


def batched(*tables):
    """The tables side by side."""
    return joined(lambda *columns: np.concatenate(columns), *tables)
