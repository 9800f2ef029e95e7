"""Simulated asynchronous workers on held-out functions."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from hpo_benchmarks.held_out.simulated_workers import play_parallel
from tests.untrained import untrained
from train.validation.play import draw_held_out

POLICY = untrained("memory", None)


def simulate(workers, trials=10, spread=0.5):
    return play_parallel(POLICY, draw_held_out("broad", 2, 3), trials, workers, spread)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_all_workers_are_always_busy_and_never_more(workers):
    latent, ended = simulate(workers)
    times = np.random.default_rng(0).uniform(0.5, 1.5, ended.shape)
    began = ended - times
    for b in range(len(ended)):
        moments = np.linspace(0.0, began[b].max() - 1e-6, 200)
        running = (began[b] <= moments[:, None]) & (moments[:, None] < ended[b])
        assert (running.sum(1) == workers).all()
    assert np.isfinite(latent).all()


def test_with_equal_run_times_each_round_of_workers_ends_together():
    _, ended = simulate(3, trials=9, spread=0.0)
    assert_allclose(ended, np.repeat([1.0, 2.0, 3.0], 3)[None].repeat(3, 0))


def test_all_start_at_the_same_point_and_part_when_results_differ():
    one, three = simulate(1)[0], simulate(3)[0]
    assert_array_equal(one[:, 0], three[:, 0])
    assert (one[:, 1:] != three[:, 1:]).any()


def test_a_simulation_is_reproducible():
    for first, second in zip(simulate(2), simulate(2), strict=True):
        assert_array_equal(first, second)


def test_functions_do_not_share_what_a_recurrent_policy_remembers():
    policy = untrained("lstm", 2)
    policy = replace(policy, policy=replace(policy.policy, workers=3))
    together, _ = play_parallel(policy, draw_held_out("gp", 2, 6), 12, 3, 0.5)
    again, _ = play_parallel(policy, draw_held_out("gp", 2, 6), 12, 3, 0.5)
    assert_array_equal(together, again)
    assert not policy.cache.entries
