"""Laws of the memory policy, for both reads."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel

from l2l_sampler.history import History
from l2l_sampler.policies.memory import hyper
from l2l_sampler.policies.memory.policy import MemoryPolicy, best_of_groups, readable
from l2l_sampler.policies.memory.reads import READS, Table
from l2l_sampler.spaces.axes import CategoricalAxis, FloatAxis, IntAxis
from l2l_sampler.spaces.cube import UnitCube

reads = pytest.mark.parametrize("read", [*sorted(READS), "posterior, warped"])
dims = pytest.mark.parametrize("dim", [1, 2, 5])


def continuous(dim):
    return UnitCube({f"x{i}": FloatAxis(0.0, 1.0) for i in range(dim)})


def trials(dim, n=20, pending=0, seed=0):
    rng = np.random.default_rng(seed)
    x = continuous(dim).sample(rng, n)
    y = ((x - 0.3) ** 2).sum(1) + 0.1 * rng.standard_normal(n)
    y[n - pending :] = np.nan
    return History.sequential(x, y)


def policy_of(read, seed=0):
    read, _, warped = read.partition(", ")
    policy = MemoryPolicy(read=read, encoding="warped-1" if warped else "zscore-1")
    params = policy.init(np.random.default_rng(seed))
    rng = np.random.default_rng(seed + 1)
    for name, value in params.items():  # initial outputs are nearly zero; these are not
        if name.endswith("out.weight"):
            params[name] = value + 0.2 * rng.standard_normal(value.shape)
    return policy, params


def propose(policy, params, history, cube, seed=3):
    return policy.propose(params, history, cube=cube, rng=np.random.default_rng(seed))


def refined(policy, params, table, starts):
    memory = policy.reader.prepare(params, table, policy.margin(0.5 + 0.0 * table.z[:, :1]))
    points = policy.refine(params, table, memory, starts)
    return points, policy.reader.score(params, memory, points).log_ei


@reads
@dims
@pytest.mark.parametrize("pending", [0, 3])
def test_numpy_and_torch_agree(read, dim, pending):
    policy, params = policy_of(read)
    table = policy.table(params, trials(dim, pending=pending))
    starts = np.random.default_rng(5).random((1, 8, dim))
    points, score = refined(policy, params, table, starts)
    tensors = {name: torch.tensor(value) for name, value in params.items()}
    points_torch, score_torch = refined(
        policy, tensors, Table(*(torch.tensor(v) for v in table)), torch.tensor(starts)
    )
    np.testing.assert_allclose(points_torch.numpy(), points, atol=1e-8)
    np.testing.assert_allclose(score_torch.numpy(), score, atol=1e-5)
    assert np.abs(points - starts).max() > 1e-3


@reads
@dims
def test_scaling_the_objective_changes_no_proposal(read, dim):
    policy, params = policy_of(read)
    history = trials(dim, pending=2)
    moved = replace(history, y=3.0 * history.y - 7.0)
    cube = continuous(dim)
    np.testing.assert_allclose(
        propose(policy, params, moved, cube), propose(policy, params, history, cube), atol=1e-6
    )


@reads
@dims
def test_reordering_the_history_changes_no_proposal(read, dim):
    policy, params = policy_of(read)
    history = trials(dim, pending=2)
    order = np.random.default_rng(9).permutation(history.n)
    cube = continuous(dim)
    np.testing.assert_allclose(
        propose(policy, params, history.take(order), cube),
        propose(policy, params, history, cube),
        atol=1e-6,
    )


@reads
def test_permuting_the_dimensions_permutes_the_search(read):
    policy, params = policy_of(read)
    table, order = policy.table(params, trials(4)), [2, 0, 3, 1]
    starts = np.random.default_rng(5).random((1, 8, 4))
    points, score = refined(policy, params, table, starts)
    turned, same = refined(
        policy, params, table._replace(x=table.x[..., order]), starts[..., order]
    )
    np.testing.assert_allclose(turned, points[..., order], atol=1e-8)
    np.testing.assert_allclose(same, score, atol=1e-6)


@reads
def test_rows_of_a_batch_do_not_see_padding_or_each_other(read):
    policy, params = policy_of(read)
    table = policy.table(params, trials(3, n=12))
    other = policy.table(params, trials(3, n=12, seed=1))
    pad = Table(*(np.concatenate([v, np.zeros_like(v[:, :5])], 1) for v in table))
    batch = Table(
        *(
            np.concatenate([v, np.concatenate([w, w[:, :5]], 1)], 0)
            for v, w in zip(pad, other, strict=True)
        )
    )
    starts = np.random.default_rng(5).random((2, 8, 3))
    alone, score = refined(policy, params, table, starts[:1])
    together, scores = refined(policy, params, batch, starts)
    np.testing.assert_allclose(together[:1], alone, atol=1e-8)
    np.testing.assert_allclose(scores[:1], score, atol=1e-6)


@reads
@pytest.mark.parametrize(
    "y",
    [[1.0], [np.nan], [2.0, 2.0, 2.0], [np.inf, 1.0, -np.inf], [1e300, -1e300, 0.0, np.nan]],
)
def test_any_objective_gives_points_of_the_cube(read, y):
    policy, params = policy_of(read)
    x = np.random.default_rng(0).random((len(y), 3))
    points = propose(policy, params, History.sequential(x, np.array(y)), continuous(3))
    assert np.all((points >= 0.0) & (points <= 1.0))


@reads
def test_repeated_points_with_different_results_are_taken(read):
    policy, params = policy_of(read)
    x = np.repeat(np.random.default_rng(0).random((3, 2)), 20, axis=0)
    y = np.random.default_rng(1).standard_normal(60)
    points = propose(policy, params, History.sequential(x, y), continuous(2))
    assert np.all(np.isfinite(points))


@reads
def test_candidates_are_valid_points_of_a_mixed_space(read):
    cube = UnitCube(
        {
            "rate": FloatAxis(1e-4, 1.0, log=True),
            "depth": IntAxis(1, 5),
            "kind": CategoricalAxis(("a", "b", "c")),
        }
    )
    policy, params = policy_of(read)
    x = cube.sample(np.random.default_rng(0), 15)
    history = History.sequential(x, x.sum(1))
    points = propose(policy, params, history, cube)
    np.testing.assert_array_equal(cube.snap(points), points)


@reads
def test_waiting_workers_get_different_points(read):
    policy, params = policy_of(read)
    cube, history = continuous(2), trials(2, n=0)
    for number in range(6):
        point = propose(policy, params, history, cube, seed=number)[:1]
        assert history.n == 0 or np.abs(history.x - point).max(1).min() > 1e-3
        x = np.concatenate([history.x, point])
        history = History.sequential(x, np.full(len(x), np.nan))


def test_a_long_history_is_read_in_part_with_its_best_and_pending_trials():
    history = trials(3, n=1000, pending=10)
    short = readable(history, 160)
    assert short.n == 160
    assert (~short.finished).sum() == 10
    best = np.sort(history.y)[:75]
    np.testing.assert_array_equal(np.sort(short.y)[:75], best)
    assert np.nanmax(short.y) == np.nanmax(history.y)
    order = np.concatenate([np.random.default_rng(0).permutation(990), np.arange(990, 1000)])
    again = readable(history.take(order), 160)
    np.testing.assert_array_equal(np.sort(again.x, axis=0), np.sort(short.x, axis=0))


def test_the_posterior_is_that_of_scikit_learn():
    policy, params = policy_of("posterior")
    table = policy.table(params, trials(2))
    fitted = hyper.infer(params, *table)
    fixed = fitted._replace(smoothness=np.ones((1, 1)))
    kernel = RBF(fixed.length_scale[0], "fixed") + WhiteKernel(fixed.noise[0, 0], "fixed")
    theirs = GaussianProcessRegressor(kernel, optimizer=None)
    theirs.fit(table.x[0], table.z[0] - fixed.mean[0])
    p = np.random.default_rng(4).random((1, 7, 2))
    model = hyper._condition(
        hyper._kernel(_theta(fixed), table.x), table.x, table.z, np.ones_like(table.z)
    )
    mean, deviation = model.moments(p)
    theirs.fit(table.x[0], table.z[0] - model.mean[0])
    expected, spread = theirs.predict(p[0], return_std=True)
    spread = np.sqrt(spread**2 - fixed.noise[0, 0])
    np.testing.assert_allclose(mean[0] - model.mean[0], expected, atol=1e-6)
    np.testing.assert_allclose(deviation[0] / model.deviation[0], spread, atol=1e-6)


def _theta(model):
    """Hyper-parameters as the network holds them; smoothness as far up as the logit goes."""
    noise = np.log(model.noise - hyper.JITTER)
    return np.concatenate([np.log(model.length_scale), noise, np.full((1, 1), 40.0)], 1)


def test_the_gradients_of_the_posterior_are_its_derivatives():
    policy, params = policy_of("posterior")
    model = hyper.infer(params, *policy.table(params, trials(3)))
    p = np.random.default_rng(4).random((1, 5, 3))
    _, _, mean_slope, deviation_slope = model.at(p)
    step = 1e-5
    for axis in range(3):
        shift = step * np.eye(3)[axis]
        (m1, s1), (m0, s0) = model.moments(p + shift), model.moments(p - shift)
        np.testing.assert_allclose(mean_slope[..., axis], (m1 - m0) / (2 * step), atol=1e-5)
        np.testing.assert_allclose(deviation_slope[..., axis], (s1 - s0) / (2 * step), atol=1e-5)


def test_the_gradient_of_the_likelihood_is_its_derivative():
    table = MemoryPolicy().table({}, trials(3))
    theta = np.array([[-0.5, 0.3, 0.1, -3.0, 0.4]])

    def likelihood(theta):
        kernel = hyper._kernel(theta, table.x)
        model = hyper._condition(kernel, table.x, table.z, np.ones_like(table.z))
        return hyper.log_likelihood(model, table.z[:, None]).item()

    kernel = hyper._kernel(theta, table.x)
    model = hyper._condition(kernel, table.x, table.z, np.ones_like(table.z))
    slope = hyper._likelihood_slope(model, kernel)[0]
    for j in range(theta.shape[1]):
        shift = 1e-5 * np.eye(theta.shape[1])[j]
        difference = (likelihood(theta + shift) - likelihood(theta - shift)) / 2e-5
        assert slope[j] == pytest.approx(difference, rel=1e-4, abs=1e-5)


def test_pending_trials_take_uncertainty_and_move_no_mean():
    policy, params = policy_of("posterior")
    history = trials(2, n=20, pending=4)
    with_pending = hyper.infer(params, *policy.table(params, history))
    without = hyper.infer(params, *policy.table(params, history.take(history.finished)))
    p = np.concatenate([history.x[-4:], np.random.default_rng(0).random((6, 2))])[None]
    (mean, deviation), (plain, wide) = with_pending.moments(p), without.moments(p)
    np.testing.assert_allclose(mean, plain, atol=0.02)
    assert np.all(deviation <= wide + 1e-9)
    assert np.all(deviation[0, :4] < 0.2 * wide[0, :4] + 0.05)


def test_the_best_of_each_group_is_its_member_of_highest_score():
    points = np.arange(12.0).reshape(1, 2, 3, 2)
    score = np.array([[0.0, 5.0, 1.0, 9.0, 2.0, 3.0]])
    np.testing.assert_array_equal(best_of_groups(points, score), [[[2.0, 3.0], [6.0, 7.0]]])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"read": "fourier"}, "unknown read 'fourier'; choose one of kernel, posterior"),
        ({"encoding": "rank-9"}, "unknown encoding 'rank-9'"),
        ({"encoding": "warped-1", "read": "kernel"}, "'warped-1' chooses.* the read 'kernel'"),
        ({"starts": 1}, "starts must be at least 3"),
        ({"margin_low": 0.0}, "margin_low must be positive"),
    ],
)
def test_impossible_policies_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        MemoryPolicy(**fields)
