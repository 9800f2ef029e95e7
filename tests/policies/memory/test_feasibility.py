"""Laws of the chance that a trial yields a value, with the shipped weights."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from l2l_sampler import registry
from l2l_sampler.policies.memory.reads.feasibility import (
    foreseen,
    read_feasibility,
    with_bad_results,
)
from l2l_sampler.policies.memory.table import Table
from tests.policies.memory.examples import batched, joined, padded

dims = pytest.mark.parametrize("dim", [1, 2, 4])


@pytest.fixture(scope="module")
def params():
    return registry.load_policy("memory").params


def table_of(x, failed):
    """Trials x (n, d), of which some failed and the others yielded their first coordinate."""
    x, known = x[None], ~failed[None]
    return Table(x, np.where(known, x[..., 0], 0.0), known, known, failed[None])


def log_chance(params, x, failed, p):
    """Log chances (S,) at points p (S, d)."""
    return read_feasibility(params, table_of(x, failed)).log_chance(p[None])[0]


def half_space(dim, seed):
    """A function that tells which points (m, dim) fail: those beyond a plane through the centre.

    Random directions make some axes matter more than others.
    """
    normal = np.random.default_rng((seed, dim)).standard_normal(dim)
    return lambda x: (x - 0.5) @ normal > 0.0


def drawn(dim, n, seed):
    """Trials (n, dim) and points to ask about (200, dim)."""
    rng = np.random.default_rng(seed)
    return rng.random((n, dim)), rng.random((200, dim))


def test_without_failures_nothing_is_read(params):
    x, _ = drawn(2, 10, 0)
    assert read_feasibility(params, table_of(x, np.zeros(10, dtype=bool))) is None
    assert (
        read_feasibility(params, table_of(x, np.zeros(10, dtype=bool))._replace(failed=None))
        is None
    )


@dims
def test_near_failures_the_chance_is_lower_than_near_results(params, dim):
    x = np.vstack([np.full((4, dim), 0.2), np.full((4, dim), 0.8)])
    x += 0.03 * np.random.default_rng(0).standard_normal(x.shape)
    failed = np.arange(8) < 4
    near, far = np.exp(log_chance(params, x, failed, np.stack([x[:4].mean(0), x[4:].mean(0)])))
    assert near < 0.1 and far > 0.9


@dims
@pytest.mark.parametrize("n", [20, 40])
def test_failures_beyond_a_plane_are_found(params, dim, n):
    """At held-out points; correlations are 0.69 at least, and 0.80 in the median or more."""
    found = []
    for seed in range(10):
        (x, p), fails = drawn(dim, n, seed), half_space(dim, seed)
        chance = np.exp(log_chance(params, x, fails(x), p))
        found.append(np.corrcoef(chance, ~fails(p))[0, 1])
        assert chance[~fails(p)].mean() > chance[fails(p)].mean() + 0.25
    assert min(found) > 0.5 and np.median(found) > 0.7


@dims
def test_of_faults_that_come_at_random_no_region_is_made(params, dim):
    """Deviations of the chance over the cube are 0.15 in the median; of a half-space, 0.4."""
    at_random, beyond_a_plane, means = [], [], []
    for seed in range(12):
        x, p = drawn(dim, 30, seed)
        failed = np.random.default_rng((seed, 1)).random(30) < 0.3
        chance = np.exp(log_chance(params, x, failed, p))
        at_random.append(chance.std())
        means.append(chance.mean() - (1.0 - failed.mean()))
        beyond_a_plane.append(np.exp(log_chance(params, x, half_space(dim, seed)(x), p)).std())
    assert np.median(at_random) < 0.2
    assert np.median(at_random) < 0.6 * np.median(beyond_a_plane)
    assert np.abs(np.mean(means)) < 0.1


@dims
@pytest.mark.parametrize("n", [1, 5, 20])
def test_where_all_have_failed_the_chance_is_finite_and_grows_with_the_distance(params, dim, n):
    x = np.full((n, dim), 0.1) + 0.02 * np.random.default_rng(0).random((n, dim))
    p = np.stack([np.full(dim, v) for v in (0.11, 0.3, 0.5, 0.9)])
    found = log_chance(params, x, np.ones(n, dtype=bool), p)
    assert np.all(np.isfinite(found)) and np.all(found < 0.0)
    assert np.all(np.diff(found) > 0.0)


def test_repeated_points_that_failed_and_did_not_have_an_even_chance(params):
    x = np.repeat(np.array([[0.3, 0.7], [0.8, 0.2]]), 6, axis=0)
    chance = np.exp(log_chance(params, x, np.arange(12) % 2 == 0, x[[0, 6]]))
    assert_allclose(chance, 0.5, atol=0.02)


def test_neither_the_order_of_trials_nor_that_of_axes_matters(params):
    (x, p), rng = drawn(4, 25, 0), np.random.default_rng(1)
    failed = half_space(4, 0)(x)
    found, order, axes = log_chance(params, x, failed, p), rng.permutation(25), [2, 0, 3, 1]
    assert_allclose(log_chance(params, x[order], failed[order], p), found, atol=1e-6)
    assert_allclose(log_chance(params, x[:, axes], failed, p[:, axes]), found, atol=1e-6)


def test_pending_trials_and_padding_tell_nothing(params):
    x, p = drawn(3, 25, 0)
    failed = half_space(3, 0)(x)
    table = table_of(x, failed)
    pending = padded(table, 4)
    pending.x[:, -4:], pending.present[:, -4:] = 0.5, True
    for longer in (padded(table, 4), pending):
        found = read_feasibility(params, longer).log_chance(p[None])
        assert_allclose(found[0], log_chance(params, x, failed, p), atol=1e-6)


def test_studies_side_by_side_do_not_see_each_other(params):
    x, p = drawn(2, 25, 0)
    all_of_them = np.ones(25, dtype=bool)
    rows = [half_space(2, 0)(x), half_space(2, 1)(x), all_of_them]
    together = read_feasibility(params, batched(*(table_of(x, failed) for failed in rows)))
    found = together.log_chance(np.stack([p] * len(rows)))
    for failed, ours in zip(rows, found, strict=True):
        assert_allclose(ours, log_chance(params, x, failed, p), atol=1e-6)


def test_a_study_without_failures_beside_one_with_some_has_a_sure_chance(params):
    x, p = drawn(2, 25, 0)
    rows = half_space(2, 0)(x), np.zeros(25, dtype=bool)
    together = read_feasibility(params, batched(*(table_of(x, failed) for failed in rows)))
    assert_allclose(together.log_chance(np.stack([p, p]))[1], 0.0, atol=1e-6)


def test_numpy_and_torch_agree(params):
    tensors = {name: torch.tensor(value) for name, value in params.items()}
    x, p = drawn(3, 25, 0)
    for failed in (half_space(3, 0)(x), np.ones(25, dtype=bool)):
        table = joined(torch.tensor, table_of(x, failed))
        feasibility = read_feasibility(tensors, table)
        ours = read_feasibility(params, table_of(x, failed))
        found = feasibility.log_chance(torch.tensor(p[None])).numpy()
        assert_allclose(found, ours.log_chance(p[None]), atol=1e-5)
        theirs = with_bad_results(table, foreseen(table, feasibility))
        for one, other in zip(
            theirs[:5],
            with_bad_results(table_of(x, failed), foreseen(table_of(x, failed), ours)),
            strict=False,
        ):
            assert_allclose(one.numpy(), other)


def test_failures_that_were_to_be_foreseen_are_the_worst_results(params):
    x, _ = drawn(2, 40, 0)
    failed = x[:, 0] > 0.5
    table = table_of(x, failed)
    seen = with_bad_results(table, foreseen(table, read_feasibility(params, table)))
    bad = seen.known[0] & failed
    assert bad.sum() > 0.5 * failed.sum()
    assert np.all(seen.z[0, bad] >= table.z[0, ~failed].max())
    assert_array_equal(seen.z[0, ~failed], table.z[0, ~failed])
    assert_array_equal(seen.present, seen.known)


def test_faults_at_random_are_seldom_taken_for_bad_results(params):
    shares = []
    for seed in range(10):
        x, _ = drawn(2, 40, seed)
        failed = np.random.default_rng((seed, 1)).random(40) < 0.2
        table = table_of(x, failed)
        seen = with_bad_results(table, foreseen(table, read_feasibility(params, table)))
        shares.append((seen.known[0] & failed).sum() / failed.sum())
    assert np.mean(shares) < 0.25
