"""Laws of the prior draws that policies are trained on."""

from dataclasses import replace

import pytest
import torch

from train.functions import gp
from train.functions.priors import PRIORS, Ingredients, draw

FULL = Ingredients(
    kernels=gp.KERNELS,
    irrelevant=0.3,
    input_warp=0.6,
    output_warp=0.6,
    noise=0.6,
    plateaus=0.6,
    categories=0.4,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def points(batch, n, dim, seed=5):
    return torch.rand(batch, n, dim, generator=generator(seed), dtype=torch.float64)


def drawn(prior, count, dim, seed=0):
    return draw(prior, count, dim, generator=generator(seed), dtype=torch.float64)


def test_the_named_priors_are_the_ones_of_the_command_line():
    assert set(PRIORS) == {"gp", "gp-exact", "gp-ard", "broad", "skewed", "failing"}


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="'wide'; choose one of gp, gp-exact, gp-ard, broad"):
        drawn("wide", 1, 1)


@pytest.mark.parametrize("kernel", gp.KERNELS)
@pytest.mark.parametrize("exact", [False, True], ids=["fourier", "chain-rule"])
def test_values_covary_as_the_kernel_says(kernel, exact):
    prior = replace(PRIORS["gp"], kernels=(kernel,), exact=exact)
    x = points(1, 6, 2).expand(8000, 6, 2)
    functions = drawn(prior, 8000, 2)
    g = functions.latent(x)
    expected = gp.kernel(functions.kind[:1], functions.rate[:1], x[:1], x[:1])[0]
    assert g.mean(0).abs().max() < 0.06  # 5 standard errors
    torch.testing.assert_close(g.T @ g / len(g), expected, atol=0.08, rtol=0.0)


def test_fourier_and_chain_rule_draws_have_the_same_tails():
    x = points(4000, 20, 3)
    values = [drawn(prior, 4000, 3).latent(x) for prior in ("gp", "gp-exact")]
    low = [(g.amin(1) < -2.0).double().mean() for g in values]
    assert abs(low[0] - low[1]) < 0.05
    assert 0.1 < low[1] < 0.9


@pytest.mark.parametrize("prior", sorted(PRIORS))
def test_the_same_seed_draws_the_same_functions_and_another_does_not(prior):
    x = points(4, 3, 3)
    first, again = drawn(prior, 4, 3).latent(x), drawn(prior, 4, 3).latent(x)
    assert torch.equal(first, again)
    assert not torch.isclose(first, drawn(prior, 4, 3, seed=1).latent(x)).any()


@pytest.mark.parametrize("prior", sorted(PRIORS))
def test_drawing_leaves_the_global_generator_alone(prior):
    state = torch.get_rng_state()
    functions = drawn(prior, 4, 3)
    functions.observe(functions.latent(points(4, 3, 3)), generator(1))
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("prior", ["gp", "gp-exact", FULL], ids=["gp", "gp-exact", "full"])
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


def test_stepped_dimensions_take_bin_centres_and_a_categorical_is_one_hot():
    functions = drawn(FULL, 200, 5)
    snapped = functions.snap(points(200, 50, 5))
    width = functions.bins[:, None]
    position = snapped * width - 0.5
    assert torch.where(width > 0, position - position.round(), 0.0).abs().max() < 1e-9
    assert (position >= -0.5 - 1e-9).all() and (position <= width - 0.5 + 1e-9).all()
    assert set(functions.bins.unique().tolist()) == {0, *range(2, 17)}
    group = functions.one_of[:, None].expand_as(snapped)
    sizes = functions.one_of.sum(1)
    assert set(sizes.unique().tolist()) == {0, 2, 3, 4}
    assert set(snapped[group].unique().tolist()) == {0.0, 1.0}
    assert ((snapped * group).sum(-1) == (sizes > 0)[:, None]).all()


def test_both_ends_of_the_cube_lie_in_bins():
    functions = drawn(Ingredients(plateaus=1.0), 64, 3)
    ends = torch.stack([torch.zeros(64, 3), torch.ones(64, 3)], 1).double()
    snapped = functions.snap(ends)
    stepped = functions.bins > 0
    first = 0.5 / functions.bins[stepped].double()
    torch.testing.assert_close(snapped[:, 0][stepped], first)
    torch.testing.assert_close(snapped[:, 1][stepped], 1.0 - first)


def test_an_irrelevant_dimension_changes_nothing_and_one_is_always_relevant():
    functions = drawn(replace(FULL, irrelevant=0.9), 64, 4)
    irrelevant = functions.rate == 0.0
    assert irrelevant.any() and not irrelevant.all(1).any()
    x, other = points(64, 3, 4), points(64, 3, 4, seed=6)
    mixed = torch.where(irrelevant[:, None] & ~functions.one_of[:, None], other, x)
    torch.testing.assert_close(functions.latent(mixed), functions.latent(x))


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


def test_what_fails_has_one_value_above_all_others():
    functions = drawn(Ingredients(output_warp=0.5, failing=0.7), 200, 2)
    latent = functions.latent(points(200, 400, 2))
    y, fails = functions.observe(latent, generator(1)), functions.ceiling < torch.inf
    assert 0.55 < fails.double().mean() < 0.85 and (functions.drop[fails] >= 0.1).all()
    failed = latent > functions.ceiling[:, None]
    share = failed[fails].double().mean(1)
    assert 0.4 < share.mean() < 0.55 and share.max() > 0.8 and not failed[~fails].any()
    for row, value, drop in zip(failed[fails], y[fails], functions.drop[fails], strict=True):
        assert len(value[row].unique()) <= 1
        assert not row.any() or row.all() or value[row][0] >= value[~row].max() + drop


def test_a_prior_in_which_nothing_fails_draws_what_it_drew_before_there_were_failures():
    plain = drawn(Ingredients(), 4, 2)
    assert (plain.ceiling == torch.inf).all()
    assert plain.latent(points(4, 3, 2))[0, 0].item() == pytest.approx(-0.7837583011229338)


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


def test_chain_rule_draws_refuse_to_be_stored():
    with pytest.raises(ValueError, match="Use the prior 'gp'"):
        drawn("gp-exact", 2, 2).state_dict()


def test_functions_come_in_the_precision_asked_for():
    functions = draw("broad", 3, 4, generator=generator())
    latent = functions.latent(torch.rand(3, 2, 4, generator=generator()))
    assert latent.dtype == functions.observe(latent, generator()).dtype == torch.float32
    mask = torch.ones(3, 2, dtype=torch.bool)
    p = torch.rand(3, 5, 4, generator=generator())
    assert functions.log_ei(p[:, :2], latent, mask, mask, p).dtype == torch.float64
