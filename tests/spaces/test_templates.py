"""Templates of nested configs."""

import math

import pytest

from l2l_sampler.spaces.axes import CategoricalAxis, FloatAxis, IntAxis
from l2l_sampler.spaces.branching import BranchingCube
from l2l_sampler.spaces.templates import Branch, Leaf, fill, parameters, read

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
        BranchingCube([twin, twin])
