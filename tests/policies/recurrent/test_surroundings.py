"""Results near the incumbent, and their slope."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from l2l_sampler.policies.recurrent.statistics import empty_statistics, update_statistics
from l2l_sampler.policies.recurrent.surroundings import (
    KEPT,
    RADII,
    empty_surroundings,
    slopes,
    update_surroundings,
)

DIM = 3


def feed(x, y, like=None):
    """Surroundings and statistics after results (n, D), (n,); numpy or torch by `like`."""
    like = np.zeros(1) if like is None else like
    run, around, one = empty_statistics(1, DIM, like), empty_surroundings(1, DIM, like), like + 1.0
    for k in range(len(y)):
        before, run = run, update_statistics(run, x[k : k + 1], y[k : k + 1], one)
        around = update_surroundings(around, run, before, x[k : k + 1])
    return around, run


def points(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((n, DIM)), rng.standard_normal(n)


def test_all_results_are_kept_while_there_is_room():
    x, y = points(KEPT)
    around, _ = feed(x, y)
    order = np.argsort(around.y[0])
    assert_array_equal(around.x[0][order], x[np.argsort(y)])
    assert around.held.sum() == KEPT


def test_later_those_near_the_incumbent_are_kept():
    x, y = points(3 * KEPT)
    y[0] = -9.0  # the incumbent from the start on
    around, _ = feed(x, y)
    nearest = np.argsort(((x - x[0]) ** 2).sum(1))[:KEPT]
    assert_array_equal(np.sort(around.y[0]), np.sort(y[nearest]))


def test_a_result_far_away_is_kept_if_it_is_the_new_incumbent():
    x, y = points(KEPT + 1)
    x[:-1], x[-1], y[-1] = 0.1 * x[:-1], 1.0, -9.0
    around, run = feed(x, y)
    assert -9.0 in around.y[0] and around.held.sum() == KEPT
    assert_array_equal(run.x_best[0], x[-1])


def test_what_did_not_count_is_not_kept():
    x, y = points(4)
    y[:2] = np.inf  # before any finite value
    around, _ = feed(x, y)
    assert around.held.sum() == 2 and np.isfinite(around.y).all()
    run = feed(x, y)[1]
    after = update_surroundings(around, run, run, x[:1])
    for found, expected in zip(after, around, strict=True):
        assert_array_equal(found, expected)


def test_infinities_are_kept_as_the_worst_value():
    x, y = points(4)
    y[3] = np.inf
    around, run = feed(x, y)
    assert sorted(around.y[0, :4]) == sorted([*y[:3], run.worst[0]])


def test_the_slope_of_a_plane_is_found_where_there_is_data():
    x, _ = points(KEPT)
    gradient = np.array([3.0, -2.0, 0.5])
    y = x @ gradient
    around, run = feed(x, y)
    slope, cover = slopes(around, run)
    for r, radius in enumerate(RADII):
        expected = radius * gradient / np.std(y)
        assert np.all(np.abs(slope[0, r]) <= 1.1 * np.abs(expected).max())
    widest = RADII[-1] * gradient / np.std(y)
    assert_allclose(slope[0, -1], widest, atol=0.1 * np.abs(widest).max())
    assert np.all(np.diff(cover.sum(-1)[0]) > 0.0)  # a wider radius rests on more


def test_without_results_or_differences_there_is_no_slope():
    for x, y in (points(0), (points(5)[0], np.full(5, 2.0))):
        slope, _ = slopes(*feed(x, y))
        assert_array_equal(slope, np.zeros((1, len(RADII), DIM)))


def test_numpy_and_torch_agree():
    x, y = points(2 * KEPT)
    here = slopes(*feed(x, y))
    there = slopes(*feed(torch.tensor(x), torch.tensor(y), torch.zeros(1, dtype=torch.float64)))
    for a, b in zip(here, there, strict=True):
        assert_allclose(b.numpy(), a, atol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_of_the_slope_is_right(seed):
    x, y = (torch.tensor(v) for v in points(6, seed))
    like = torch.zeros(1, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda x, y: slopes(*feed(x, y, like)), (x.requires_grad_(), y.requires_grad_())
    )
