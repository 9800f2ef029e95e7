"""Recurrent policies: proposals by replay, symmetries, restarts, numpy against torch."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from l2l_sampler import proposal
from l2l_sampler.history import History
from l2l_sampler.policies.base import Cache, describe
from l2l_sampler.policies.recurrent.dnc import DNCPolicy
from l2l_sampler.policies.recurrent.feeding import episode_of, inputs_of
from l2l_sampler.policies.recurrent.lstm import LSTMPolicy
from l2l_sampler.policies.recurrent.symmetry import Symmetry
from l2l_sampler.policies.trained import Header, TrainedPolicy
from tests.histories import DIM, now, random_history

POLICIES = [
    LSTMPolicy(dim=DIM, hidden=12),
    LSTMPolicy(dim=DIM, hidden=12, layers=1, encoding="raw-1"),
    DNCPolicy(dim=DIM, hidden=12, slots=8, width=4),
    DNCPolicy(dim=DIM, hidden=12, slots=8, width=4, encoding="raw-1"),
    LSTMPolicy(dim=DIM, hidden=12, workers=4, encoding="local-1"),
    DNCPolicy(dim=DIM, hidden=12, slots=8, width=4, encoding="local-1"),
]
every_policy = pytest.mark.parametrize(
    "policy", POLICIES, ids=lambda policy: f"{policy.kind}-{policy.encoding}"
)


class Box:
    """The unit cube without discrete axes."""

    dim = DIM

    def snap(self, u):
        return np.clip(u, 0.0, 1.0)

    def sample(self, rng, n):
        return rng.random((n, DIM))


def lively(policy, seed=0):
    """Untrained parameters whose proposals spread over the cube."""
    params = policy.init(np.random.default_rng(seed))
    return params | {"out.weight": 6.0 * params["out.weight"]}


def objective(x):
    return float(np.sum((x - 0.3) ** 2))


def propose(policy, params, history, seed=5, cache=None):
    """The policy's candidates."""
    options = {"seed": seed, "number": history.n, "cache": cache}
    return policy.propose(params, history, cube=Box(), **options)


def trained(policy, params):
    return TrainedPolicy(policy, params, Header.of(policy, loss="none", prior="none"))


def ask(one, history, seed=5):
    """The next point of a trained policy that repeats none."""
    return proposal.propose(one, history, Box(), seed=seed, number=history.n, deduplicate=True)


def play(policy, params, steps, seed=5):
    """A sequential run; its history."""
    one, x, y = trained(policy, params), np.empty((0, DIM)), np.empty(0)
    for _ in range(steps):
        x = np.vstack([x, ask(one, History.sequential(x, y), seed)])
        y = np.append(y, objective(x[-1]))
    return History.sequential(x, y)


@every_policy
def test_replaying_a_prefix_equals_stepping_online(policy):
    params = lively(policy)
    symmetry = Symmetry.draw(np.random.default_rng((5, 0)), DIM)
    state = policy.initial_state(params, 1)
    x, y = np.empty((0, DIM)), np.empty(0)
    last, value, o = np.zeros((1, DIM)), np.zeros(1), np.zeros(1)
    for _ in range(15):
        state, u = policy.step(params, state, last, value, o)
        replayed = propose(policy, params, History.sequential(x, y))
        assert_allclose(replayed[0], symmetry.undo(u)[0], atol=1e-12)
        x = np.vstack([x, symmetry.undo(u)])
        y = np.append(y, objective(x[-1]))
        last, value, o = symmetry.apply(x[-1:]), y[-1:], np.ones(1)


@every_policy
def test_going_on_from_a_cache_changes_no_proposal(policy):
    params, cache = lively(policy), Cache()
    history = random_history(np.random.default_rng(2), 20)
    for k in [3, 4, 5, 9, 10, 2, 19, 19, 7]:
        expected = propose(policy, params, now(history, k))
        found = propose(policy, params, now(history, k), cache=cache)
        assert_allclose(found, expected, atol=1e-12)
    changed = replace(history, y=history.y + np.arange(20))
    ours, other = (propose(policy, params, h, cache=cache) for h in (history, changed))
    assert not np.allclose(ours, other)


@every_policy
def test_in_single_precision_statistics_stay_in_double_and_proposals_are_nearly_the_same(policy):
    assert policy.precision == np.float32
    double = lively(policy)
    single = {name: value.astype(np.float32) for name, value in double.items()}
    history = random_history(np.random.default_rng(3), 20)
    for offset in (0.0, 1e9) if policy.encoding != "raw-1" else (0.0,):
        shifted = replace(history, y=history.y + offset)
        expected = propose(policy, double, shifted)
        assert_allclose(propose(policy, single, shifted), expected, atol=1e-4)
    state = policy.initial_state(single, 2, like=history.x)
    for _ in range(2):
        state, x = policy.step(single, state, history.x[:2], history.y[:2], np.ones(2))
        statistics = (*state.statistics, *(state.around or ()), x)
        assert {a.dtype for a in state.hidden} == {np.dtype(np.float32)}
        assert {a.dtype for a in statistics} == {np.dtype(np.float64)}


