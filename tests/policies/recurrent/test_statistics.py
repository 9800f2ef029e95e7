"""Statistics of the results so far."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from l2l_sampler.policies.recurrent.statistics import (
    above_best,
    empty_statistics,
    update_statistics,
    z_scores,
)

DIM = 2
values = st.lists(st.floats(-100, 100).map(lambda v: round(v, 3)), min_size=1, max_size=12)


def feed(y, seed=0):
    """Statistics after each of the results y at random points, and those points."""
    x = np.random.default_rng(seed).random((len(y), DIM))
    run, runs, one = empty_statistics(1, DIM, np.zeros(1)), [], np.ones(1)
    for point, value in zip(x, y, strict=True):
        run = update_statistics(run, point[None], np.array([value]), one)
        runs.append(run)
    return runs, x


@given(values)
def test_the_z_score_is_that_of_the_results_so_far(y):
    runs, _ = feed(y)
    for k, run in enumerate(runs, start=1):
        past = np.array(y[:k]) - y[0]  # exactly 0 if all are equal; their mean need not be
        sd = np.std(past)
        z = (np.array([past[-1], min(past)]) - np.mean(past)) / (sd if sd > 0 else 1.0)
        assert_allclose(z_scores(run)[0], np.clip(z if sd > 0 else 0 * z, -5, 5), atol=1e-6)


@given(values)
def test_values_above_the_best_are_measured_in_standard_deviations(y):
    runs, _ = feed(y)
    for k, run in enumerate(runs, start=1):
        sd = np.std(np.array(y[:k]) - y[0])
        expected = (np.array(y[:k]) - min(y[:k])) / sd if sd > 0 else np.zeros(k)
        assert_allclose(above_best(run, np.array([y[:k]]))[0], expected, atol=1e-6, rtol=1e-6)


@given(values)
def test_the_incumbent_is_the_first_best_point(y):
    runs, x = feed(y)
    for k, run in enumerate(runs, start=1):
        assert_allclose(run.x_best[0], x[np.argmin(y[:k])])
        assert run.improved[0] == (k == 1 or y[k - 1] < min(y[: k - 1]))


def test_infinities_before_any_finite_value_leave_no_trace():
    runs, _ = feed([np.inf, -np.inf, np.nan])
    for found, fresh in zip(runs[-1], empty_statistics(1, DIM, np.zeros(1)), strict=True):
        assert_allclose(found, fresh)


def test_a_dummy_changes_no_statistics():
    run = feed([1.0, 2.0])[0][-1]
    after = update_statistics(run, np.zeros((1, DIM)), np.array([np.nan]), np.zeros(1))
    for before, now in zip(run._replace(improved=np.zeros(1)), after, strict=True):
        assert_allclose(now, before)


def test_runs_side_by_side_do_not_mix():
    y = np.random.default_rng(1).standard_normal((5, 3))
    together, x = empty_statistics(3, DIM, np.zeros(1)), np.random.default_rng(0).random((5, DIM))
    for point, row in zip(x, y, strict=True):
        together = update_statistics(together, np.tile(point, (3, 1)), row, np.ones(3))
    for b in range(3):
        alone = feed(y[:, b])[0][-1]
        for found, expected in zip(together, alone, strict=True):
            assert_allclose(found[b], expected[0])


def test_the_gradient_of_the_z_score_is_right():
    def z_of(y):
        run = empty_statistics(1, DIM, y)
        for k in range(4):
            run = update_statistics(
                run, torch.full((1, DIM), 0.1 * k, dtype=y.dtype), y[k : k + 1], one
            )
        return z_scores(run)

    one = torch.ones(1, dtype=torch.float64)
    y = torch.tensor([0.3, -1.0, 2.5, 0.7], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(z_of, (y,))
