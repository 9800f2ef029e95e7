"""The choice among the maps of the objective."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from l2l_sampler import registry
from l2l_sampler.policies.memory.objective.choose_map import EXAMINED, choose
from l2l_sampler.policies.memory.objective.encodings import ENCODINGS, encode

NAME = "warped-1"


@pytest.fixture(scope="module")
def params():
    return registry.load_policy("memory").params


def draws(batch, n, skew, seed=0):
    """Smooth functions g in two dimensions at random points, seen as expm1(skew g) / skew."""
    rng = np.random.default_rng(seed)
    x = rng.random((batch, n, 2))
    frequency, phase = 3.0 * rng.standard_normal((batch, 2, 40)), 6.3 * rng.random((batch, 1, 40))
    g = np.sqrt(2.0 / 40.0) * np.cos(x @ frequency + phase).sum(-1)
    return x, np.expm1(skew * g) / skew if skew else g, np.ones((batch, n), dtype=bool)


def test_exponentials_are_seen_through_a_logarithm_and_plain_draws_mostly_not(params):
    plain = choose(params, NAME, *draws(40, 30, 0.0))
    steep = choose(params, NAME, *draws(40, 30, 6.0))
    assert plain.shape == (40, 1)
    assert np.mean(plain > 0.0) < 0.5 and np.median(plain) == 0.0
    assert np.mean(steep > 0.0) > 0.95 and np.median(steep) >= 300.0


def test_an_encoding_of_one_map_needs_no_likelihood():
    assert_array_equal(choose({}, "zscore-1", *draws(3, 10, 6.0)), np.zeros((3, 1)))


def test_few_results_and_equal_ones_are_taken_as_they_are(params):
    x, y, known = draws(4, 20, 6.0)
    known[0, 11:] = known[1, :] = False
    assert_array_equal(choose(params, NAME, x, y, known)[:2], np.zeros((2, 1)))
    assert_array_equal(choose(params, NAME, x[:, :11], y[:, :11], known[:, :11]), np.zeros((4, 1)))
    found = choose(params, NAME, x, np.ones_like(y), known)
    assert_array_equal(encode(np.ones_like(y), known, found), np.zeros_like(y))


@pytest.mark.parametrize("n", [16, EXAMINED, 3 * EXAMINED])
def test_neither_order_nor_scale_nor_unknown_trials_change_the_choice(params, n):
    x, y, known = draws(6, n, 3.0)
    y = y + 50.0  # so that what stands for unknown values lies far outside
    found = choose(params, NAME, x, y, known)
    assert len(np.unique(found)) > 1
    order = np.random.default_rng(1).permutation(n)
    assert_array_equal(choose(params, NAME, x[:, order], y[:, order], known), found)
    assert_array_equal(choose(params, NAME, x, 2.0 * y - 7.0, known), found)
    more = np.concatenate([x, x[:, :4]], 1), np.pad(y, ((0, 0), (0, 4)), constant_values=np.nan)
    assert_array_equal(choose(params, NAME, *more, np.pad(known, ((0, 0), (0, 4)))), found)


def test_numpy_and_torch_choose_the_same(params):
    tensors = {name: torch.tensor(value) for name, value in params.items()}
    given = draws(20, 50, 3.0)
    found = choose(tensors, NAME, *map(torch.tensor, given))
    assert_array_equal(found.numpy(), choose(params, NAME, *given))


def test_hard_objectives_have_a_choice(params):
    x, y, known = draws(5, 16, 1.0)
    y[0], y[1, ::2], y[2, 0] = np.inf, np.inf, -np.inf
    y[3], y[4] = 1e300 * y[3], 1e-300 * y[4]
    assert np.isin(choose(params, NAME, x, y, known), ENCODINGS[NAME]).all()