@every_policy
def test_threads_that_share_a_trained_policy_get_the_proposals_of_one_thread(policy):
    one = trained(policy, lively(policy))
    histories = [random_history(np.random.default_rng(s), 6 + s) for s in range(12)] * 3

    def candidates(history):
        return one.propose(history, cube=Box(), seed=5, number=history.n)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(candidates, histories))
    for history, points in zip(histories, found, strict=True):
        assert_allclose(points, propose(policy, one.params, history), atol=1e-12)


@every_policy
def test_asks_without_a_result_give_different_points(policy):
    for params in (lively(policy), policy.init(np.random.default_rng(0))):
        params["out.bias"][:] = 3.0 if params["out.weight"].std() < 0.1 else 0.0
        x = np.empty((0, DIM))
        for _ in range(12):
            history = History.sequential(x, np.full(len(x), np.nan))
            x = np.vstack([x, ask(trained(policy, params), history)])
        gap = np.abs(x[:, None] - x).max(-1) + np.eye(12)
        assert gap.min() > 1e-7


@every_policy
def test_numpy_and_torch_propose_the_same(policy):
    params = lively(policy)
    tensors = {name: torch.tensor(value) for name, value in params.items()}
    rng, p = np.random.default_rng(0), policy.n_pending
    here, there = policy.initial_state(params, 4), policy.initial_state(tensors, 4)
    for _ in range(30):
        x, y = rng.random((4, DIM)), rng.standard_normal(4)
        o = (rng.random(4) < 0.8).astype(float)
        pending = rng.random((4, p, DIM)), (rng.random((4, p)) < 0.5).astype(float)
        here, u = policy.step(params, here, x, y, o, pending)
        also = torch.tensor(pending[0]), torch.tensor(pending[1])
        there, v = policy.step(tensors, there, *map(torch.tensor, (x, y, o)), also)
        assert_allclose(v.numpy(), u, atol=1e-10)


@every_policy
def test_gradients_reach_every_parameter(policy):
    params = {
        name: torch.tensor(value, requires_grad=True) for name, value in lively(policy).items()
    }
    state = policy.initial_state(params, 5)
    rng = np.random.default_rng(0)
    for _ in range(4):
        x, y = torch.tensor(rng.random((5, DIM))), torch.tensor(rng.standard_normal(5))
        state, u = policy.step(params, state, x, y, torch.ones(5, dtype=torch.float64))
    u.square().sum().backward()
    for name, value in params.items():
        assert torch.isfinite(value.grad).all() and value.grad.abs().max() > 0, name


@every_policy
def test_proposals_can_lie_on_the_faces_of_the_cube_and_still_move(policy):
    params = {name: torch.tensor(value) for name, value in lively(policy).items()}
    params["out.bias"] = torch.full_like(params["out.bias"], 2.0).requires_grad_()
    zero = torch.zeros(1, dtype=torch.float64)
    state = policy.initial_state(params, 1)
    _, u = policy.step(params, state, zero[:, None].expand(1, DIM), zero, zero)
    assert (u == 1.0).all()
    u.sum().backward()
    assert (params["out.bias"].grad[:DIM] > 0).all()


@pytest.mark.parametrize("policy", [p for p in POLICIES if p.encoding != "raw-1"])
def test_scaling_the_objective_changes_no_proposal(policy):
    params, history = lively(policy), random_history(np.random.default_rng(1), 20)
    changed = replace(history, y=3.0 * history.y - 7.0)
    assert_allclose(propose(policy, params, changed), propose(policy, params, history), atol=1e-8)


@every_policy
def test_hard_objectives_give_points_in_the_cube(policy):
    params, x = lively(policy), np.random.default_rng(0).random((6, DIM))
    for y in ([np.inf] * 6, [1e300, -1e300, 0, np.inf, -np.inf, 1], [2.0] * 6, [1e-300, 0] * 3):
        points = propose(policy, params, History.sequential(x, np.array(y)))
        assert np.all((points >= 0.0) & (points <= 1.0))


@every_policy
def test_the_seed_decides_the_symmetry_and_nothing_else_does(policy):
    params = lively(policy)
    nothing = History.sequential(np.empty((0, DIM)), np.empty(0))
    assert not np.allclose(*(propose(policy, params, nothing, seed)[1:] for seed in (1, 2)))
    one, two = play(policy, params, 8, seed=1), play(policy, params, 8, seed=1)
    assert_array_equal(one.x, two.x)
    mirrored = Symmetry.draw(np.random.default_rng((1, 0)), DIM)
    other = Symmetry.draw(np.random.default_rng((2, 0)), DIM)
    found = propose(policy, params, replace(one, x=other.undo(mirrored.apply(one.x))), seed=2)
    assert_allclose(other.apply(found[0]), mirrored.apply(propose(policy, params, one, 1)[0]))


