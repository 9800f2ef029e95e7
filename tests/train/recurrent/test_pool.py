"""The training pool of recurrent policies."""

import io

import numpy as np
import pytest
import torch

from l2l_sampler.policies.recurrent.dnc import DNCPolicy
from l2l_sampler.policies.recurrent.lstm import LSTMPolicy
from train.recurrent.losses import LOSSES
from train.recurrent.pool import RecurrentPool

LSTM = LSTMPolicy(dim=2, hidden=16, horizon=20)
PARALLEL = LSTMPolicy(dim=2, hidden=8, horizon=20, workers=3)
DNC = DNCPolicy(dim=2, hidden=8, slots=6, width=4, horizon=20)
LOCAL = LSTMPolicy(dim=2, hidden=8, horizon=20, workers=3, encoding="local-1")
NAMES = ["lstm", "parallel", "dnc", "local"]


def pool_of(policy, *, batch=8, chunk=4, loss="logei", sigma=0.3, prior="gp", seed=0):
    generator = torch.Generator().manual_seed(seed)
    return RecurrentPool(
        policy, prior, batch, generator=generator, sigma=sigma, chunk=chunk, loss=loss
    )


def params_of(policy, seed=0):
    params = policy.init(np.random.default_rng(seed))
    return {
        name: torch.tensor(value, dtype=torch.float32, requires_grad=True)
        for name, value in params.items()
    }


def train(pool, params, steps, start=0, total=100):
    """Plain gradient descent, without an optimizer's state."""
    losses = []
    for k in range(start, start + steps):
        loss, _ = pool.step(params, k / total)
        gradients = torch.autograd.grad(loss, list(params.values()), allow_unused=True)
        with torch.no_grad():
            for value, gradient in zip(params.values(), gradients, strict=True):
                if gradient is not None:
                    value -= 0.05 * gradient / (1e-3 + gradient.norm())
        losses.append(float(loss.detach()))
    return losses


def test_a_margin_changes_what_a_pool_teaches():
    plain, far = pool_of(LSTM), pool_of(LSTM)
    far.margin = 1.0
    assert plain.step(params_of(LSTM), 0.0)[0] < far.step(params_of(LSTM), 0.0)[0] - 0.1


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("policy", [LSTM, PARALLEL, DNC, LOCAL], ids=NAMES)
def test_every_loss_reaches_every_parameter(policy, loss):
    pool, params = pool_of(policy, loss=loss), params_of(policy)
    for _ in range(5):
        pool.step(params, 0.5)
    value, scalars = pool.step(params, 0.5)
    value.backward()
    assert set(scalars) == {"log_ei" if loss == "logei" else "loss"}
    assert np.isfinite(list(scalars.values())).all()
    for name, weight in params.items():
        assert torch.isfinite(weight.grad).all() and weight.grad.abs().max() > 0, name


@pytest.mark.parametrize("policy", [LSTM, PARALLEL, DNC, LOCAL], ids=NAMES)
def test_a_run_that_was_stored_goes_on_exactly(policy):
    pool, params = pool_of(policy), params_of(policy)
    train(pool, params, 7)
    file = io.BytesIO()
    torch.save({"pool": pool.state_dict(), "params": params}, file)
    file.seek(0)
    stored = torch.load(file, weights_only=True)
    expected = train(pool, params, 7, start=7)
    again = pool_of(policy, seed=3)
    again.load_state_dict(stored["pool"])
    assert train(again, stored["params"], 7, start=7) == expected
    for name, value in params.items():
        assert torch.equal(value, stored["params"][name])


def test_a_pool_that_was_stored_before_its_first_step_goes_on_exactly():
    pool, again = pool_of(LSTM), pool_of(LSTM, seed=3)
    again.load_state_dict(pool.state_dict())
    expected = train(pool_of(LSTM), params_of(LSTM), 3)
    assert train(again, params_of(LSTM), 3) == expected


def test_runs_end_at_different_times_within_the_horizon():
    pool, params = pool_of(LSTM, batch=32), params_of(LSTM)
    lengths = set()
    for _ in range(30):
        before = pool.trials.n.clone()
        pool.step(params, 1.0)
        restarted = pool.trials.n == 0
        lengths |= set((before[restarted] + 4).tolist())
    assert min(lengths) >= 10 and max(lengths) <= 20 + 3
    assert len(set(pool.trials.n.tolist())) > 3


def test_a_chunk_of_the_whole_horizon_is_the_papers_training_with_its_curriculum():
    policy = LSTMPolicy(dim=2, hidden=8, horizon=40)
    pool, params = pool_of(policy, chunk=40, loss="oi"), params_of(policy)
    assert 10 <= pool.end.min() and pool.end.max() <= 20
    for progress in (0.0, 1.0):
        pool.step(params, progress)
        assert pool.trials.n.tolist() == [0] * 8
    assert 20 < pool.end.max() <= 40


def test_seventy_steps_teach_a_policy_to_look_where_improvement_is_likely():
    policy = LSTMPolicy(dim=3, hidden=64, horizon=20)
    pool, params = pool_of(policy, batch=32), params_of(policy)
    optimizer = torch.optim.Adam(params.values(), lr=3e-3)
    values = []
    for k in range(70):
        loss, scalars = pool.step(params, k / 100)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params.values(), 0.5)
        optimizer.step()
        values.append(scalars["log_ei"])
    assert np.mean(values[-20:]) > np.mean(values[:20]) + 2.0


def test_an_unknown_loss_is_named_in_the_error():
    with pytest.raises(ValueError, match="'ucb'.*sum, oi, ei, logei"):
        pool_of(LSTM, loss="ucb")
