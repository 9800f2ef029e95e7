"""Parameters that a training run starts from."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from l2l_sampler.checkpoint import save
from l2l_sampler.policies.recurrent.dnc import DNCPolicy
from l2l_sampler.policies.recurrent.lstm import LSTMPolicy
from l2l_sampler.policies.trained import Header, TrainedPolicy
from train.run.starting_point import starting_point

SMALL = {"dim": 2, "hidden": 8}
KINDS = [LSTMPolicy(**SMALL), DNCPolicy(**SMALL, slots=4, width=3)]


def stored(policy, path, seed=3):
    params = policy.init(np.random.default_rng(seed))
    facts = {"loss": "logei", "prior": "gp", "horizon": 100, "workers": policy.workers}
    header = Header.of(policy, **facts, training={}, commit=None, metrics={})
    save(path, TrainedPolicy(policy, params, header))
    return params


@pytest.mark.parametrize("policy", KINDS, ids=lambda policy: policy.kind)
def test_a_policy_that_sees_more_starts_with_the_same_proposals(policy, tmp_path):
    path = tmp_path / "small.safetensors"
    stored(policy, path)
    more = replace(policy, encoding="local-1", workers=5)
    old, new = (dict(starting_point(p, 0, path)) for p in (policy, more))
    here, there = policy.initial_state(old, 1), more.initial_state(new, 1)
    rng = np.random.default_rng(0)
    for _ in range(8):
        x, y, o = rng.random((1, 2)), rng.standard_normal(1), np.ones(1)
        here, u = policy.step(old, here, x, y, o)
        pending = rng.random((1, 4, 2)), np.ones((1, 4))
        there, v = more.step(new, there, x, y, o, pending)
        assert_allclose(v, u, atol=1e-12)


def test_without_a_checkpoint_parameters_are_fresh(tmp_path):
    found = starting_point(KINDS[0], 3, None)
    for name, value in KINDS[0].init(np.random.default_rng(3)).items():
        assert_array_equal(found[name], value)


@pytest.mark.parametrize(
    "other",
    [
        LSTMPolicy(dim=2, hidden=6),
        LSTMPolicy(dim=3, hidden=8),
        LSTMPolicy(dim=2, hidden=6, encoding="local-1"),
        LSTMPolicy(dim=3, hidden=8, encoding="local-1"),
        LSTMPolicy(dim=2, hidden=8, encoding="raw-1"),
        KINDS[1],
        replace(KINDS[1], encoding="local-1"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(other, tmp_path):
    path = tmp_path / "small.safetensors"
    stored(KINDS[0], path)
    with pytest.raises(ValueError, match="do not fit.*same kind and size"):
        starting_point(other, 0, path)
