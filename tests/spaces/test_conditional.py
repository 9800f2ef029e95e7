"""Laws of a cube whose parameters take part only under some values of others."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from l2l_sampler.spaces.axes import CategoricalAxis, FloatAxis, IntAxis
from l2l_sampler.spaces.conditional import ConditionalCube
from l2l_sampler.spaces.conditions import Excluded, Within
from l2l_sampler.spaces.cube import UnitCube
from tests.spaces.examples import FINITE, cubes

SEEDS = st.integers(0, 99)


def meaning(cube, params):
    """Who takes part with these parameters, by the conditions' own words."""
    found = {}

    def takes_part(name):
        if name not in found:
            found[name] = all(
                takes_part(condition.parent) and agrees(condition, params[condition.parent])
                for condition in cube.conditions.get(name, ())
            )
        return found[name]

    def agrees(condition, value):
        if isinstance(condition, Excluded):
            return cube.axes[condition.parent].choices.index(value) not in condition.choices
        low = -math.inf if condition.low is None else condition.low
        high = math.inf if condition.high is None else condition.high
        return low <= value <= high

    return {name: takes_part(name) for name in cube.axes}


@settings(max_examples=200, deadline=None)
@given(cube=cubes(), seed=SEEDS)
def test_snapping_is_idempotent_and_the_same_point_by_point(cube, seed):
    u = np.random.default_rng(seed).uniform(-0.2, 1.2, (3, 2, cube.dim))
    snapped = cube.snap(u)
    assert snapped.shape == u.shape
    assert_array_equal(cube.snap(snapped), snapped)
    assert_array_equal(snapped, [[cube.snap(row) for row in rows] for rows in u])


@settings(max_examples=200, deadline=None)
@given(cube=cubes(), seed=SEEDS)
def test_who_takes_part_is_what_the_conditions_say_of_the_parameters(cube, seed):
    for u in cube.sample(np.random.default_rng(seed), 5):
        active = {name: bool(takes_part) for name, takes_part in cube.active(u).items()}
        assert active == meaning(cube, cube.params(u))


@settings(max_examples=200, deadline=None)
@given(cube=cubes(), seed=SEEDS)
def test_the_parameters_that_take_part_are_the_point(cube, seed):
    for u in cube.sample(np.random.default_rng(seed), 5):
        params, active = cube.params(u), cube.active(u)
        assert params.keys() == cube.axes.keys()
        assert_array_equal(cube.point({k: v for k, v in params.items() if active[k]}), u)


@settings(max_examples=200, deadline=None)
@given(cube=cubes(), seed=SEEDS)
def test_what_takes_no_part_rests(cube, seed):
    for u in cube.sample(np.random.default_rng(seed), 5):
        for name, active in cube.active(u).items():
            if not active:
                assert_array_equal(u[cube.columns(name)], cube.rest[cube.columns(name)])


@settings(max_examples=100, deadline=None)
@given(cube=cubes(), seed=SEEDS)
def test_coordinates_rest_that_are_of_parameters_which_take_no_part(cube, seed):
    u = cube.sample(np.random.default_rng(seed), 20)
    resting = cube.resting(u)
    for name, takes_part in cube.active(u).items():
        columns = resting[:, cube.columns(name)]
        assert_array_equal(columns, np.broadcast_to(~takes_part[:, None], columns.shape))


@settings(max_examples=200, deadline=None)
@given(cube=cubes(axes=FINITE, most_parents=1))
def test_the_points_are_all_there_are_once_each(cube):
    points = cube.points()
    assert points.shape == (cube.n_points, cube.dim)
    assert_array_equal(cube.snap(points), points)
    assert len({tuple(point) for point in points}) == len(points)
    known = {tuple(point) for point in points}
    assert known >= {tuple(u) for u in cube.sample(np.random.default_rng(0), 50)}


@settings(max_examples=100, deadline=None)
@given(cube=cubes(axes=FINITE, most_parents=2))
def test_under_several_conditions_the_number_of_points_is_a_bound(cube):
    points = cube.points()
    assert len({tuple(point) for point in points}) == len(points) <= cube.n_points
    known = {tuple(point) for point in points}
    assert known >= {tuple(u) for u in cube.sample(np.random.default_rng(0), 50)}


