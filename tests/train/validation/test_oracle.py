"""Laws of the oracle."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from train.functions.priors import PRIORS
from train.validation import oracle as module
from train.validation.oracle import oracle, oracle_curves
from train.validation.play import draw_held_out, play, random_search


@pytest.mark.parametrize("prior", ["gp-ard", "broad"])
def test_the_oracle_beats_random_search_with_four_times_the_trials(prior):
    functions = draw_held_out(prior, 2, 32)
    found = play(oracle(functions), functions, 20)[:, -1].mean()
    assert found < play(random_search(), functions, 80)[:, -1].mean()


def test_the_oracle_finds_the_minimum_of_a_one_dimensional_function():
    functions = draw_held_out("gp", 1, 16)
    grid = torch.linspace(0.0, 1.0, 2001, dtype=torch.float64)[None, :, None].expand(16, -1, 1)
    lowest = functions.latent(grid).amin(1)
    regret = play(oracle(functions), functions, 15)[:, -1] - lowest
    assert regret.max() < 1e-3


def test_oracle_curves_are_computed_once_for_each_prior_and_version(tmp_path, monkeypatch):
    curves = oracle_curves("gp", 1, 3, 4, cache=tmp_path)
    (path,) = tmp_path.iterdir()
    np.save(path, curves.numpy() - 1.0)
    torch.testing.assert_close(oracle_curves("gp", 1, 3, 4, cache=tmp_path), curves - 1.0)
    rougher = replace(PRIORS["gp"], length_scale=(0.1, 0.1))
    oracle_curves(rougher, 1, 3, 4, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(module, "VERSION", module.VERSION - 1)
    oracle_curves("gp", 1, 3, 4, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
