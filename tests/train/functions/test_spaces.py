"""Laws of the search spaces of drawn functions."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from l2l_sampler.spaces.axes import CategoricalAxis, FloatAxis, IntAxis
from l2l_sampler.spaces.cube import UnitCube
from train.functions.priors import PRIORS, draw
from train.functions.spaces import spaces

MIXED = replace(PRIORS["broad"], plateaus=1.0, categories=1.0)


def functions_of(prior, dim, count=40):
    generator = torch.Generator().manual_seed(3)
    return draw(prior, count, dim, generator=generator, dtype=torch.float64)


def points(functions, n=30):
    generator = torch.Generator().manual_seed(4)
    return torch.rand(*functions.rate.shape, n, generator=generator, dtype=torch.float64).mT


def test_plateaus_are_integers_and_a_categorical_is_one_parameter():
    functions = functions_of(MIXED, 5, 1)
    functions.bins = torch.tensor([[0, 7, 0, 0, 0]])
    functions.one_of = torch.tensor([[True, False, False, True, True]])
    (space,) = spaces(functions)
    assert space.distributions == {
        "x0": CategoricalDistribution((0, 1, 2)),
        "x1": IntDistribution(0, 6),
        "x2": FloatDistribution(0.0, 1.0),
    }
    x = np.array([0.1, 0.99, 0.25, 0.2, 0.9])
    params = {"x0": 2, "x1": 6, "x2": 0.25}
    assert space.cube.params(space.to_cube(x)) == params
    axes = {"x0": CategoricalAxis((0, 1, 2)), "x1": IntAxis(0, 6), "x2": FloatAxis(0.0, 1.0)}
    u = UnitCube(axes).point(params)
    np.testing.assert_array_equal(space.from_cube(u), [0.0, 6.5 / 7.0, 0.25, 0.0, 1.0])


@pytest.mark.parametrize("prior", [MIXED, "gp"])
@pytest.mark.parametrize("dim", [1, 2, 3, 6])
def test_points_of_the_cube_survive_the_round_trip_and_are_snapped_already(prior, dim):
    functions = functions_of(prior, dim)
    rng = np.random.default_rng(0)
    u = [space.cube.sample(rng, 30) for space in spaces(functions)]
    x = np.stack([s.from_cube(u_b) for s, u_b in zip(spaces(functions), u, strict=True)])
    assert torch.equal(functions.snap(torch.from_numpy(x)), torch.from_numpy(x))
    for space, x_b, u_b in zip(spaces(functions), x, u, strict=True):
        np.testing.assert_array_equal(space.to_cube(x_b), u_b)
        for point in u_b[:5]:
            np.testing.assert_array_equal(space.cube.point(space.cube.params(point)), point)


@pytest.mark.parametrize("prior", [MIXED, "gp"])
@pytest.mark.parametrize("dim", [1, 2, 3, 6])
def test_a_function_and_its_space_snap_alike(prior, dim):
    functions = functions_of(prior, dim)
    x = points(functions)
    for space, x_b, snapped in zip(spaces(functions), x, functions.snap(x), strict=True):
        mapped = space.from_cube(space.to_cube(x_b.numpy()))
        np.testing.assert_allclose(mapped, snapped.numpy(), rtol=0.0, atol=2.0**-48)


def test_mixed_functions_have_parameters_of_every_kind():
    found = [d for s in spaces(functions_of(MIXED, 6)) for d in s.distributions.values()]
    assert {type(d) for d in found} == {
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    }
