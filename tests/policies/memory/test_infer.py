"""Inference of hyper-parameters."""

import numpy as np

from l2l_sampler import registry
from l2l_sampler.policies.memory.process.infer import INFORMATIVE, infer
from l2l_sampler.policies.memory.process.posterior import log_likelihood
from l2l_sampler.policies.memory.table import Table
from tests.policies.memory.examples import policy_of, trials


def test_pending_trials_take_uncertainty_and_move_no_mean():
    policy, params = policy_of("posterior")
    history = trials(2, n=20, pending=4)
    with_pending = infer(params, policy.table(params, history))
    without = infer(params, policy.table(params, history.take(history.finished)))
    p = np.concatenate([history.x[-4:], np.random.default_rng(0).random((6, 2))])[None]
    (mean, deviation), (plain, wide) = with_pending.moments(p), without.moments(p)
    np.testing.assert_allclose(mean, plain, atol=0.02)
    assert np.all(deviation <= wide + 1e-9)
    assert np.all(deviation[0, :4] < 0.2 * wide[0, :4] + 0.05)


def test_shipped_weights_tell_rough_draws_from_smooth_ones_and_relevant_axes_from_others():
    params = registry.load_policy("memory").params
    x = np.random.default_rng(0).random((1, 40, 2))
    known = np.ones((1, 40), dtype=bool)

    def scales(z):
        z = (z - z.mean()) / z.std()
        return infer(params, Table(x, z, known, known)).length_scale[0]

    rough, smooth = scales(np.sin(12.0 * x[..., 0])), scales(np.sin(3.0 * x[..., 0]))
    assert rough[0] < smooth[0]
    assert rough[0] < rough[1] and smooth[0] < smooth[1]


def test_of_many_trials_some_are_looked_at_and_all_are_conditioned_on():
    policy, params = policy_of("posterior")
    table = policy.table(params, trials(2, n=2 * INFORMATIVE))
    model = infer(params, table)
    assert model.x.shape == (1, 2 * INFORMATIVE, 2) and np.all(model.weight == 1.0)
    np.testing.assert_array_equal(np.isfinite(log_likelihood(model, table.z[:, None])), True)
