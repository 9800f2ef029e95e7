"""Laws of the memory policy, for all sorts of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from l2l_sampler.history import History
from l2l_sampler.policies.memory.policy import MemoryPolicy
from l2l_sampler.policies.memory.search.candidates import Draws
from l2l_sampler.spaces.cube import CategoricalAxis, FloatAxis, IntAxis, UnitCube
from tests.policies.memory.examples import (
    SORTS,
    batched,
    continuous,
    joined,
    padded,
    policy_of,
    trials,
)

sorts = pytest.mark.parametrize("sort", SORTS)
dims = pytest.mark.parametrize("dim", [1, 2, 5])


def propose(policy, params, history, cube, seed=3):
    return policy.propose(params, history, cube=cube, seed=seed, number=0)


def refined(policy, params, table, starts):
    middle = 0.5 + 0.0 * table.z[:, :1]
    prepared = policy.prepare(params, table, Draws(middle, None, None, None, None))
    points = policy.refine(params, table, prepared, starts)
    return points, policy.score(params, prepared, points).log_ei


@sorts
@dims
@pytest.mark.parametrize(("pending", "failed"), [(0, 0), (3, 0), (2, 4)])
def test_numpy_and_torch_agree(sort, dim, pending, failed):
    policy, params = policy_of(sort)
    table = policy.table(params, trials(dim, pending=pending, failed=failed))
    starts = np.random.default_rng(5).random((1, 8, dim))
    points, score = refined(policy, params, table, starts)
    tensors = {name: torch.tensor(value) for name, value in params.items()}
    points_torch, score_torch = refined(
        policy, tensors, joined(torch.tensor, table), torch.tensor(starts)
    )
    np.testing.assert_allclose(points_torch.numpy(), points, atol=1e-8)
    np.testing.assert_allclose(score_torch.numpy(), score, atol=1e-5)
    assert np.abs(points - starts).max() > 1e-3


@sorts
@dims
def test_scaling_the_objective_changes_no_proposal(sort, dim):
    policy, params = policy_of(sort)
    history = trials(dim, n=30, pending=2, failed=3)
    moved = replace(history, y=3.0 * history.y - 7.0)
    cube = continuous(dim)
    np.testing.assert_allclose(
        propose(policy, params, moved, cube), propose(policy, params, history, cube), atol=1e-6
    )


@pytest.mark.parametrize(("scale", "shift"), [(1e200, 0.0), (1e-200, 0.0), (1e-3, 1e3)])
def test_a_robust_policy_takes_any_scale_even_with_infinities(scale, shift):
    policy, params = policy_of("posterior, robust")
    history = trials(2, n=30, pending=2, failed=3)
    history.y[:3] = 1e7, np.inf, -np.inf
    moved = replace(history, y=scale * history.y + shift)
    cube = continuous(2)
    np.testing.assert_allclose(
        propose(policy, params, moved, cube), propose(policy, params, history, cube), atol=1e-5
    )


@sorts
@dims
def test_reordering_the_history_changes_no_proposal(sort, dim):
    policy, params = policy_of(sort)
    history = trials(dim, n=30, pending=2, failed=3)
    order = np.random.default_rng(9).permutation(history.n)
    cube = continuous(dim)
    np.testing.assert_allclose(
        propose(policy, params, history.take(order), cube),
        propose(policy, params, history, cube),
        atol=1e-6,
    )


@sorts
def test_permuting_the_dimensions_permutes_the_search(sort):
    policy, params = policy_of(sort)
    table, order = policy.table(params, trials(4, failed=5)), [2, 0, 3, 1]
    starts = np.random.default_rng(5).random((1, 8, 4))
    points, score = refined(policy, params, table, starts)
    turned, same = refined(
        policy, params, table._replace(x=table.x[..., order]), starts[..., order]
    )
    np.testing.assert_allclose(turned, points[..., order], atol=1e-8)
    np.testing.assert_allclose(same, score, atol=1e-6)


@sorts
def test_rows_of_a_batch_do_not_see_padding_or_each_other(sort):
    policy, params = policy_of(sort)
    table = policy.table(params, trials(3, n=12, failed=2))
    other = policy.table(params, trials(3, n=12, failed=4, seed=1))
    batch = batched(padded(table, 5), joined(lambda v: np.concatenate([v, v[:, :5]], 1), other))
    starts = np.random.default_rng(5).random((2, 8, 3))
    alone, score = refined(policy, params, table, starts[:1])
    together, scores = refined(policy, params, batch, starts)
    np.testing.assert_allclose(together[:1], alone, atol=1e-8)
    np.testing.assert_allclose(scores[:1], score, atol=1e-6)


@sorts
@pytest.mark.parametrize(
    "y",
    [[1.0], [np.nan], [2.0, 2.0, 2.0], [np.inf, 1.0, -np.inf], [1e300, -1e300, 0.0, np.nan]],
)
def test_any_objective_gives_points_of_the_cube(sort, y):
    policy, params = policy_of(sort)
    x = np.random.default_rng(0).random((len(y), 3))
    points = propose(policy, params, History.sequential(x, np.array(y)), continuous(3))
    assert np.all((points >= 0.0) & (points <= 1.0))


@sorts
def test_repeated_points_with_different_results_are_taken(sort):
    policy, params = policy_of(sort)
    x = np.repeat(np.random.default_rng(0).random((3, 2)), 20, axis=0)
    y = np.random.default_rng(1).standard_normal(60)
    points = propose(policy, params, History.sequential(x, y), continuous(2))
    assert np.all(np.isfinite(points))


@sorts
def test_candidates_are_valid_points_of_a_mixed_space(sort):
    cube = UnitCube(
        {
            "rate": FloatAxis(1e-4, 1.0, log=True),
            "depth": IntAxis(1, 5),
            "kind": CategoricalAxis(("a", "b", "c")),
        }
    )
    policy, params = policy_of(sort)
    x = cube.sample(np.random.default_rng(0), 15)
    history = History.sequential(x, x.sum(1))
    points = propose(policy, params, history, cube)
    np.testing.assert_array_equal(cube.snap(points), points)


@sorts
def test_waiting_workers_get_different_points(sort):
    policy, params = policy_of(sort)
    cube, history = continuous(2), trials(2, n=0)
    for number in range(6):
        point = propose(policy, params, history, cube, seed=number)[:1]
        assert history.n == 0 or np.abs(history.x - point).max(1).min() > 1e-3
        x = np.concatenate([history.x, point])
        history = History.sequential(x, np.full(len(x), np.nan))


@sorts
def test_a_search_on_many_problems_finds_what_it_finds_on_each_alone(sort):
    policy, params = policy_of(sort)
    cube, rng = continuous(3), np.random.default_rng(0)
    tables = [policy.table(params, trials(3, n=12, failed=3, seed=seed)) for seed in range(2)]
    draws = [policy.draws(cube, rng) for _ in tables]
    alone = [
        policy.search(params, table, numbers, cube.snap)
        for table, numbers in zip(tables, draws, strict=True)
    ]
    all_draws = Draws(*map(np.concatenate, zip(*draws, strict=True)))
    together = policy.search(params, batched(*tables), all_draws, cube.snap)
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-8)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"read": "fourier"}, "unknown read 'fourier'; choose one of kernel, posterior"),
        ({"encoding": "rank-9"}, "unknown encoding 'rank-9'"),
        ({"encoding": "warped-1", "read": "kernel"}, "'warped-1' chooses.* the read 'kernel'"),
        ({"starts": 1}, "starts must be a whole number from 3 to 256; got 1"),
        ({"margin_low": 0.0}, "margin_low must be a number from 1e-06 to 100; got 0.0"),
        ({"caution": -1.0}, "caution must be a number from 0 to 100, or None; got -1.0"),
        ({"every": 0}, "every must be a whole number from 1 to 1e.06, or None; got 0"),
        ({"every": 8, "read": "kernel"}, "every needs .* the read 'kernel'"),
        ({"caution": np.inf}, "caution must be a number from .* or None; got inf"),
        ({"caution": np.nan}, "caution must be a number from .* or None; got nan"),
        ({"caution": 1.0, "read": "kernel"}, "needs the read 'posterior'.*with the read 'kernel'"),
        ({"crowding": -0.1}, "crowding must be a number .*, or None; got -0.1"),
        ({"crowding": np.inf}, "crowding must be .*, or None; got inf"),
        ({"crowding": np.nan}, "crowding must be .*, or None; got nan"),
        ({"moves": -1}, "moves must be a whole number from 0 to 64, or None; got -1"),
        ({"hidden": 6000}, "hidden must be a whole number from 1 to 1024; got 6000"),
        ({"steps": 2**64}, "steps must be a whole number from 1 to 64; got 18446744073709551616"),
        ({"n_max": "x"}, "n_max must be a whole number from 2 to 1024; got 'x'"),
        ({"group": True}, "group must be a whole number .*; got True"),
        ({"margin_high": 10**400}, "margin_high must be a number from 1e-06 to 100; got 1000"),
        ({"zoom": 2.0}, "zoom must be a whole number .*, or None; got 2.0"),
        ({"encoding": 1}, "encoding must be a name; got 1"),
        ({"starts": 256, "group": 256}, "starts times group must be at most 4096"),
        ({"margin_low": 0.3, "margin_high": 0.2}, "margin_low must be at most margin_high"),
    ],
)
def test_impossible_policies_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        MemoryPolicy(**fields)
