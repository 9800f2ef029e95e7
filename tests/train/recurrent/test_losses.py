"""The losses of the recurrent policies."""

import math

import pytest
import torch

from train.functions.priors import draw
from train.recurrent.losses import LOSSES, causal_log_ei
from train.recurrent.rollout import Steps, Trials

B, T, S, DIM = 3, 9, 4, 2


def setting(workers=1, seed=0, noise=0.0):
    """Functions, T random trials of which the last S are the steps, and proposals elsewhere."""
    generator = torch.Generator().manual_seed(seed)
    functions = draw("gp", B, DIM, generator=generator, dtype=torch.float64)
    functions.noise = torch.full_like(functions.noise, noise)
    trials = Trials.none(B, T, DIM, like=torch.zeros((), dtype=torch.float64))
    asked, told = [], []
    for _ in range(T):
        trials.next_input(workers)
        asked.append(trials.n)
        told.append(trials.m)
        x = torch.rand(B, 1, DIM, generator=generator, dtype=torch.float64)
        g = functions.latent(x)[:, 0]
        trials.ask(x[:, 0], g, g, 0.5 + torch.rand(B, generator=generator).double())
    p = torch.rand(B, S, DIM, generator=generator, dtype=torch.float64, requires_grad=True)
    best = trials.g[:, :-S].amin(1)
    asked, told = torch.stack(asked, 1)[:, -S:], torch.stack(told, 1)[:, -S:]
    return functions, trials, Steps(p, trials.g[:, -S:], best, asked, told)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_one_factor_gives_the_log_ei_of_every_step(workers, noise):
    functions, trials, steps = setting(workers, noise=noise)
    found = causal_log_ei(functions, trials, steps)
    for s in range(S):
        known = torch.zeros(B, T, dtype=torch.bool)
        valid = torch.arange(T).expand(B, T) < steps.asked[:, s, None]
        for b in range(B):
            known[b, trials.order[b, : steps.told[b, s]]] = True
        expected = functions.log_ei(trials.x, trials.g, known, valid, steps.p[:, s : s + 1])
        assert torch.allclose(found[:, s], expected[:, 0], atol=1e-6)


def test_a_margin_is_where_improvement_begins():
    functions, trials, steps = setting()
    known = torch.ones(B, T, dtype=torch.bool).index_fill(1, torch.tensor([T - 1]), False)
    expected = functions.log_ei(
        trials.x, trials.g, known, known, steps.p[:, -1:], margin=torch.full((B, 1), 0.7)
    )
    for name in ("logei", "ei"):
        found = LOSSES[name](functions, trials, steps, 0.7)[:, -1:]
        wanted = -expected if name == "logei" else -expected.exp()
        assert torch.allclose(found, wanted, atol=1e-6)
    anchor = [f(functions, trials, steps, 0.7) for f in (LOSSES["oi+logei"], LOSSES["oi"])]
    assert torch.allclose((anchor[0] - anchor[1])[:, -1:], -0.03 * expected.clamp_min(-40.0))


def test_before_any_result_the_improvement_is_on_the_prior_mean():
    functions, trials, steps = setting()
    nothing = torch.zeros_like(steps.asked)
    found = causal_log_ei(functions, trials, steps._replace(asked=nothing, told=nothing))
    assert torch.allclose(found, torch.full_like(found, math.log(1.0 / math.sqrt(2.0 * math.pi))))


def test_a_pending_trial_lowers_the_improvement_at_its_place():
    functions, trials, steps = setting(workers=3)
    latest = trials.x.gather(1, (steps.asked[:, -1, None, None] - 1).expand(B, 1, DIM))
    there = steps._replace(
        p=latest, asked=steps.asked[:, -1:], told=steps.told[:, -1:], g=steps.g[:, -1:]
    )
    asked_alone = there._replace(asked=there.told)
    seen = causal_log_ei(functions, trials, there)
    assert (seen < causal_log_ei(functions, trials, asked_alone) - 1.0).all()


def test_the_ei_is_the_exponential_of_the_log_ei():
    setup = setting()
    assert torch.allclose(LOSSES["ei"](*setup), -torch.exp(-LOSSES["logei"](*setup)))


def test_hopeless_steps_count_alike_when_the_log_ei_is_bounded():
    functions, trials, steps = setting()
    duplicates = trials.x[:, :1].expand(B, S, DIM)
    hopeless = LOSSES["bounded-logei"](functions, trials, steps._replace(p=duplicates))
    assert torch.allclose(hopeless, torch.full_like(hopeless, 4.0))
    found = LOSSES["bounded-logei"](functions, trials, steps)
    ei = torch.exp(-LOSSES["logei"](functions, trials, steps))
    assert torch.allclose(found, -torch.log(ei + math.exp(-4.0)))
    assert (found <= 4.0).all() and (found < 3.9).any()


def test_the_summed_loss_is_the_sum_of_the_values():
    functions, trials, steps = setting()
    assert torch.equal(LOSSES["sum"](functions, trials, steps), trials.g[:, -S:])


def test_the_observed_improvements_sum_to_the_descent_of_the_best_value():
    functions, trials, steps = setting()
    terms = LOSSES["oi"](functions, trials, steps)
    assert (terms <= 0.0).all()
    assert torch.allclose(terms.sum(1), trials.g.amin(1) - trials.g[:, :-S].amin(1))


def test_the_first_trial_of_a_run_is_no_improvement():
    functions, trials, steps = setting()
    values = torch.tensor([[3.0, 1.0, 2.0, -1.0]], requires_grad=True)
    terms = LOSSES["oi"](
        functions, trials, steps._replace(g=values, best=torch.tensor([math.inf]))
    )
    assert torch.allclose(terms, torch.tensor([[0.0, -2.0, 0.0, -2.0]]))
    terms.sum().backward()
    assert torch.equal(values.grad, torch.tensor([[-1.0, 0.0, 0.0, 1.0]]))


@pytest.mark.parametrize("name", ["ei", "logei", "bounded-logei"])
def test_the_gradient_of_a_step_reaches_its_own_proposal_alone(name):
    functions, trials, steps = setting()
    terms = LOSSES[name](functions, trials, steps)
    for s in range(S):
        (gradient,) = torch.autograd.grad(terms[:, s].sum(), steps.p, retain_graph=True)
        reached = gradient.abs().amax((0, 2)) > 0
        assert reached.tolist() == [k == s for k in range(S)]


def test_the_anchored_loss_adds_a_little_log_ei_to_every_step():
    setup = setting()
    anchor = LOSSES["oi+logei"](*setup) - LOSSES["oi"](*setup)
    log_ei = causal_log_ei(*setup)
    assert torch.allclose(anchor, -0.03 * log_ei.clamp_min(-40.0))
