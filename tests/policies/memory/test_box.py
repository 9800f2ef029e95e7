"""The box around the best trials."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from l2l_sampler.history import History
from l2l_sampler.policies.memory.search.box import Box
from l2l_sampler.spaces.axes import CategoricalAxis, FloatAxis, IntAxis
from l2l_sampler.spaces.conditional import ConditionalCube

CUBE = ConditionalCube(
    {"x": FloatAxis(0, 1), "c": CategoricalAxis("abc"), "i": IntAxis(0, 9), "y": FloatAxis(0, 1)}
)


def converging(n, seed=0):
    """Trials of which the later ones lie nearer to a good place."""
    rng = np.random.default_rng(seed)
    spread = np.linspace(1.0, 0.05, n)[:, None]
    x = CUBE.snap(np.clip(0.3 + spread * (rng.random((n, CUBE.dim)) - 0.3), 0.0, 1.0))
    return History.sequential(x, ((x - 0.3) ** 2).sum(axis=1))


@given(n=st.integers(1, 120), seed=st.integers(0, 99))
def test_it_holds_the_incumbent_and_enough_trials_and_lies_in_the_cube(n, seed):
    history = converging(n, seed)
    box = Box.around_best(history, CUBE)
    seen = box.seen(history)
    assert seen.n >= min(n, 3 * CUBE.dim + 6)
    assert seen.y.min() == history.y.min()
    assert (box.low >= 0.0).all() and (box.high <= 1.0).all() and (box.low < box.high).all()
    assert ((seen.x >= 0.0) & (seen.x <= 1.0)).all()


def test_it_is_narrower_than_the_cube_where_the_best_trials_lie_together():
    box = Box.around_best(converging(120), CUBE)
    assert (box.width[[0, 4, 5]] < 0.7).all()


def test_choices_are_kept_whole():
    box = Box.around_best(converging(60), CUBE)
    columns = CUBE.columns("c")
    assert_array_equal(box.low[columns], np.zeros(3))
    assert_array_equal(box.high[columns], np.ones(3))


def test_its_points_are_valid_points_of_the_cube():
    box = Box.around_best(converging(60), CUBE)
    u = box.sample(np.random.default_rng(0), 50)
    out = box.out(u)
    assert_array_equal(out, CUBE.snap(out))
    assert_allclose(box.into(out), u, atol=1e-12)
    assert_array_equal(box.out(box.snap(u)), out)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_trials_that_agree_in_everything_have_a_box(count):
    x = np.repeat(CUBE.snap(np.full((1, CUBE.dim), 0.5)), count, axis=0)
    box = Box.around_best(History.sequential(x, np.zeros(count)), CUBE)
    assert box.seen(History.sequential(x, np.zeros(count))).n == count


def test_bounds_of_a_box_are_no_bounds_of_the_search_space():
    assert not Box.around_best(converging(60), CUBE).numeric.any()
