"""Laws of bowls and cliffs."""

from dataclasses import replace

import pytest
import torch

from tests.train.functions.examples import FULL, drawn, generator, points
from train.functions.priors import PRIORS, Ingredients

TRENDED = replace(FULL, bowl=0.6, walls=0.6)
CASES = {"bowls": PRIORS["bowls"], "walls": PRIORS["walls"], "full": TRENDED}
trended = pytest.mark.parametrize("prior", CASES.values(), ids=CASES)


@trended
def test_values_have_mean_0_and_variance_1_over_the_prior(prior):
    g = drawn(prior, 4000, 3).latent(points(4000, 20, 3))
    assert abs(g.mean()) < 0.05
    assert abs((g**2).mean() - 1.0) < 0.1


@trended
def test_log_ei_knows_where_the_function_is_low(prior):
    # By the law of total expectation the true improvement averages to the expected one.
    functions, x = drawn(replace(prior, noise=0.0), 4000, 3), points(4000, 12, 3)
    seen, asked = x[:, :8], x[:, 8:]
    latent = functions.latent(seen)
    mask = torch.ones(4000, 8, dtype=torch.bool)
    ei = functions.log_ei(seen, latent, mask, mask, asked).exp()
    gain = (latent.amin(1, keepdim=True) - functions.latent(asked)).clamp_min(0.0)
    assert abs(ei.mean() - gain.mean()) < 5.0 * (ei - gain).std() / 4000**0.5
    assert ei.mean() > 0.01


@trended
def test_the_posterior_knows_the_trials(prior):
    functions, x = drawn(replace(prior, noise=0.0), 32, 3), points(32, 6, 3)
    latent, mask = functions.latent(x), torch.ones(32, 6, dtype=torch.bool)
    mean, sd = functions.posterior(x, latent, mask, mask, x)
    torch.testing.assert_close(mean, latent, atol=5e-3, rtol=0.0)
    assert sd.max() < 2e-3


def test_a_bowl_adds_nothing_to_the_draw_of_the_process_but_itself():
    plain, bowls = drawn("gp-ard", 8, 3), drawn("bowls", 8, 3)
    assert torch.equal(plain.amplitude, bowls.amplitude)
    x = points(8, 5, 3)
    difference = bowls.latent(x) / bowls.trend.scale[:, None] - plain.latent(x)
    torch.testing.assert_close(difference, bowls.trend.at(bowls.inputs(x)))


def test_a_bowl_is_lowest_inside():
    trend = drawn(Ingredients(bowl=1.0), 200, 3).trend
    assert trend.centre.min() >= 0.15 and trend.centre.max() <= 0.85
    lowest = trend.at(trend.centre[:, None])
    assert (lowest < trend.at(points(200, 50, 3))).all()


def test_a_cliff_cuts_off_a_tenth_to_a_half():
    trend = drawn(Ingredients(walls=1.0), 200, 3).trend
    value = trend.at(points(200, 400, 3))
    low, high = value.amin(1, keepdim=True), value.amax(1, keepdim=True)
    torch.testing.assert_close(high - low, trend.jump[:, None])
    beyond = (value > (low + high) / 2).double().mean(1)
    assert 0.05 < beyond.min() < 0.15 and 0.45 < beyond.max() < 0.6
    alone = (trend.normal != 0).sum(1) == 1
    assert 0.4 < alone.double().mean() < 0.6


def test_no_trend_varies_along_choices_or_axes_without_influence():
    functions = drawn(replace(TRENDED, bowl=1.0, walls=1.0, categories=0.8), 64, 4)
    idle = functions.one_of | (functions.rate == 0.0)
    assert idle.any()
    assert (functions.trend.weight[idle] == 0).all() and (functions.trend.normal[idle] == 0).all()
    assert torch.isfinite(functions.latent(points(64, 9, 4))).all()


def test_trends_are_replaced_and_stored_with_their_functions():
    ours, theirs, x = drawn(TRENDED, 6, 3), drawn(TRENDED, 2, 3, seed=1), points(6, 4, 3)
    before, rows = ours.latent(x), torch.tensor([4, 1])
    expected = theirs.latent(x[rows])
    ours.replace(rows, theirs)
    torch.testing.assert_close(ours.latent(x)[rows], expected)
    assert torch.equal(ours.latent(x)[[0, 2, 3, 5]], before[[0, 2, 3, 5]])
    other = drawn(TRENDED, 6, 3, seed=2)
    other.load_state_dict({name: tensor.clone() for name, tensor in ours.state_dict().items()})
    assert torch.equal(other.latent(x), ours.latent(x))


def test_what_is_told_follows_the_latent_value_with_its_trend():
    functions, x = drawn(PRIORS["interior-skewed"], 50, 2), points(50, 20, 2)
    g = functions.latent(x)
    order = g.argsort(1)
    assert (functions.observe(g, generator(1)).gather(1, order).diff(dim=1) >= 0).all()
