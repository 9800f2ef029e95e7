"""Laws of the encodings of the objective."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from l2l_sampler.policies.memory.objective.encodings import (
    ENCODINGS,
    encode,
    encoder,
    log_density,
    strengths,
)

every_map = pytest.mark.parametrize("k", ENCODINGS["warped-1"])

values = arrays(np.float64, st.integers(1, 12), elements=st.floats(-100.0, 100.0))
anything = arrays(
    np.float64,
    st.integers(1, 12),
    elements=st.floats(allow_nan=False, allow_infinity=True, width=64),
)


def of(k, y):
    return encode(y[None], ~np.isnan(y)[None], np.array([[k]]))[0]


@every_map
@given(y=values, scale=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
def test_scaling_and_shifting_the_objective_change_nothing(k, y, scale, shift):
    assume(np.ptp(y) == 0.0 or np.diff(np.unique(y)).min() > 1e-3)
    moved = scale * y + shift
    np.testing.assert_allclose(of(k, moved), of(k, y), atol=1e-4)


@every_map
@given(y=anything)
def test_any_values_give_finite_inputs_within_bounds(k, y):
    z = of(k, y)
    assert np.all(np.abs(z) <= 4.0)


@every_map
@given(y=values)
def test_order_is_kept(k, y):
    z = of(k, y)
    better = y[:, None] < y
    assert np.all((z[:, None] <= z)[better])


@every_map
@pytest.mark.parametrize("exponent", [300, -300])
def test_extreme_scales_look_like_any_other(k, exponent):
    y = np.array([3.0, -1.0, 2.0, 0.5])
    np.testing.assert_allclose(of(k, y * 10.0**exponent), of(k, y), rtol=1e-9)


@every_map
def test_infinities_count_as_the_worst_finite_value(k):
    infinite = of(k, np.array([np.inf, 1.0, 3.0, -np.inf, 2.0]))
    finite = of(k, np.array([3.0, 1.0, 3.0, 3.0, 2.0]))
    np.testing.assert_allclose(infinite, finite)


@every_map
@pytest.mark.parametrize("y", [[1.0], [2.0, 2.0, 2.0], [np.inf], [np.inf, np.inf], [np.nan, 5.0]])
def test_values_that_do_not_differ_are_zero(k, y):
    assert np.all(of(k, np.array(y)) == 0.0)


@every_map
def test_unknown_values_are_zero_and_change_no_other(k):
    y = np.array([3.0, 1.0, 2.0, 7.0])
    pending = np.insert(y, 2, np.nan)
    z = of(k, pending)
    assert z[2] == 0.0
    np.testing.assert_allclose(np.delete(z, 2), of(k, y))


@every_map
def test_new_values_are_placed_among_the_known_ones(k):
    y = np.array([[3.0, 1.0, 2.0, 7.0]])
    known = np.ones_like(y, dtype=bool), np.array([[k]])
    place = encoder(y, *known)
    better, low, middle, high = place(np.array([[0.999, 1.0, 1.5, 2.0]]))[0]
    assert better < low < middle < high
    np.testing.assert_allclose(place(y), encode(y, *known))


@every_map
def test_torch_gives_the_same_numbers(k):
    y = np.random.default_rng(0).standard_cauchy((3, 15))
    known = np.random.default_rng(1).random((3, 15)) < 0.7
    given = y, known, np.full((3, 1), k)
    for function in (encode, log_density):
        theirs = function(*map(torch.tensor, given))
        np.testing.assert_allclose(theirs.numpy(), function(*given), atol=1e-12)


@every_map
def test_the_density_is_that_of_the_map(k):
    """Against differences upwards: at the best value the map has a kink."""
    y = np.random.default_rng(0).random((1, 9))
    y = (y - y.min()) / np.ptp(y)  # so that y is u
    known, k, step = np.arange(9)[None] != 4, np.array([[k]]), 1e-7
    place = encoder(y, known, k)
    slope = (place(y + step) - place(y))[known] / step
    np.testing.assert_allclose(log_density(y, known, k), np.log(slope).sum(), atol=1e-2)


def test_an_unknown_encoding_is_named_with_those_there_are():
    with pytest.raises(ValueError, match="unknown encoding 'rank-9'.*warped-1, zscore-1"):
        strengths("rank-9")
