"""Laws of the encodings of the objective."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from l2l_sampler.encodings import ENCODINGS, encode, encoder

pytestmark = pytest.mark.parametrize("name", sorted(ENCODINGS))

values = arrays(np.float64, st.integers(1, 12), elements=st.floats(-100.0, 100.0))
anything = arrays(
    np.float64,
    st.integers(1, 12),
    elements=st.floats(allow_nan=False, allow_infinity=True, width=64),
)


def of(name, y):
    return encode(name, y[None], ~np.isnan(y)[None])[0]


@given(y=values, scale=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
def test_scaling_and_shifting_the_objective_change_nothing(name, y, scale, shift):
    assume(np.ptp(y) == 0.0 or np.diff(np.unique(y)).min() > 1e-3)
    moved = scale * y + shift
    np.testing.assert_allclose(of(name, moved), of(name, y), atol=1e-4)


@given(y=anything)
def test_any_values_give_finite_inputs_within_bounds(name, y):
    z = of(name, y)
    assert np.all(np.abs(z) <= 4.0)


@given(y=values)
def test_order_is_kept(name, y):
    z = of(name, y)
    better = y[:, None] < y
    assert np.all((z[:, None] <= z)[better])


@pytest.mark.parametrize("exponent", [300, -300])
def test_extreme_scales_look_like_any_other(name, exponent):
    y = np.array([3.0, -1.0, 2.0, 0.5])
    np.testing.assert_allclose(of(name, y * 10.0**exponent), of(name, y), rtol=1e-9)


def test_infinities_count_as_the_worst_finite_value(name):
    infinite = of(name, np.array([np.inf, 1.0, 3.0, -np.inf, 2.0]))
    finite = of(name, np.array([3.0, 1.0, 3.0, 3.0, 2.0]))
    np.testing.assert_allclose(infinite, finite)


@pytest.mark.parametrize("y", [[1.0], [2.0, 2.0, 2.0], [np.inf], [np.inf, np.inf], [np.nan, 5.0]])
def test_values_that_do_not_differ_are_zero(name, y):
    assert np.all(of(name, np.array(y)) == 0.0)


def test_unknown_values_are_zero_and_change_no_other(name):
    y = np.array([3.0, 1.0, 2.0, 7.0])
    pending = np.insert(y, 2, np.nan)
    z = of(name, pending)
    assert z[2] == 0.0
    np.testing.assert_allclose(np.delete(z, 2), of(name, y))


def test_new_values_are_placed_among_the_known_ones(name):
    y = np.array([[3.0, 1.0, 2.0, 7.0]])
    place = encoder(name, y, np.ones_like(y, dtype=bool))
    low, middle, high = place(np.array([[1.0, 1.5, 2.0]]))[0]
    assert low < middle < high
    np.testing.assert_allclose(place(y), encode(name, y, np.ones_like(y, dtype=bool)))


def test_torch_gives_the_same_numbers(name):
    y = np.random.default_rng(0).standard_cauchy((3, 15))
    known = np.random.default_rng(1).random((3, 15)) < 0.7
    ours = encode(name, y, known)
    theirs = encode(name, torch.tensor(y), torch.tensor(known))
    np.testing.assert_allclose(theirs.numpy(), ours, atol=1e-12)


def test_an_unknown_encoding_is_named_with_those_there_are(name):
    with pytest.raises(ValueError, match=f"unknown encoding 'rank-9'.*{name}"):
        encode("rank-9", np.zeros((1, 1)), np.ones((1, 1), dtype=bool))
