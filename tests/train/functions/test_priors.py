"""Laws of the priors that functions are drawn from."""

from dataclasses import replace

import pytest
import torch

from tests.train.functions.examples import FULL, drawn, generator, points
from train.functions import gp
from train.functions.priors import PRIORS, Ingredients


def test_the_named_priors_are_the_ones_of_the_command_line():
    trained = {"gp", "gp-ard", "broad", "tuning"}
    held_out = {"skewed", "failing", "bowls", "interior-skewed", "walls"}
    assert set(PRIORS) == trained | held_out


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="'wide'; choose one of gp, gp-ard, broad"):
        drawn("wide", 1, 1)


@pytest.mark.parametrize("kernel", gp.KERNELS)
def test_values_covary_as_the_kernel_says(kernel):
    x = points(1, 6, 2).expand(8000, 6, 2)
    functions = drawn(replace(PRIORS["gp"], kernels=(kernel,)), 8000, 2)
    g = functions.latent(x)
    expected = gp.kernel(functions.kind[:1], functions.rate[:1], x[:1], x[:1])[0]
    assert g.mean(0).abs().max() < 0.06  # 5 standard errors
    torch.testing.assert_close(g.T @ g / len(g), expected, atol=0.08, rtol=0.0)


def test_sums_of_cosines_have_the_tails_of_exact_draws():
    x = points(4000, 20, 3)
    functions = drawn("gp", 4000, 3)
    covariance = gp.kernel(functions.kind, functions.rate, x, x)
    factor = torch.linalg.cholesky(covariance + gp.JITTER * torch.eye(20, dtype=torch.float64))
    normal = torch.randn(4000, 20, 1, generator=generator(1), dtype=torch.float64)
    values = functions.latent(x), (factor @ normal)[..., 0]
    low = [(g.amin(1) < -2.0).double().mean() for g in values]
    assert abs(low[0] - low[1]) < 0.05
    assert 0.1 < low[1] < 0.9


@pytest.mark.parametrize("prior", sorted(PRIORS))
def test_the_same_seed_draws_the_same_functions_and_another_does_not(prior):
    x = points(4, 3, 3)
    first, again = drawn(prior, 4, 3).latent(x), drawn(prior, 4, 3).latent(x)
    assert torch.equal(first, again)
    assert not torch.isclose(first, drawn(prior, 4, 3, seed=1).latent(x)).any()


@pytest.mark.parametrize(
    ("prior", "latent", "shown"),
    [
        ("gp", -0.7254096079932913, -0.7254096079932913),
        ("gp-ard", -0.6401694468063568, -0.6401694468063568),
        ("broad", 0.033544694501531844, 0.03395377566049389),
        ("skewed", -0.6401694468063568, -0.23781256750653915),
        ("failing", -0.3087366865665103, -0.3087366865665103),
        ("tuning", -0.49475205360496044, -0.4161052095412944),
        ("bowls", -0.9048186673380969, -0.9048186673380969),
        ("interior-skewed", -0.9048186673380969, -0.251962591391291),
        ("walls", -0.8103279362925475, -0.8103279362925475),
    ],
)
def test_a_seed_means_the_functions_that_published_results_are_of(prior, latent, shown):
    functions = drawn(prior, 4, 3)
    g = functions.latent(points(4, 3, 3))
    assert g[1, 2].item() == pytest.approx(latent, rel=1e-9)
    assert functions.observe(g, generator(1))[1, 2].item() == pytest.approx(shown, rel=1e-9)


@pytest.mark.parametrize("prior", sorted(PRIORS))
def test_drawing_leaves_the_global_generator_alone(prior):
    state = torch.get_rng_state()
    functions = drawn(prior, 4, 3)
    functions.observe(functions.latent(points(4, 3, 3)), generator(1))
    assert torch.equal(state, torch.get_rng_state())


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


def test_an_irrelevant_dimension_changes_nothing_and_one_is_always_relevant():
    functions = drawn(replace(FULL, irrelevant=0.9), 64, 4)
    irrelevant = functions.rate == 0.0
    assert irrelevant.any() and not irrelevant.all(1).any()
    x, other = points(64, 3, 4), points(64, 3, 4, seed=6)
    mixed = torch.where(irrelevant[:, None] & ~functions.one_of[:, None], other, x)
    torch.testing.assert_close(functions.latent(mixed), functions.latent(x))


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
