"""The mean that rises towards the bounds."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from l2l_sampler.policies.memory.process.rise import Rise
from l2l_sampler.policies.memory.table import Table


def table(n, d, numeric=None, known=True):
    rows = np.full((1, n), known)
    flags = None if numeric is None else np.array([numeric])
    return Table(np.full((1, n, d), 0.5), np.zeros((1, n)), rows, rows, numeric=flags)


@pytest.mark.parametrize("d", [1, 4])
def test_over_uniform_points_it_has_mean_zero_and_the_deviation_that_is_its_strength(d):
    p = np.random.default_rng(0).random((1, 200_000, d))
    values = Rise.over(table(3, d), 0.3).at(p)
    assert_allclose([values.mean(), values.std()], [0.0, 0.3], atol=0.005)


def test_it_is_lowest_in_the_middle_and_highest_in_every_corner():
    rise = Rise.over(table(3, 3), 0.3)
    p = np.random.default_rng(1).random((1, 500, 3))
    corners = np.array([[[0.0, 0.0, 0.0], [1.0, 0.0, 1.0]]])
    middle = np.full((1, 1, 3), 0.5)
    assert rise.at(middle).max() < rise.at(p).min() < rise.at(p).max() < rise.at(corners).min()


def test_its_slope_is_that_of_its_values():
    rise = Rise.over(table(3, 3), 0.7)
    p = np.random.default_rng(2).random((1, 20, 3))
    for axis in range(3):
        step = np.zeros(3)
        step[axis] = 1e-6
        expected = (rise.at(p + step) - rise.at(p - step)) / 2e-6
        assert_allclose(rise.slope(p)[..., axis], expected, atol=1e-6)


def test_choices_have_no_bounds():
    rise = Rise.over(table(3, 3, numeric=[True, False, False]), 0.3)
    p = np.random.default_rng(3).random((1, 50, 3))
    same = p.copy()
    same[..., 1:] = 0.0
    assert_allclose(rise.at(p), rise.at(same))
    assert (rise.slope(p)[..., 1:] == 0.0).all()
    assert Rise.over(table(3, 2, numeric=[False, False]), 0.3) is None


def test_after_as_many_results_as_it_fades_in_it_is_half_as_strong():
    p = np.random.default_rng(4).random((1, 50, 2))
    full = Rise.over(table(8, 2), 0.4).at(p)
    assert_allclose(Rise.over(table(8, 2), 0.4, fade=8.0).at(p), full / 2.0)
    pending = Rise.over(table(8, 2, known=False), 0.4, fade=8.0).at(p)
    assert_allclose(pending, full)
