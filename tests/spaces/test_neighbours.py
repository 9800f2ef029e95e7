"""Which coordinates are one parameter's, and which values are next to each other."""

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.testing import assert_array_equal

from l2l_sampler.spaces.axes import CategoricalAxis, FloatAxis, IntAxis, NormalAxis
from l2l_sampler.spaces.cube import UnitCube
from tests.spaces.examples import cubes


@settings(max_examples=100, deadline=None)
@given(cube=cubes())
def test_every_coordinate_is_of_one_parameter_and_numbers_have_one(cube):
    columns = [k for block in cube.blocks for k in range(block.start, block.stop)]
    assert columns == list(range(cube.dim))
    numbers = [block.start for block in cube.blocks if block.stop == block.start + 1]
    assert_array_equal(np.flatnonzero(cube.numeric), numbers)


@pytest.mark.parametrize(
    "axis",
    [
        IntAxis(1, 9),
        IntAxis(1, 5000, log=True),
        IntAxis(-6, 7, step=3),
        IntAxis(4, 64, step=4, log=True),
        FloatAxis(0.1, 0.95, step=0.1),
        NormalAxis(3.0, 2.0, step=0.5),
    ],
)
def test_one_step_leads_to_the_next_value_and_not_past_the_ends(axis):
    cube = UnitCube({"a": axis})
    u = np.sort(cube.sample(np.random.default_rng(0), 100), axis=0)
    below, same, above = (cube.stepped(u, by) for by in (-1, 0, 1))
    assert_array_equal(same, u)
    values = np.array([[cube.params(p)["a"] for p in points] for points in (below, u, above)])
    low, high = cube.params(np.zeros(1))["a"], cube.params(np.ones(1))["a"]
    step = axis.step if axis.step is not None else 1
    np.testing.assert_allclose(values[0], np.maximum(values[1] - step, low))
    np.testing.assert_allclose(values[2], np.minimum(values[1] + step, high))


def test_neither_choices_nor_continuous_numbers_have_steps():
    cube = UnitCube({"x": FloatAxis(0.0, 1.0), "c": CategoricalAxis("pqr"), "z": NormalAxis(0, 1)})
    u = cube.sample(np.random.default_rng(0), 20)
    assert_array_equal(cube.stepped(u, 1), u)