def test_past_the_horizon_the_network_starts_afresh_from_the_incumbent_and_a_random_point():
    policy = LSTMPolicy(dim=DIM, hidden=12, horizon=10)
    params = lively(policy)
    history = play(policy, params, 12)
    best = np.argmin(history.y[:10])
    fed = inputs_of(history, first=10)
    assert_array_equal(fed.o, [0, 1, 1, 1])
    assert_array_equal(fed.x[1:], history.x[[best, 10, 11]])
    assert_array_equal(fed.y[1:], history.y[[best, 10, 11]])
    ten = history.take(np.arange(10))
    assert not np.allclose(propose(policy, params, ten)[0], history.x[best], atol=0.01)
    assert_array_equal(propose(policy, params, ten)[0], history.x[10])
    symmetry = Symmetry.draw(np.random.default_rng((5, 1)), DIM)
    expected = policy.replay(params, replace(fed, x=symmetry.apply(fed.x) * fed.o[:, None]))
    assert_allclose(propose(policy, params, history)[0], symmetry.undo(expected), atol=1e-12)


@every_policy
def test_runs_of_many_horizons_keep_trying_points_that_differ(policy):
    short = replace(policy, horizon=7)
    history = play(short, lively(policy), 40)
    assert len(np.unique(history.x, axis=0)) == 40
    assert np.all((history.x >= 0.0) & (history.x <= 1.0))


def test_after_lost_patience_it_starts_from_a_random_point_and_knows_nothing():
    policy = replace(POLICIES[4], patience=3)
    params = lively(policy)
    x = np.random.default_rng(1).random((9, DIM))
    history = History.sequential(x, np.array([1.0, 2, 3, 4, 0, 5, -1, -2, -3]))
    assert episode_of(history, 100, 3) == (1, 4)
    at_the_start = history.take(np.arange(4))
    other = replace(policy, patience=None)
    assert not np.allclose(*(propose(p, params, at_the_start) for p in (policy, other)))
    later = history.take(np.arange(4, 9))
    symmetry = Symmetry.draw(np.random.default_rng((5, 1)), DIM)
    fed = inputs_of(replace(later, x=symmetry.apply(later.x)), 0, policy.n_pending)
    assert_allclose(propose(policy, params, history)[0], symmetry.undo(policy.replay(params, fed)))
    changed = replace(history, x=np.vstack([1.0 - x[:4], x[4:]]))
    assert_array_equal(propose(policy, params, changed), propose(policy, params, history))


@every_policy
def test_a_policy_with_patience_never_stops_and_never_repeats_itself(policy):
    patient = replace(policy, patience=3)
    history = play(patient, lively(policy), 40)
    assert len(np.unique(history.x, axis=0)) == 40
    assert episode_of(history, 100, 3)[0] >= 3


@every_policy
def test_a_policy_is_its_fields(policy):
    play(policy, lively(policy), 3)
    again = type(policy)(**describe(policy))
    assert again == policy and hash(again) == hash(policy) and vars(again) == vars(policy)


def test_the_networks_point_comes_first_even_if_it_was_tried():
    policy = LSTMPolicy(dim=DIM, hidden=12)
    params = lively(policy)
    params["out.weight"] = 0.0 * params["out.weight"]  # proposes the centre, whatever it sees
    centre = History.sequential(np.full((1, DIM), 0.5), np.full(1, np.nan))
    assert_allclose(propose(policy, params, centre)[0], 0.5)
    options = {"seed": 5, "number": 1}
    one = trained(policy, params)
    again = proposal.propose(one, centre, Box(), deduplicate=False, **options)
    new = proposal.propose(one, centre, Box(), deduplicate=True, **options)
    assert_allclose(again, 0.5)
    assert 1e-4 < np.abs(new - 0.5).max() < 0.1


def test_a_search_space_of_another_dimension_is_refused():
    policy = LSTMPolicy(dim=DIM + 1, hidden=4)
    with pytest.raises(ValueError, match=r"4 dimensions and the search space has 3.*--dim 3"):
        propose(policy, lively(policy), History.sequential(np.empty((0, DIM)), []))


@pytest.mark.parametrize("field", ["dim", "horizon", "workers", "patience"])
def test_a_policy_needs_positive_sizes(field):
    with pytest.raises(ValueError, match=f"{field} must be a whole number from 1 to .*; got 0"):
        LSTMPolicy(**{field: 0})


def test_a_policy_needs_a_known_encoding():
    with pytest.raises(ValueError, match="unknown encoding 'ranks'"):
        DNCPolicy(dim=2, encoding="ranks")
