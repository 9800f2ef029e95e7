"""Where a search starts."""

import numpy as np

from l2l_sampler.policies.memory.search.candidates import (
    LOCAL_GROUPS,
    Draws,
    best_of_groups,
    candidates,
)
from l2l_sampler.policies.memory.table import Table


def test_the_best_of_each_group_is_its_member_of_highest_score():
    points = np.arange(12.0).reshape(1, 2, 3, 2)
    score = np.array([[0.0, 5.0, 1.0, 9.0, 2.0, 3.0]])
    np.testing.assert_array_equal(best_of_groups(points, score), [[[2.0, 3.0], [6.0, 7.0]]])


def test_local_groups_lie_around_the_best_known_trials_and_the_others_anywhere():
    x = np.random.default_rng(0).random((1, 6, 2))
    known = np.array([[True, True, False, True, True, True]])
    z = np.array([[4.0, 1.0, 0.0, 3.0, 2.0, 5.0]])  # the third is pending
    fresh = np.random.default_rng(1).random((1, LOCAL_GROUPS + 2, 5, 2))
    zero = np.zeros_like(fresh)
    draws = Draws(np.zeros((1, 1)), fresh, zero, zero + 1.0, zero[..., :1])
    found = candidates(Table(x, z, known, np.ones_like(known)), draws)
    np.testing.assert_array_equal(found[:, LOCAL_GROUPS:], fresh[:, LOCAL_GROUPS:])
    np.testing.assert_array_equal(found[0, :2], np.broadcast_to(x[0, 1], (2, 5, 2)))
    np.testing.assert_array_equal(found[0, 2], x[0, [1, 4, 3, 0, 5]])
