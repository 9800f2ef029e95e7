"""Recurrent policies on functions: workers, exploration, gradients."""

import numpy as np
import pytest
import torch

from l2l_sampler.history import History
from l2l_sampler.policies.recurrent.dnc import DNCPolicy
from l2l_sampler.policies.recurrent.feeding import inputs_of
from l2l_sampler.policies.recurrent.lstm import LSTMPolicy
from train.functions.priors import draw
from train.recurrent.rollout import Exploration, Trials, map_state, unroll

DIM, B, T = 2, 5, 12
DOUBLE = torch.zeros((), dtype=torch.float64)


def tensors(policy, seed=0):
    params = policy.init(np.random.default_rng(seed))
    params["out.weight"] = 6.0 * params["out.weight"]
    return {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}


def run(policy, params, steps=T, *, seed=0, n_random=0, sigma=0.0, **options):
    """Trials, steps and state of B fresh runs."""
    functions = draw("gp", B, DIM, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    trials = Trials.none(B, T, DIM, like=DOUBLE)
    exploration = Exploration(torch.full((B,), n_random))
    state, done = unroll(
        policy,
        params,
        policy.initial_state(params, B),
        trials,
        functions,
        steps,
        generator=torch.Generator().manual_seed(seed),
        exploration=exploration,
        sigma=sigma,
        **options,
    )
    return trials, done, state, functions


@pytest.mark.parametrize("kind", [LSTMPolicy, DNCPolicy])
def test_one_worker_is_the_papers_loop(kind):
    policy = kind(dim=DIM, hidden=8)
    params = tensors(policy)
    trials, done, _, functions = run(policy, params)
    state = policy.initial_state(params, B)
    x, y, o = torch.zeros(B, DIM).double(), torch.zeros(B).double(), torch.zeros(B).double()
    for t in range(T):
        state, x = policy.step(params, state, x, y, o)
        y, o = functions.latent(x[:, None])[:, 0], torch.ones(B).double()
        assert torch.allclose(x, done.p[:, t])
        assert torch.allclose(y, done.g[:, t])
    assert torch.equal(done.asked[0], torch.arange(T))
    assert torch.equal(done.told, done.asked)


@pytest.mark.parametrize("encoding", ["running-1", "local-1"])
@pytest.mark.parametrize("sigma", [0.0, 0.5])
def test_training_feeds_a_policy_as_the_replay_of_its_history_does(sigma, encoding):
    """The simulated workers and the replay at run time agree on what comes in when."""
    policy = LSTMPolicy(dim=DIM, hidden=8, workers=3, encoding=encoding)
    params = tensors(policy)
    trials, done, _, _ = run(policy, params, n_random=T, sigma=sigma, seed=4)
    plain = {name: value.detach().numpy() for name, value in params.items()}
    assert torch.equal(done.told[0], (torch.arange(T) - 2).clamp_min(0))
    for b in range(B):
        order = trials.order[b, : trials.m[b]].tolist()
        told = np.full(T, np.inf)
        for j, index in enumerate(order):
            told[index] = 3 + j  # the result that the ask number 3 + j was waiting for
        y = np.where(np.isfinite(told), trials.y[b].numpy(), np.nan)
        for t in range(1, T):
            known = told[:t] <= t
            history = History(
                trials.x[b, :t].numpy(),
                np.where(known, y[:t], np.nan),
                np.arange(t, dtype=float),
                np.where(known, told[:t], np.inf),
            )
            point = policy.replay(plain, inputs_of(history, 0, policy.n_pending))
            assert np.allclose(point, done.p[b, t].detach().numpy())


def test_results_come_in_by_the_end_of_their_run_time():
    policy = LSTMPolicy(dim=DIM, hidden=4, workers=4)
    params = tensors(policy)
    in_turn, _, _, _ = run(policy, params, sigma=0.0)
    mixed, _, _, _ = run(policy, params, sigma=0.9)
    count = int(mixed.m[0])
    assert count == T - 4
    assert torch.equal(in_turn.order[:, :count], torch.arange(count).expand(B, count))
    assert not torch.equal(mixed.order, in_turn.order)
    for b in range(B):
        fed = mixed.order[b, :count].tolist()
        assert len(set(fed)) == count
        running = set(range(T)) - set(fed)
        assert torch.isfinite(mixed.finish[b, list(running)]).all()
        assert (mixed.finish[b, list(running)] >= mixed.clock[b]).all()


def test_random_starts_replace_the_first_proposals_only():
    policy = LSTMPolicy(dim=DIM, hidden=4)
    trials, done, _, _ = run(policy, tensors(policy), n_random=3)
    moved = (trials.x - done.p).abs().amax((0, 2)) > 0.0
    assert moved.tolist() == [True] * 3 + [False] * (T - 3)


def test_exploration_happens_as_often_as_asked():
    p = torch.full((4000, DIM), 0.5)
    generator = torch.Generator().manual_seed(0)
    explored = Exploration(torch.zeros(4000), uniform=0.1, jittered=0.2, jitter=0.01)
    gap = (explored.apply(p, torch.ones(4000), generator) - 0.5).abs().amax(1)
    assert float((gap > 0.05).float().mean()) == pytest.approx(0.1, abs=0.02)
    assert float(((gap > 0) & (gap < 0.05)).float().mean()) == pytest.approx(0.18, abs=0.02)


def test_gradients_go_through_the_functions_only_on_request():
    policy = LSTMPolicy(dim=DIM, hidden=4)
    params = tensors(policy)
    _, done, _, _ = run(policy, params)
    assert not done.g.requires_grad
    _, done, _, _ = run(policy, params, through_functions=True)
    (direct,) = torch.autograd.grad(done.g[:, -1].sum(), params["out.bias"], retain_graph=True)
    (first,) = torch.autograd.grad(done.p[:, 0].sum(), params["out.bias"], retain_graph=True)
    assert direct.abs().max() > 0
    assert first.abs().max() > 0


def test_the_gradient_through_a_whole_run_is_that_of_finite_differences():
    policy = LSTMPolicy(dim=DIM, hidden=3, layers=1)
    params = {name: value.detach() for name, value in tensors(policy).items()}

    def total(bias):
        _, done, _, _ = run(policy, params | {"out.bias": bias}, 4, through_functions=True)
        return done.g.sum() * 1e-3  # small: each proposal's gradient is cut at 3 / B

    bias = params["out.bias"].clone().requires_grad_()
    assert torch.autograd.gradcheck(total, (bias,), atol=1e-6, check_undefined_grad=False)


def test_two_unrolls_of_half_the_length_equal_one():
    policy = DNCPolicy(dim=DIM, hidden=6, slots=5, width=3)
    params = tensors(policy)
    whole, _, _, _ = run(policy, params)
    trials, _, state, functions = run(policy, params, T // 2)
    rest = {"generator": torch.Generator(), "exploration": Exploration(torch.zeros(B))}
    unroll(policy, params, state, trials, functions, T // 2, **rest)
    assert torch.allclose(trials.x, whole.x)


def test_restarting_some_runs_leaves_the_others_alone():
    policy = LSTMPolicy(dim=DIM, hidden=4)
    trials, _, _, _ = run(policy, tensors(policy))
    rows = torch.tensor([True, False, False, True, False])
    again = trials.restarted(rows)
    assert again.n.tolist() == [0, T, T, 0, T]
    assert torch.equal(again.y[1], trials.y[1])
    assert torch.isinf(again.finish[0]).all()


def test_map_state_reaches_every_array():
    policy = DNCPolicy(dim=DIM, hidden=4, slots=5, width=3, encoding="local-1")
    state = policy.initial_state(tensors(policy), 2)
    ones = map_state(torch.ones_like, state)
    assert all((value == 1).all() for value in (*ones.statistics, *ones.around, *ones.hidden))
    assert len(ones.hidden) == len(state.hidden)
