"""Fronts and scalarisations of several objectives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from l2l_sampler.objectives import chebyshev, extent, on_front, random_weights

INF = np.inf
FEW = arrays(float, st.tuples(st.integers(1, 12), st.integers(2, 4)), elements=st.integers(0, 4))


def dominates(a, b):
    return (a <= b).all() and (a < b).any()


@given(f=FEW)
def test_the_front_is_what_nobody_dominates(f):
    assert_array_equal(on_front(f), [not any(dominates(a, b) for a in f) for b in f])


@pytest.mark.parametrize("objectives", [2, 3, 5])
def test_the_front_of_many_is_the_front_of_all_its_parts_together(objectives):
    f = np.random.default_rng(objectives).standard_normal((1500, objectives))
    parts = [part[on_front(part)] for part in np.array_split(f, 10)]
    together = np.concatenate(parts)
    expected = together[on_front(together)]
    assert {*map(tuple, f[on_front(f)])} == {*map(tuple, expected)}


def test_of_equal_results_all_are_on_the_front():
    assert_array_equal(
        on_front(np.array([[1.0, 2.0], [1.0, 2.0], [2.0, 2.0]])), [True, True, False]
    )


def test_a_front_of_one_reaches_as_far_as_all_results_do():
    best, reach = extent(np.array([[0.0, 0.0], [2.0, 3.0], [1.0, INF]]))
    assert_array_equal(best, [0.0, 0.0])
    assert_array_equal(reach, [2.0, 3.0])
    assert_array_equal(extent(np.full((2, 2), INF))[1], [1.0, 1.0])


def test_every_result_on_a_front_is_the_best_one_under_some_weights():
    angle = np.linspace(0.1, 1.4, 6)
    concave = np.column_stack([np.cos(angle), np.sin(angle)])  # no weighted sum finds its middle
    weights = random_weights(np.random.default_rng(0), 400, 2)
    assert_allclose(weights.sum(axis=1), 1.0)
    assert {*chebyshev(concave, weights).argmin(axis=1)} == set(range(6))


@given(f=FEW, scale=st.sampled_from([0.5, 4.0]), shift=st.sampled_from([0.0, 8.0]))
def test_no_scale_changes_a_scalarisation(f, scale, shift):
    weights = random_weights(np.random.default_rng(0), 3, f.shape[1])
    assert_allclose(chebyshev(scale * f + shift, weights), chebyshev(f, weights), atol=1e-12)


def test_an_infinite_objective_makes_the_worst_result():
    f = np.array([[0.0, 1.0], [1.0, 0.0], [INF, -5.0]])
    values = chebyshev(f, np.array([[0.5, 0.5], [0.0, 1.0]]))
    assert values[0, 2] == INF and not np.isnan(values).any()
