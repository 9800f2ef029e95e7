"""Many workers at once: a batch of proposals spreads."""

import numpy as np
import pytest

from l2l_sampler import registry
from l2l_sampler.history import History
from l2l_sampler.policies.memory.policy import MemoryPolicy
from tests.policies.memory.examples import continuous

BATCH = 60
RESULTS = 20


def bowl(x):
    return ((x - 0.3) ** 2).sum(1)


def waves(x):
    return np.sin(4.0 * x).sum(1) + x[:, 0]


def batch_of(policy, objective, dim):
    """Points (60, dim) asked for after 20 results, while none of them is told."""
    cube, params = continuous(dim), registry.load_policy("memory").params
    x = np.random.default_rng(1).random((RESULTS, dim))
    y = objective(x)
    for number in range(RESULTS, RESULTS + BATCH):
        pending = np.full(number - RESULTS, np.nan)
        history = History.sequential(x, np.concatenate([y, pending]))
        points = policy.propose(params, history, cube=cube, seed=1, number=number)
        x = np.vstack([x, points[:1]])
    return x[RESULTS:]


def nearest(x):
    """Mean distance of a point from the nearest other one."""
    distance = np.linalg.norm(x[:, None] - x, axis=-1) + np.where(np.eye(len(x)) > 0, np.inf, 0.0)
    return distance.min(1).mean()


@pytest.mark.parametrize("dim", [2, 4])
@pytest.mark.parametrize("objective", [bowl, waves])
def test_with_crowding_a_batch_on_a_smooth_function_spreads_as_random_points_do(objective, dim):
    """Without it the nearest is at 0.02 to 1 of the distance of random points; here 0.6 to 1.5."""
    uniform = nearest(np.random.default_rng(9).random((BATCH, dim)))
    with_it = nearest(batch_of(MemoryPolicy(encoding="robust-1", crowding=0.1), objective, dim))
    without = nearest(batch_of(MemoryPolicy(encoding="robust-1"), objective, dim))
    assert with_it > uniform / 3.0
    assert with_it > without


@pytest.mark.parametrize("crowding", [None, 0.1])
def test_no_two_of_a_batch_are_the_same(crowding):
    x = batch_of(MemoryPolicy(encoding="robust-1", crowding=crowding), bowl, 2)
    assert len(np.unique(np.round(x, 6), axis=0)) == BATCH


def test_crowding_changes_nothing_while_nothing_is_pending():
    params, cube = registry.load_policy("memory").params, continuous(3)
    x = np.random.default_rng(0).random((12, 3))
    history = History.sequential(x, bowl(x))
    plain, crowded = (
        MemoryPolicy(crowding=crowding).propose(params, history, cube=cube, seed=0, number=12)
        for crowding in (None, 2.0)
    )
    np.testing.assert_array_equal(plain, crowded)
