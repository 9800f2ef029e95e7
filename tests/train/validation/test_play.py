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
from train.validation.play import draw_held_out, held, play, random_search, trained

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
    first = draw_held_out("broad", 2, 8).latent(x)
    assert torch.equal(first, draw_held_out("broad", 2, 8).latent(x))
    assert not torch.isclose(first, draw_held_out("broad", 2, 8, seed=1).latent(x)).any()
    training = draw("broad", 8, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert not torch.isclose(first, training.latent(x)).any()


def test_a_curve_is_the_lowest_latent_value_so_far():
    functions = draw_held_out(NOISY, 3, 16)
    x, _, curve = record(functions, 7, 0.3)
    points = torch.cat([x, (x[:, -1:] + 0.3) % 1.0], 1)
    torch.testing.assert_close(curve, functions.latent(points).cummin(1).values)


def test_all_optimizers_start_at_the_same_point_and_meet_the_same_noise():
    functions = draw_held_out(NOISY, 3, 16)
    (x, y, _), (other_x, other_y, _) = record(functions, 6, 0.3), record(functions, 6, 0.41)
    assert torch.equal(x[:, 0], other_x[:, 0])
    assert not torch.isclose(x[:, 1:], other_x[:, 1:]).any()
    noise = y - functions.latent(x)
    torch.testing.assert_close(noise, other_y - functions.latent(other_x))
    assert (noise.abs() > 1e-6).all()


def test_random_search_depends_on_its_seed_alone():
    functions = draw_held_out("gp", 2, 16)
    curves = [play(random_search(seed), functions, 8) for seed in (0, 0, 1)]
    assert torch.equal(curves[0], curves[1])
    assert not torch.equal(curves[0], curves[2])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_trained_policy_proposes_what_it_proposes_for_each_history_alone(kind):
    policy = untrained(kind, dim=4)
    functions = draw_held_out(MIXED, 4, 3)
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


def test_held_points_are_those_that_agree_to_the_bit():
    x = torch.rand(2, 5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    p = torch.stack([x[:, 3], x[:, 1] + 1e-15, x[:, 4].flip(0)], 1)
    assert held(p, x).tolist() == [[True, False, False]] * 2
