"""The causal encoding of results."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from l2l_sampler.running import ENCODINGS, encoding_of, start, update, z_scores

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
values = st.lists(st.floats(-100, 100).map(lambda v: round(v, 3)), min_size=1, max_size=12)


def feed(y, seed=0):
    """Statistics after each of the results y at random points, and those points."""
    x = np.random.default_rng(seed).random((len(y), DIM))
    run, runs, one = start(1, DIM, np.zeros(1)), [], np.ones(1)
    for point, value in zip(x, y, strict=True):
        run = update(run, point[None], np.array([value]), one)
        runs.append(run)
    return runs, x


def inputs(name, y):
    runs, x = feed(y)
    encode = encoding_of(name).inputs
    return np.vstack(
        [encode(run, point[None], np.ones(1), 100) for run, point in zip(runs, x, strict=True)]
    )


@given(values)
def test_the_z_score_is_that_of_the_results_so_far(y):
    runs, _ = feed(y)
    for k, run in enumerate(runs, start=1):
        past = np.array(y[:k]) - y[0]  # exactly 0 if all are equal; their mean need not be
        sd = np.std(past)
        z = (np.array([past[-1], min(past)]) - np.mean(past)) / (sd if sd > 0 else 1.0)
        assert_allclose(z_scores(run)[0], np.clip(z if sd > 0 else 0 * z, -5, 5), atol=1e-6)


@given(values)
def test_the_incumbent_is_the_first_best_point(y):
    runs, x = feed(y)
    for k, run in enumerate(runs, start=1):
        assert_allclose(run.x_best[0], x[np.argmin(y[:k])])
        assert run.improved[0] == (k == 1 or y[k - 1] < min(y[: k - 1]))


@given(values, st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_an_affine_change_of_the_objective_changes_no_input(y, factor, shift):
    assert_allclose(
        inputs("running-1", np.array(y) * factor + shift), inputs("running-1", y), atol=1e-4
    )


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("y", HARD)
def test_hard_objectives_give_finite_inputs_of_moderate_size(name, y):
    found = inputs(name, y)
    assert found.shape == (len(y), ENCODINGS[name].n_inputs(DIM))
    assert np.all(np.abs(found) <= 100.0)


def test_infinities_count_as_the_worst_finite_value_so_far():
    infinite, clipped = [1, 3, np.inf, -np.inf], [1, 3, 3, 3]
    assert_allclose(inputs("running-1", infinite), inputs("running-1", clipped))


def test_infinities_before_any_finite_value_leave_no_trace():
    runs, _ = feed([np.inf, -np.inf, np.nan])
    for found, fresh in zip(runs[-1], start(1, DIM, np.zeros(1)), strict=True):
        assert_allclose(found, fresh)


def test_tiny_and_huge_objectives_give_the_inputs_of_moderate_ones():
    y = np.array([3.0, -1.0, 2.0, -4.0])
    for scale in (1e-300, 1e-150, 1e150, 1e300):
        assert_allclose(inputs("running-1", scale * y), inputs("running-1", y), atol=1e-9)


def test_a_dummy_changes_no_statistics():
    run = feed([1.0, 2.0])[0][-1]
    after = update(run, np.zeros((1, DIM)), np.array([np.nan]), np.zeros(1))
    for before, now in zip(run._replace(improved=np.zeros(1)), after, strict=True):
        assert_allclose(now, before)


def test_runs_side_by_side_do_not_mix():
    y = np.random.default_rng(1).standard_normal((5, 3))
    together, x = start(3, DIM, np.zeros(1)), np.random.default_rng(0).random((5, DIM))
    for point, row in zip(x, y, strict=True):
        together = update(together, np.tile(point, (3, 1)), row, np.ones(3))
    for b in range(3):
        alone = feed(y[:, b])[0][-1]
        for found, expected in zip(together, alone, strict=True):
            assert_allclose(found[b], expected[0])


def test_the_gradient_of_the_z_score_is_right():
    def z_of(y):
        run = start(1, DIM, y)
        for k in range(4):
            run = update(run, torch.full((1, DIM), 0.1 * k, dtype=y.dtype), y[k : k + 1], one)
        return z_scores(run)

    one = torch.ones(1, dtype=torch.float64)
    y = torch.tensor([0.3, -1.0, 2.5, 0.7], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(z_of, (y,))


def test_the_raw_encoding_is_the_papers():
    run = update(start(1, 2, np.zeros(1)), np.array([[0.2, 0.9]]), np.array([-3.0]), np.ones(1))
    encode = encoding_of("raw-1").inputs
    assert_allclose(encode(run, np.array([[0.2, 0.9]]), np.ones(1), 100), [[0.2, 0.9, -3.0, 1.0]])
    assert_allclose(encode(run, np.array([[0.2, 0.9]]), np.zeros(1), 100), [[0.0] * 4])


def test_an_unknown_encoding_is_named_in_the_error():
    with pytest.raises(ValueError, match="'rank-7'.*running-1, raw-1"):
        encoding_of("rank-7")
