"""Templates of nested configs."""

import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from l2l_sampler.spaces.axes import CategoricalAxis, FloatAxis, IntAxis
from l2l_sampler.spaces.conditions import Excluded
from l2l_sampler.spaces.templates import (
    Branch,
    Leaf,
    TemplateCube,
    axes_and_conditions,
    fill,
    parameters,
    read,
)

TEMPLATE = [
    Leaf("n", IntAxis(0, 9)),
    Branch("b", ("no", {"x": Leaf("x", FloatAxis(0.0, 1.0)), "kind": "y"})),
    {"constant": 7, "pair": (Leaf("c", CategoricalAxis(("p", "q"))), None)},
]
FILLED = [
    ({"n": 3, "b": 0, "c": "p"}, [3, "no", {"constant": 7, "pair": ("p", None)}]),
    (
        {"n": 9, "b": 1, "x": 0.25, "c": "q"},
        [9, {"x": 0.25, "kind": "y"}, {"constant": 7, "pair": ("q", None)}],
    ),
]


@pytest.mark.parametrize(("params", "config"), FILLED)
def test_filling_and_reading_a_template_are_inverse(params, config):
    assert fill(TEMPLATE, params) == config
    assert read(TEMPLATE, config) == params


def test_parameters_come_in_order_but_not_those_of_branches():
    assert [parameter.name for parameter in parameters(TEMPLATE)] == ["n", "b", "c"]


def test_constants_outside_of_branches_are_ignored():
    config = [3, "no", {"constant": "other", "pair": {"0": "p"}}]
    assert read(TEMPLATE, config) == {"n": 3, "b": 0, "c": "p"}
    del config[2]["constant"]
    assert read(TEMPLATE, config)["c"] == "p"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("yes", "'yes' is none of the options of parameter 'b'"),
        ({"x": 0.25, "kind": "z"}, "none of the options"),
        ({"x": 0.25}, "none of the options"),
        ({"x": 2.0, "kind": "y"}, "none of the options"),
        ({"x": 0.25, "kind": "y", "more": 1}, "none of the options"),
    ],
)
def test_an_option_is_matched_as_a_whole(option, message):
    with pytest.raises(ValueError, match=message):
        read(TEMPLATE, [3, option, {"pair": ("p", None)}])


def test_an_integer_between_two_is_the_nearest_but_no_option():
    assert read(Leaf("n", IntAxis(0, 9)), 3.4) == {"n": 3.4}
    branch = Branch("b", (Leaf("n", IntAxis(0, 9)), Leaf("x", FloatAxis(0.0, 9.0))))
    assert read(branch, 3.4) == {"b": 1, "x": 3.4}
    assert read(branch, 3) == {"b": 0, "n": 3}


@pytest.mark.parametrize("config", [None, 3, [3], {"0": 3, "1": "no"}])
def test_a_config_that_lacks_parameters_is_refused(config):
    with pytest.raises(ValueError, match="expected values for 0, 1, 2"):
        read(TEMPLATE, config)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(("low", "high"), [(0.5, 1.0), (1e-300, 1e300), (1.0, 1.0 + 2**-52)])
def test_an_open_bound_is_the_last_float_below(low, high, log):
    leaf = Leaf("x", FloatAxis(low, high, log=log), open=True)
    assert fill(leaf, {"x": high}) == math.nextafter(high, 0.0)
    assert fill(leaf, {"x": low}) == low
    assert fill(leaf, {"x": high}, exact={"x": high}) == high
    assert read(leaf, high) == {"x": high}
    assert fill(Leaf("x", leaf.axis), {"x": high}) == high


def test_two_parameters_of_one_name_are_refused():
    twin = Leaf("a", FloatAxis(0, 1))
    with pytest.raises(ValueError, match="two parameters are called 'a'"):
        TemplateCube([twin, twin])


def only(parent, n, index):
    """The condition that a branch of n options has taken one of them."""
    return (Excluded(parent, frozenset(range(n)) - {index}),)


def test_parameters_inside_of_an_option_depend_on_the_branch_next_above():
    x, y, z = (Leaf(name, FloatAxis(0.0, 1.0)) for name in "xyz")
    inner = Branch("inner", ("none", [y]))
    axes, conditions = axes_and_conditions(
        {"outer": Branch("outer", ({"x": x}, {"inner": inner}, 3)), "z": z}
    )
    assert list(axes) == ["outer", "x", "inner", "y", "z"]
    assert axes["outer"] == CategoricalAxis((0, 1, 2))
    assert conditions == {
        "x": only("outer", 3, 0),
        "inner": only("outer", 3, 1),
        "y": only("inner", 2, 1),
    }


def test_choices_that_take_no_part_are_as_far_from_one_as_from_another():
    chosen = Leaf("c", CategoricalAxis("pqrs"))
    space = TemplateCube([Branch("b", ("no", [chosen])), Leaf("x", FloatAxis(0.0, 1.0))])
    u, _ = space.point(["no", 0.5])
    assert_array_equal(u, [1.0, 0.0, 0.25, 0.25, 0.25, 0.25, 0.5])
    assert_array_equal(space.cube.snap(np.array([0.9, 0.1, 0.0, 0.0, 1.0, 0.0, 0.5])), u)
    assert space.config(u) == ["no", 0.5]
    assert space.config(np.array([0.1, 0.9, 0.0, 0.0, 1.0, 0.0, 0.5])) == [["r"], 0.5]


def test_a_branch_of_one_option_takes_no_axis():
    space = TemplateCube(Branch("b", ({"n": Leaf("n", IntAxis(0, 3))},)))
    assert (space.cube.dim, space.cube.n_points) == (1, 4)
    assert [space.config(u)["n"] for u in space.cube.points()] == [0, 1, 2, 3]
