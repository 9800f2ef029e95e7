"""Laws of functions drawn from priors."""

from dataclasses import replace

import pytest
import torch

from tests.train.functions.examples import FULL, drawn, generator, points
from train.functions.priors import PRIORS, Ingredients, draw


@pytest.mark.parametrize("prior", ["gp", FULL], ids=["gp", "full"])
def test_the_gradient_of_the_latent_value_reaches_the_points(prior):
    x = points(16, 4, 3).requires_grad_()
    functions = drawn(prior, 16, 3)
    functions.latent(x).sum().backward()
    assert torch.isfinite(x.grad).all()
    relevant = (functions.rate > 0)[:, None].expand(16, 4, 3)
    assert ((x.grad != 0) == relevant).all()


def test_the_gradient_is_that_of_finite_differences_where_there_is_no_plateau():
    functions = drawn(replace(FULL, plateaus=0.0, categories=0.0), 6, 2)
    assert torch.autograd.gradcheck(functions.latent, points(6, 3, 2).requires_grad_())


def test_an_unsnapped_point_has_the_value_of_the_snapped_one():
    functions, x = drawn(FULL, 64, 5), points(64, 7, 5)
    snapped = functions.snap(x)
    assert not torch.equal(snapped, x)
    assert torch.equal(functions.snap(snapped), snapped)
    assert torch.equal(functions.latent(x), functions.latent(snapped))
    torch.testing.assert_close(functions.snap(x.clone().requires_grad_()).detach(), snapped)


def test_both_ends_of_the_cube_lie_in_bins():
    functions = drawn(Ingredients(plateaus=1.0), 64, 3)
    ends = torch.stack([torch.zeros(64, 3), torch.ones(64, 3)], 1).double()
    snapped = functions.snap(ends)
    stepped = functions.bins > 0
    first = 0.5 / functions.bins[stepped].double()
    torch.testing.assert_close(snapped[:, 0][stepped], first)
    torch.testing.assert_close(snapped[:, 1][stepped], 1.0 - first)


def test_warped_inputs_are_increasing_and_keep_the_ends():
    functions = drawn(Ingredients(input_warp=0.7), 64, 2)
    line = torch.linspace(0.0, 1.0, 101, dtype=torch.float64)[None, :, None].expand(64, 101, 2)
    warped = functions.inputs(line)
    assert (warped.diff(dim=1) > 0).all()
    torch.testing.assert_close(warped[:, [0, -1]], line[:, [0, -1]])
    moved = (warped - line).abs().amax((1, 2)) > 1e-9
    assert 0.4 < moved.double().mean() < 0.95


def test_observations_without_noise_keep_the_order_of_the_latent_values():
    functions = drawn(Ingredients(output_warp=0.7), 200, 2)
    latent = torch.linspace(-4.0, 4.0, 41, dtype=torch.float64).expand(200, 41)
    y = functions.observe(latent, generator(1))
    assert (y.diff(dim=1) > 0).all()
    assert y[:, 20].abs().max() < 1e-12
    kinds = [functions.skew > 0, functions.squash > 0]
    assert all(0.2 < k.double().mean() < 0.5 for k in kinds) and not (kinds[0] & kinds[1]).any()


def test_noise_has_the_deviation_it_says():
    functions = drawn(Ingredients(noise=0.5), 100, 1)
    latent = torch.zeros(100, 4000, dtype=torch.float64)
    spread = functions.observe(latent, generator(1)).std(1)
    torch.testing.assert_close(spread, functions.noise, rtol=0.06, atol=0.0)
    noisy = functions.noise[functions.noise > 0]
    assert 30 < len(noisy) < 70 and noisy.min() >= 1e-3 and noisy.max() <= 0.2


@pytest.mark.parametrize("prior", [PRIORS["gp"], FULL], ids=["gp", "full"])
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


def test_snapped_duplicates_are_worth_little():
    functions, x = drawn(replace(FULL, noise=0.0), 32, 4), points(32, 6, 4)
    latent = functions.latent(x)
    mask = torch.ones(32, 6, dtype=torch.bool)
    _, sd = functions.posterior(functions.snap(x), latent, mask, mask, x)
    assert sd.max() < 2e-3


def test_replaced_rows_are_the_other_functions_and_the_rest_stay():
    ours, theirs, x = drawn(FULL, 6, 3), drawn(FULL, 2, 3, seed=1), points(6, 4, 3)
    before, rows = ours.latent(x), torch.tensor([4, 1])
    expected = theirs.latent(x[rows])
    ours.replace(rows, theirs)
    after = ours.latent(x)
    torch.testing.assert_close(after[rows], expected)
    assert torch.equal(after[[0, 2, 3, 5]], before[[0, 2, 3, 5]])
    torch.testing.assert_close(ours.noise[rows], theirs.noise)


def test_a_stored_state_brings_the_functions_back():
    ours, x = drawn(FULL, 6, 3), points(6, 4, 3)
    state = {name: tensor.clone() for name, tensor in ours.state_dict().items()}
    other = drawn(FULL, 6, 3, seed=1)
    other.load_state_dict(state)
    assert torch.equal(other.latent(x), ours.latent(x))
    assert torch.equal(
        other.observe(x[..., 0], generator(3)), ours.observe(x[..., 0], generator(3))
    )


def test_functions_come_in_the_precision_asked_for():
    functions = draw("broad", 3, 4, generator=generator())
    latent = functions.latent(torch.rand(3, 2, 4, generator=generator()))
    assert latent.dtype == functions.observe(latent, generator()).dtype == torch.float32
    mask = torch.ones(3, 2, dtype=torch.bool)
    p = torch.rand(3, 5, 4, generator=generator())
    assert functions.log_ei(p[:, :2], latent, mask, mask, p).dtype == torch.float64
