"""Laws of drawing outliers of the objective in, and of the encoding that does so."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from l2l_sampler.policies.memory.objective.encodings import ENCODINGS, encode
from l2l_sampler.policies.memory.objective.outliers import tamer

every_map = pytest.mark.parametrize("k", ENCODINGS["robust-1"])
any_size = pytest.mark.parametrize("value", [1e7, 1e308, np.inf, -1e7, -1e308, -np.inf])

ROUGHLY = st.integers(-1000, 1000).map(lambda tenths: tenths / 10.0)
"""Values whose differences are exact up to rounding, with ties."""
FAR = st.sampled_from([1e7, 1e150, 1e308, np.inf, -1e7, -1e150, -1e308, -np.inf])
ANY = st.floats(allow_nan=False, allow_infinity=True)


def histories(elements, least=1):
    return arrays(np.float64, st.integers(least, 14), elements=elements)


def tamed(y):
    """The known values of a history drawn in."""
    y = np.atleast_2d(y)
    return tamer(y, ~np.isnan(y))(y)


def encoded(y, k=0.0):
    """Histories (B, n) as seen through the map of strength k after outliers are drawn in."""
    y = np.atleast_2d(y)
    return encode(tamed(y), ~np.isnan(y), np.full((len(y), 1), k))


def usual_results(n=20):
    """Two hundred histories of n results, without outliers but those of chance."""
    return np.random.default_rng(0).standard_normal((200, n))


def and_one(y, value):
    return np.concatenate([y, np.full((len(y), 1), value)], axis=1)


@given(y=histories(ROUGHLY | FAR | ANY))
def test_order_is_kept_up_to_ties(y):
    found = tamed(y)[0]
    better = y[:, None] < y
    assert np.all((found[:, None] <= found)[better])


@given(y=histories(ROUGHLY, least=3))
def test_finite_values_of_usual_size_keep_their_strict_order(y):
    found = tamed(y)[0]
    assume(np.ptp(y) > 0.0)
    quartile, median = np.quantile(y, [0.25, 0.5])
    usual = y >= (median - 6.0 * (median - quartile) if quartile < median else y.min())
    assert np.all((found[:, None] < found)[(y[:, None] < y) & usual[:, None] & usual])


@given(y=histories(ROUGHLY | FAR | ANY), more=histories(ANY))
def test_anything_is_drawn_in_to_finite_values(y, more):
    known = np.ones((1, len(y)), dtype=bool)
    assert np.all(np.isfinite(tamer(y[None], known)(y[None])))
    assert np.all(np.isfinite(tamer(y[None], known)(more[None])))


@every_map
@given(y=histories(ROUGHLY | FAR | ANY))
def test_any_values_give_finite_inputs_within_bounds(k, y):
    assert np.all(np.abs(encoded(y, k)) <= 4.0)


@every_map
@given(y=histories(ROUGHLY), scale=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
def test_scaling_and_shifting_the_objective_change_nothing(k, y, scale, shift):
    assert_allclose(encoded(scale * y + shift, k), encoded(y, k), atol=1e-4)


@every_map
@pytest.mark.parametrize("scale", [1e200, 1e-200])
@pytest.mark.parametrize("value", [7.0, 1e7, -1e7, np.inf, -np.inf])
def test_extreme_scales_look_like_any_other(k, scale, value):
    y = and_one(usual_results()[:10], value)
    assert_allclose(encoded(scale * y, k), encoded(y, k), atol=1e-9)


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_drawing_in_commutes_with_scale_and_shift(scale):
    y = and_one(usual_results()[:10], 1e7)
    assert_allclose(tamed(scale * y), scale * tamed(y), rtol=1e-12)
    assert_allclose(np.diff(tamed(y - 50.0)), np.diff(tamed(y)), atol=1e-7)


@pytest.mark.parametrize("y", [[1.0], [2.0, 2.0], [np.inf, np.inf], [-np.inf], [3.0, np.nan, 3.0]])
@every_map
def test_values_that_do_not_differ_are_zero(k, y):
    assert_array_equal(encoded(np.array(y), k), np.zeros((1, len(y))))


def test_among_ties_a_value_that_differs_does():
    for value, sign in ((0.5, -1.0), (2.0, 1.0), (-1e7, -1.0), (1e7, 1.0)):
        z = encoded(np.array([1.0, 1.0, 1.0, 1.0, value]))[0]
        assert np.sign(z[-1] - z[0]) == sign


@any_size
def test_beside_one_of_any_size_twenty_results_stay_apart(value):
    """They move by 1.9 at most and keep 0.34 of their deviation; plainly standardised, nothing."""
    y = usual_results()
    before, after = encoded(y), encoded(and_one(y, value))[:, :-1]
    assert np.abs(after - before).max() < 2.0
    assert (after.std(1) / before.std(1)).min() > 0.3
    if np.isfinite(value):
        both = and_one(y, value)
        plain = encode(both, np.ones_like(both, dtype=bool), np.zeros((len(y), 1)))[:, :-1]
        assert (plain.std(1) / before.std(1)).max() < 1e-5


@every_map
@pytest.mark.parametrize("value", [1e7, 1e308, np.inf])
def test_through_every_map_twenty_results_stay_apart_beside_a_bad_one(k, value):
    """They move by 1.8 at most and keep 0.38 of their deviation, more through steeper maps."""
    y = usual_results()
    before, after = encoded(y, k), encoded(and_one(y, value), k)[:, :-1]
    assert np.abs(after - before).max() < 2.0
    assert (after.std(1) / before.std(1)).min() > 0.3


@every_map
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("n", [2, 5, 20])
def test_how_far_out_a_finite_value_is_hardly_matters(k, sign, n):
    y = usual_results(n)
    far = encoded(and_one(y, sign * 1e7), k)
    for value in (1e12, 1e100, 1e300, 1e308):
        assert_allclose(encoded(and_one(y, sign * value), k), far, atol=1e-4)


@every_map
@given(y=histories(ROUGHLY, least=3))
def test_negative_infinity_is_the_best_and_positive_infinity_none_better_than_the_worst(k, y):
    best = encoded(np.append(y, -np.inf), k)[0]
    assert best[-1] <= best[:-1].min()
    if np.ptp(y) > 0.0:
        assert best[-1] < best[:-1].min()
    worst = encoded(np.append(y, np.inf), k)[0]
    assert worst[-1] >= worst[:-1].max()


@every_map
def test_unknown_values_and_padding_change_no_other(k):
    y = and_one(usual_results(8)[:5], 1e7)
    pending = np.insert(y, 3, np.nan, axis=1)
    assert_allclose(np.delete(encoded(pending, k), 3, axis=1), encoded(y, k), atol=1e-12)
    assert_array_equal(encoded(pending, k)[:, 3], np.zeros(5))
    padded, known = np.pad(y, ((0, 0), (0, 4))), np.pad(y < np.inf, ((0, 0), (0, 4)))
    assert_array_equal(tamer(padded, known)(padded)[:, :-4], tamed(y))
    padded[:, -4:] = [1e308, -1e308, np.inf, -np.inf]
    assert_array_equal(tamer(padded, known)(padded)[:, :-4], tamed(y))


@given(rows=st.lists(histories(ROUGHLY | FAR | ANY), min_size=2, max_size=4))
def test_histories_side_by_side_do_not_see_each_other(rows):
    longest = max(map(len, rows))
    together = np.stack([np.pad(y, (0, longest - len(y)), constant_values=np.nan) for y in rows])
    for y, found in zip(rows, tamed(together), strict=True):
        assert_array_equal(found[: len(y)], tamed(y)[0])


@given(y=histories(ROUGHLY | FAR | ANY), data=st.data())
def test_torch_gives_the_same_numbers(y, data):
    known = data.draw(arrays(bool, y.shape))[None]
    theirs = tamer(torch.tensor(y[None]), torch.tensor(known))(torch.tensor(y[None]))
    ours = tamer(y[None], known)(y[None])
    assert_allclose(theirs.numpy(), ours, rtol=1e-12, atol=1e-300)


def test_single_precision_stays_single():
    y = torch.tensor(and_one(usual_results()[:5], 1e30), dtype=torch.float32)
    found = tamer(y, torch.ones_like(y, dtype=torch.bool))(y)
    assert found.dtype == torch.float32
    assert_allclose(found.numpy(), tamed(y.double().numpy()), rtol=1e-4, atol=1e-6)
