"""Laws of the held-out comparison."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from l2l_sampler.history import History
from l2l_sampler.policies import KINDS
from l2l_sampler.proposal import propose
from tests.untrained import untrained
from train.functions.priors import PRIORS, draw
from train.functions.spaces import spaces
from train.validation import play as validate
from train.validation.play import held_out, oracle, oracle_curves, play, random_search, trained

NOISY = replace(PRIORS["broad"], noise=1.0, output_warp=0.0, plateaus=0.0, categories=0.0)
MIXED = replace(PRIORS["broad"], plateaus=1.0, categories=1.0)


def record(functions, n_trials, move):
    """An optimizer that jumps by `move`: what it was shown last, and its curve."""
    shown = []

    def ask(x, y):
        shown.append((x, y))
        return (x[:, -1] + move) % 1.0

    curve = play(ask, functions, n_trials)
    return *shown[-1], curve


def test_held_out_functions_are_always_the_same_and_no_training_draws():
    x = torch.rand(8, 3, 2, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    first = held_out("broad", 2, 8).latent(x)
    assert torch.equal(first, held_out("broad", 2, 8).latent(x))
    assert not torch.isclose(first, held_out("broad", 2, 8, seed=1).latent(x)).any()
    training = draw("broad", 8, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert not torch.isclose(first, training.latent(x)).any()


def test_a_curve_is_the_lowest_latent_value_so_far():
    functions = held_out(NOISY, 3, 16)
    x, _, curve = record(functions, 7, 0.3)
    points = torch.cat([x, (x[:, -1:] + 0.3) % 1.0], 1)
    torch.testing.assert_close(curve, functions.latent(points).cummin(1).values)


def test_all_optimizers_start_at_the_same_point_and_meet_the_same_noise():
    functions = held_out(NOISY, 3, 16)
    (x, y, _), (other_x, other_y, _) = record(functions, 6, 0.3), record(functions, 6, 0.41)
    assert torch.equal(x[:, 0], other_x[:, 0])
    assert not torch.isclose(x[:, 1:], other_x[:, 1:]).any()
    noise = y - functions.latent(x)
    torch.testing.assert_close(noise, other_y - functions.latent(other_x))
    assert (noise.abs() > 1e-6).all()


def test_random_search_depends_on_its_seed_alone():
    functions = held_out("gp", 2, 16)
    curves = [play(random_search(seed), functions, 8) for seed in (0, 0, 1)]
    assert torch.equal(curves[0], curves[1])
    assert not torch.equal(curves[0], curves[2])


@pytest.mark.parametrize("prior", ["gp-ard", "broad"])
def test_the_oracle_beats_random_search_with_four_times_the_trials(prior):
    functions = held_out(prior, 2, 32)
    found = play(oracle(functions), functions, 20)[:, -1].mean()
    assert found < play(random_search(), functions, 80)[:, -1].mean()


def test_the_oracle_finds_the_minimum_of_a_one_dimensional_function():
    functions = held_out("gp", 1, 16)
    grid = torch.linspace(0.0, 1.0, 2001, dtype=torch.float64)[None, :, None].expand(16, -1, 1)
    lowest = functions.latent(grid).amin(1)
    regret = play(oracle(functions), functions, 15)[:, -1] - lowest
    assert regret.max() < 1e-3


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_trained_policy_proposes_what_it_proposes_for_each_history_alone(kind):
    policy = untrained(kind, dim=4)
    functions = held_out(MIXED, 4, 3)
    g = torch.Generator().manual_seed(0)
    x = functions.snap(torch.rand(3, 5, 4, generator=g, dtype=torch.float64))
    y = torch.randn(3, 5, generator=g, dtype=torch.float64)
    asked = trained(policy, functions, seed=4)(x, y)
    assert torch.equal(functions.snap(asked[:, None])[:, 0], asked)
    for b, space in enumerate(spaces(functions)):
        history = History.sequential(space.to_cube(x[b].numpy()), y[b].numpy())
        options = {"seed": 4 * 3 + b, "number": 5, "deduplicate": True}
        alone = propose(policy, history, space.cube, **options)
        np.testing.assert_array_equal(asked[b].numpy(), space.from_cube(alone))


@pytest.mark.parametrize("method", ["oracle", "trained"])
def test_no_point_of_a_small_space_is_tried_twice_while_others_are_left(method):
    functions = held_out("gp", 2, 4)
    functions.bins = torch.tensor([[3, 2]]).expand(4, 2)
    policy = untrained("memory", dim=None)
    ask = oracle(functions) if method == "oracle" else trained(policy, functions)
    shown = []
    play(lambda x, y: shown.append(x) or ask(x, y), functions, 7)
    for x in shown[-1]:
        assert len(torch.unique(x, dim=0)) == 6


def test_oracle_curves_are_computed_once_for_each_prior_and_version(tmp_path, monkeypatch):
    curves = oracle_curves("gp", 1, 3, 4, cache=tmp_path)
    (path,) = tmp_path.iterdir()
    np.save(path, curves.numpy() - 1.0)
    torch.testing.assert_close(oracle_curves("gp", 1, 3, 4, cache=tmp_path), curves - 1.0)
    rougher = replace(PRIORS["gp"], length_scale=(0.1, 0.1))
    oracle_curves(rougher, 1, 3, 4, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(validate, "VERSION", validate.VERSION - 1)
    oracle_curves("gp", 1, 3, 4, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
