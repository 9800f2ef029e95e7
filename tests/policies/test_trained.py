"""A policy with its parameters, and the cache that it keeps for itself."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from l2l_sampler.history import History
from l2l_sampler.policies.base import REMEMBERED, Cache
from l2l_sampler.policies.recurrent.lstm import LSTMPolicy
from l2l_sampler.policies.trained import Header, TrainedPolicy
from l2l_sampler.spaces.axes import FloatAxis
from l2l_sampler.spaces.cube import UnitCube
from tests.untrained import untrained

CUBE = UnitCube({"x": FloatAxis(0, 1), "y": FloatAxis(0, 1)})
COPIES = [copy.copy, copy.deepcopy, replace, lambda one: pickle.loads(pickle.dumps(one))]


def play(trained, n):
    """A sequential run of n trials by the policy's first candidates; its history."""
    x = np.empty((0, CUBE.dim))
    for number in range(n):
        history = History.sequential(x, -np.arange(len(x)))
        x = np.vstack([x, trained.propose(history, cube=CUBE, seed=0, number=number)[:1]])
    return History.sequential(x, -np.arange(n))


@pytest.mark.parametrize("copied", COPIES, ids=["copy", "deepcopy", "replace", "pickle"])
@pytest.mark.parametrize("kind", ["memory", "lstm", "dnc"])
def test_a_copy_proposes_the_same_and_begins_with_an_empty_cache(kind, copied):
    one = untrained(kind, CUBE.dim)
    history = play(one, 5)
    other = copied(one)
    assert bool(one.cache.entries) == (kind != "memory")
    assert other.cache.entries == ()
    assert (other.policy, other.header) == (one.policy, one.header)
    options = {"cube": CUBE, "seed": 0, "number": 5}
    assert_array_equal(other.propose(history, **options), one.propose(history, **options))


def test_a_cache_keeps_the_latest_entries():
    cache = Cache()
    for entry in range(REMEMBERED + 3):
        cache.add(entry)
    assert cache.entries == tuple(range(REMEMBERED + 2, 2, -1))


def test_a_sequential_run_costs_one_step_of_the_network_a_trial():
    class Counting(LSTMPolicy):
        steps = 0

        def step(self, *args):
            Counting.steps += 1
            return super().step(*args)

    policy = Counting(dim=CUBE.dim, hidden=4)
    params = policy.init(np.random.default_rng(0))
    play(TrainedPolicy(policy, params, Header.of(policy, loss="none", prior="none")), 30)
    assert Counting.steps == 30
