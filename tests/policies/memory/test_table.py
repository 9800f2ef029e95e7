"""What is read of a long history."""

import numpy as np

from l2l_sampler.policies.memory.table import readable, representatives
from tests.policies.memory.examples import trials


def test_a_long_history_is_read_in_part_with_its_best_and_pending_trials():
    history = trials(3, n=1000, pending=10)
    short = readable(history, 160)
    assert short.n == 160
    assert (~short.finished).sum() == 10
    best = np.sort(history.y)[:75]
    np.testing.assert_array_equal(np.sort(short.y)[:75], best)
    assert np.nanmax(short.y) == np.nanmax(history.y)
    order = np.concatenate([np.random.default_rng(0).permutation(990), np.arange(990, 1000)])
    again = readable(history.take(order), 160)
    np.testing.assert_array_equal(np.sort(again.x, axis=0), np.sort(short.x, axis=0))


def test_representatives_are_the_best_half_and_others_up_to_the_worst():
    z = np.random.default_rng(0).permutation(100.0 + np.arange(100))[None]
    index, kept = representatives(z, (z < 190.0).astype(float), 16)
    found = z[0, index[0]]
    np.testing.assert_array_equal(kept, np.ones((1, 16)))
    np.testing.assert_array_equal(found[:8], 100.0 + np.arange(8))
    assert np.all(np.diff(found) > 0.0) and 180.0 < found[-1] < 190.0


def test_fewer_known_trials_than_representatives_are_all_taken_and_padding_is_last():
    z = np.array([[3.0, 1.0, 9.0, 2.0, 4.0]])
    index, kept = representatives(z, np.array([[1.0, 1.0, 0.0, 1.0, 0.0]]), 4)
    np.testing.assert_array_equal(index[:, :3], [[1, 3, 0]])
    np.testing.assert_array_equal(kept, [[1.0, 1.0, 1.0, 0.0]])