@settings(max_examples=100, deadline=None)
@given(cube=cubes(), seed=SEEDS)
def test_without_conditions_it_is_the_plain_cube(cube, seed):
    plain, unit = ConditionalCube(cube.axes), UnitCube(cube.axes)
    u = np.random.default_rng(seed).random((4, cube.dim))
    assert (plain.dim, plain.n_points) == (unit.dim, unit.n_points)
    assert_array_equal(plain.snap(u), unit.snap(u))
    assert all(plain.params(row) == unit.params(row) for row in u)
    assert plain.describe() == [] and plain.conditions == {}


@settings(max_examples=100, deadline=None)
@given(cube=cubes())
def test_every_condition_is_described(cube):
    sentences = cube.describe()
    assert [sentence.split()[0] for sentence in sentences] == [
        name for name in cube.axes if name in cube.conditions
    ]
    for sentence in sentences:
        for condition in cube.conditions[sentence.split()[0]]:
            assert condition.parent in sentence


def test_the_order_of_the_axes_does_not_decide_who_takes_part():
    axes = {
        "width": FloatAxis(0.0, 1.0),
        "layers": IntAxis(1, 3),
        "kind": CategoricalAxis(("net", "tree")),
    }
    rules = {"width": (Within("layers", 2, None),), "layers": (Excluded("kind", frozenset({1})),)}
    for names in (list(axes), list(axes)[::-1]):
        cube = ConditionalCube({name: axes[name] for name in names}, rules)
        for kind, layers, expected in [("net", 1, False), ("net", 2, True), ("tree", 3, False)]:
            u = cube.snap(cube.point({"kind": kind, "layers": layers, "width": 0.9}))
            assert bool(cube.active(u)["width"]) == expected


def test_the_conditions_in_words():
    axes = {
        "kind": CategoricalAxis(("a", "b", None)),
        "n": IntAxis(1, 9),
        "one": FloatAxis(0.0, 1.0),
        "two": FloatAxis(0.0, 1.0),
        "three": FloatAxis(0.0, 1.0),
        "four": FloatAxis(0.0, 1.0),
    }
    rules = {
        "one": (Excluded("kind", frozenset({1})),),
        "two": (Within("n", 2, None),),
        "three": (Within("n", None, 3), Excluded("kind", frozenset({0, 2}))),
        "four": (Within("n", 2, 3),),
    }
    assert ConditionalCube(axes, rules).describe() == [
        "one takes part where kind is 'a' or None",
        "two takes part where n >= 2",
        "three takes part where n <= 3 and kind is 'b'",
        "four takes part where 2 <= n <= 3",
    ]


def test_a_resting_choice_is_as_far_from_one_as_from_another():
    cube = ConditionalCube({"c": CategoricalAxis("abcd"), "x": FloatAxis(0.0, 1.0)})
    assert_array_equal(cube.rest, [0.25, 0.25, 0.25, 0.25, 0.5])
    with pytest.raises(ValueError, match="read-only"):
        cube.rest[0] = 1.0


@pytest.mark.parametrize("axis", [IntAxis(0, 2**30), IntAxis(1, 10**9, log=True)])
def test_a_wide_integer_may_be_a_parent(axis):
    cube = ConditionalCube(
        {"n": axis, "x": IntAxis(0, 1)}, {"x": (Within("n", 1000, axis.high - 1),)}
    )
    for n, expected in [(999, False), (1000, True), (axis.high - 1, True), (axis.high, False)]:
        assert bool(cube.active(cube.point({"n": n}))["x"]) == expected
    assert cube.n_points == 2.0 * (axis.high - axis.low + 1)


def test_impossible_conditions_are_refused():
    axes = {"a": IntAxis(0, 1), "b": IntAxis(0, 1)}
    with pytest.raises(ValueError, match="the condition of 'a' names 'z', which is no axis"):
        ConditionalCube(axes, {"a": (Within("z", 1, None),)})
    with pytest.raises(ValueError, match="the condition of 'z' names 'z', which is no axis"):
        ConditionalCube(axes, {"z": (Within("a", 1, None),)})
    with pytest.raises(ValueError, match="depend on each other in a circle: .'a', 'b'"):
        ConditionalCube(axes, {"a": (Within("b", 1, None),), "b": (Within("a", 1, None),)})


def test_points_and_parameters_outside_are_refused():
    cube = ConditionalCube({"x": FloatAxis(0.0, 1.0), "n": IntAxis(0, 3)})
    with pytest.raises(ValueError, match="'z' is none of the parameters x, n"):
        cube.point({"z": 0.0})
    with pytest.raises(ValueError, match="4 is no value of parameter 'n'"):
        cube.point({"n": 4})
    with pytest.raises(ValueError, match="no list of its points"):
        cube.points()
