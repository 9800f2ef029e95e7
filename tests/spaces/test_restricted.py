"""A part of a cube: some parameters are given, others confined to a range."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from l2l_sampler.spaces.axes import CategoricalAxis, FloatAxis, IntAxis
from l2l_sampler.spaces.conditional import ConditionalCube
from l2l_sampler.spaces.conditions import Excluded
from l2l_sampler.spaces.restricted import RestrictedCube
from tests.spaces.examples import FINITE, cubes

SEEDS = st.integers(0, 99)


@st.composite
def parts(draw, axes=None):
    """A cube, some parameters of one of its points, and the part that has these."""
    cube = draw(cubes() if axes is None else cubes(axes=axes))
    u = cube.sample(np.random.default_rng(draw(SEEDS)), 1)[0]
    active, params = cube.active(u), cube.params(u)
    names = draw(st.lists(st.sampled_from(sorted(params)), unique=True))
    fixed = {name: params[name] for name in names if active[name]}
    return cube, fixed, RestrictedCube.within(cube, fixed, {})


@settings(max_examples=200, deadline=None)
@given(part=parts(), seed=SEEDS)
def test_all_points_of_a_part_are_valid_and_have_the_given_values(part, seed):
    cube, fixed, inside = part
    rng = np.random.default_rng(seed)
    u = np.concatenate([inside.sample(rng, 5), inside.snap(rng.uniform(-1, 2, (5, cube.dim)))])
    assert inside.dim == cube.dim
    assert_array_equal(cube.snap(u), u)
    assert_array_equal(inside.snap(u), u)
    for row in u:
        params, active = cube.params(row), cube.active(row)
        assert all(params[name] == fixed[name] for name in fixed if active[name])


@settings(max_examples=100, deadline=None)
@given(part=parts(axes=FINITE))
def test_the_points_of_a_part_are_those_of_the_whole_that_lie_in_it(part):
    cube, fixed, inside = part
    points = inside.points()
    assert len({tuple(point) for point in points}) == len(points) <= inside.n_points
    expected = set()
    for u in cube.points():
        params, active = cube.params(u), cube.active(u)
        if all(active[name] and params[name] == fixed[name] for name in fixed):
            expected.add(tuple(u))
    assert {tuple(point) for point in points} >= expected


@settings(max_examples=200, deadline=None)
@given(
    low=st.floats(-5, 5),
    size=st.floats(0, 5),
    seed=SEEDS,
    bounds=st.tuples(*[st.floats(0, 1)] * 2),
)
def test_a_confined_float_stays_within_its_range_up_to_rounding(low, size, seed, bounds):
    cube = ConditionalCube({"x": FloatAxis(low, low + size + 0.1), "n": IntAxis(0, 3)})
    ends = sorted(low + bound * size for bound in bounds)
    part = RestrictedCube.within(cube, {"n": 2}, {"x": tuple(ends)})
    for u in part.sample(np.random.default_rng(seed), 9):
        params = cube.params(u)
        assert ends[0] - 1e-13 <= params["x"] <= ends[1] + 1e-13 and params["n"] == 2


@pytest.mark.parametrize("log", [False, True])
def test_a_confined_integer_takes_all_values_of_its_range(log):
    cube = ConditionalCube({"n": IntAxis(1, 20, log=log)})
    part = RestrictedCube.within(cube, {}, {"n": (3, 7)})
    assert [cube.params(u)["n"] for u in part.points()] == [3, 4, 5, 6, 7]
    assert cube.params(part.snap(np.array([0.0])))["n"] == 3
    assert cube.params(part.snap(np.array([1.0])))["n"] == 7


def test_ranges_beyond_the_whole_end_with_it():
    cube = ConditionalCube({"n": IntAxis(1, 4)})
    part = RestrictedCube.within(cube, {}, {"n": (-9, 99)})
    assert_array_equal(part.points(), cube.points())


def test_what_is_not_in_the_cube_is_ignored():
    cube = ConditionalCube({"n": IntAxis(1, 4), "c": CategoricalAxis("ab")})
    part = RestrictedCube.within(cube, {"n": 7, "z": 1, "c": "b"}, {"c": (0, 1)})
    assert {cube.params(u)["n"] for u in part.points()} == {1, 2, 3, 4}
    assert {cube.params(u)["c"] for u in part.points()} == {"b"}


def test_a_given_choice_decides_who_takes_part():
    cube = ConditionalCube(
        {"c": CategoricalAxis("ab"), "x": FloatAxis(0.0, 1.0), "n": IntAxis(0, 1)},
        {"x": (Excluded("c", frozenset({0})),), "n": (Excluded("c", frozenset({1})),)},
    )
    without, with_x = (RestrictedCube.within(cube, {"c": c}, {}) for c in "ab")
    rng = np.random.default_rng(0)
    assert len(np.unique(without.sample(rng, 50), axis=0)) == 2
    assert len(np.unique(with_x.sample(rng, 50), axis=0)) == 50


def test_a_part_in_which_all_is_given_has_one_point():
    cube = ConditionalCube({"x": FloatAxis(0.0, 1.0), "c": CategoricalAxis("ab")})
    part = RestrictedCube.within(cube, {"x": 0.25, "c": "b"}, {})
    assert part.n_points == 1
    assert_array_equal(part.snap(np.zeros(3)), cube.point({"x": 0.25, "c": "b"}))
    assert_array_equal(np.atleast_2d(part.points()), [cube.point({"x": 0.25, "c": "b"})])


def test_a_continuous_part_has_no_list_of_points():
    cube = ConditionalCube({"x": FloatAxis(0.0, 1.0), "n": IntAxis(0, 1)})
    part = RestrictedCube.within(cube, {"n": 1}, {})
    assert part.n_points == math.inf
    with pytest.raises(ValueError, match="no list of its points"):
        part.points()
