"""Encodings of what a recurrent policy is told at each step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from l2l_sampler.policies.recurrent.encodings import ENCODINGS, PENDING, Seen, encoding_of
from l2l_sampler.policies.recurrent.statistics import empty_statistics, update_statistics
from l2l_sampler.policies.recurrent.surroundings import (
    RADII,
    empty_surroundings,
    update_surroundings,
)

DIM = 2
HARD = [
    [0.0],
    [np.inf],
    [np.nan, np.inf, -np.inf],
    [np.inf, 1.0, 2.0, -np.inf],
    [3.0, 3.0, 3.0],
    [1e300, -1e300, 1e-300],
    [1.7e308, -1.7e308, 1.7e308, 0.0],
    [1e-300, 2e-300, 3e-300],
    [5e-324, 0.0, 1e-323],
    [0.1, 0.1 + 1e-17, 0.1],
]
every_encoding = pytest.mark.parametrize("name", ENCODINGS)
scale_free = pytest.mark.parametrize("name", ["running-1", "local-1"])
values = st.lists(st.floats(-100, 100).map(lambda v: round(v, 3)), min_size=1, max_size=12)
ONE = np.ones(1)


def inputs(name, y, pending=None, o=ONE):
    """Inputs after each of the results y at random points, (n, F); the last one is told with o."""
    x = np.random.default_rng(0).random((len(y), DIM))
    run, around = empty_statistics(1, DIM, np.zeros(1)), empty_surroundings(1, DIM, np.zeros(1))
    rows = []
    for k, (point, value) in enumerate(zip(x, y, strict=True), start=1):
        told = o if k == len(y) else ONE
        before, run = run, update_statistics(run, point[None], np.array([value]), told)
        around = update_surroundings(around, run, before, point[None])
        rows.append(encoding_of(name).inputs(Seen(run, around, point[None], told, pending), 100))
    return np.vstack(rows)


@scale_free
@given(values, st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_an_affine_change_of_the_objective_changes_no_input(name, y, factor, shift):
    found = inputs(name, np.array(y) * factor + shift)
    assert_allclose(found, inputs(name, y), atol=1e-4, rtol=1e-4)


@every_encoding
@pytest.mark.parametrize("y", HARD)
def test_hard_objectives_give_finite_inputs_of_moderate_size(name, y):
    found = inputs(name, y)
    assert found.shape == (len(y), ENCODINGS[name].n_inputs(DIM))
    assert np.all(np.abs(found) <= 100.0)


@scale_free
def test_infinities_count_as_the_worst_finite_value_so_far(name):
    infinite, clipped = [1, 3, np.inf, -np.inf], [1, 3, 3, 3]
    assert_allclose(inputs(name, infinite), inputs(name, clipped))


@scale_free
def test_tiny_and_huge_objectives_give_the_inputs_of_moderate_ones(name):
    y = np.array([3.0, -1.0, 2.0, -4.0])
    for scale in (1e-300, 1e-150, 1e150, 1e300):
        assert_allclose(inputs(name, scale * y), inputs(name, y), atol=1e-9)


def test_the_raw_encoding_is_the_papers():
    run = update_statistics(
        empty_statistics(1, 2, np.zeros(1)), np.array([[0.2, 0.9]]), np.array([-3.0]), ONE
    )
    encode = encoding_of("raw-1").inputs
    point = np.array([[0.2, 0.9]])
    assert_allclose(encode(Seen(run, None, point, ONE), 100), [[0.2, 0.9, -3.0, 1.0]])
    assert_allclose(encode(Seen(run, None, point, np.zeros(1)), 100), [[0.0] * 4])


@every_encoding
def test_an_encoding_begins_with_the_one_that_it_says(name):
    y, start_with = [3.0, -1.0, 2.0, -4.0], ENCODINGS[name].begins_with
    if start_with is not None:
        first = ENCODINGS[start_with].n_inputs(DIM)
        assert_allclose(inputs(name, y)[:, :first], inputs(start_with, y))


def test_local_inputs_lie_relative_to_the_incumbent():
    """On a slope of 1 along the first axis; the last result is the worst."""
    x = np.random.default_rng(0).random((6, DIM))
    y = np.concatenate([np.sort(x[:5, 0]), [2.0]])
    pending = (np.full((1, PENDING, DIM), 0.25), np.array([[1.0, 1.0, 0.0, 0.0]]))
    found = inputs("local-1", y, pending)[-1, ENCODINGS["running-1"].n_inputs(DIM) :]
    offset, rise, rest = found[:DIM], found[DIM], found[DIM + 1 :]
    assert_allclose(offset, 4.0 * (x[5] - x[0]))
    assert rise == pytest.approx(np.arcsinh(10.0 * (2.0 - y[0]) / np.std(y)) / 3.0)
    points = rest[2 * len(RADII) * DIM : -PENDING].reshape(PENDING, DIM)
    assert_allclose(points[:2], np.tile(2.0 * (0.25 - x[0]), (2, 1)))
    assert_allclose(points[2:], 0.0)
    assert_allclose(rest[-PENDING:], [1, 1, 0, 0])


def test_local_inputs_show_no_result_where_there_is_none():
    found = inputs("local-1", [1.0, 2.0], o=np.zeros(1))[-1]
    first = ENCODINGS["running-1"].n_inputs(DIM)
    assert_allclose(found[first : first + DIM + 1], 0.0)


def test_local_inputs_need_the_surroundings():
    run = empty_statistics(1, DIM, np.zeros(1))
    with pytest.raises(ValueError, match="local-1 needs the surroundings"):
        encoding_of("local-1").inputs(Seen(run, None, np.zeros((1, DIM)), ONE), 100)


def test_an_unknown_encoding_is_named_in_the_error():
    with pytest.raises(ValueError, match="'rank-7'.*running-1, raw-1, local-1"):
        encoding_of("rank-7")
