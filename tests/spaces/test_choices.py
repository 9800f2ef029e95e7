"""Which objects are one choice, and which are several."""

import math
from collections import OrderedDict
from decimal import Decimal

import numpy as np
import pytest

from l2l_sampler.spaces.axes import CategoricalAxis
from l2l_sampler.spaces.choices import Choices, same
from l2l_sampler.spaces.cube import UnitCube


class Raises:
    """An object of which every comparison, and its hash, is an error."""

    def __eq__(self, other):
        raise RuntimeError("no")

    def __ne__(self, other):
        raise RuntimeError("no")

    def __hash__(self):
        raise RuntimeError("no")


class Answers:
    """An object whose comparison gives no bool."""

    def __eq__(self, other):
        return "perhaps"

    __hash__ = object.__hash__


def frame(**columns):
    return pytest.importorskip("pandas").DataFrame(columns)


def series(numbers, labels):
    return pytest.importorskip("pandas").Series(numbers, index=labels)


def tensor(numbers, dtype="float32"):
    torch = pytest.importorskip("torch")
    return torch.tensor(numbers, dtype=getattr(torch, dtype))


ONE = {
    "numbers": lambda: 1.5,
    "NaN": lambda: float("nan"),
    "NaN of numpy": lambda: np.float32("nan"),
    "NaN of decimal": lambda: Decimal("nan"),
    "lists": lambda: [1, [2.0, "a"], None],
    "lists of NaN": lambda: [float("nan")],
    "dicts": lambda: {"a": 1, "b": {"c": [2]}},
    "sets": lambda: {1, "a"},
    "arrays": lambda: np.array([[1.0, math.nan]]),
    "arrays of texts": lambda: np.array(["a", "b"]),
    "arrays of objects": lambda: np.array([None, "a", 3], dtype=object),
    "arrays without elements": lambda: np.zeros((0, 3)),
    "lists of arrays": lambda: [np.arange(3), {"w": np.arange(2)}],
    "frames": lambda: frame(a=[1.0, math.nan], b=["x", "y"]),
    "series": lambda: series([1, 2], ["p", "q"]),
    "tensors": lambda: tensor([1.0, math.nan]),
    "dicts of tensors": lambda: {"w": tensor([0.0, 0.0])},
}
OF_LIBRARIES = ("frames", "series", "tensors", "dicts of tensors")
SEVERAL = {
    "true or one": lambda: (True, 1),
    "whole or not": lambda: (1, 1.0),
    "true or one in a list": lambda: ([True], [1]),
    "true or one in a tuple": lambda: ((True,), (1,)),
    "true or one in a dict": lambda: ({"a": True}, {"a": 1}),
    "true or one as a key": lambda: ({True: 0}, {1: 0}),
    "true or one in a set": lambda: ({True}, {1}),
    "lists or tuples": lambda: ([1], (1,)),
    "sorts of dicts": lambda: ({"a": 1}, OrderedDict(a=1)),
    "lists of other lengths": lambda: ([1, 2], [1]),
    "dicts of other keys": lambda: ({"a": 1}, {"b": 1}),
    "arrays of other shapes": lambda: (np.zeros(2), np.zeros(3)),
    "arrays that broadcast": lambda: (np.array([1]), np.array([1, 1])),
    "arrays of other types": lambda: (np.array([True]), np.array([1])),
    "arrays of other numbers": lambda: (np.array([1.0, math.nan]), np.array([2.0, math.nan])),
    "arrays inside": lambda: ([{"w": np.array([1, 2])}], [{"w": np.array([1, 3])}]),
    "frames of other labels": lambda: (frame(a=[1]), frame(b=[1])),
    "frames of other shapes": lambda: (frame(a=[1]), frame(a=[1, 2])),
    "frames of other types": lambda: (frame(a=[True]), frame(a=[1])),
    "series of other labels": lambda: (series([1], ["p"]), series([1], ["q"])),
    "tensors of other shapes": lambda: (tensor([0.0] * 2), tensor([0.0] * 3)),
    "tensors that broadcast": lambda: (tensor([0.0]), tensor([0.0] * 2)),
    "tensors of other types": lambda: (tensor([0.0]), tensor([0.0], "float64")),
    "objects that raise": lambda: (Raises(), Raises()),
    "objects that raise inside": lambda: ([Raises()], [Raises()]),
    "objects without a yes or no": lambda: (Answers(), Answers()),
    "signalling NaN": lambda: (Decimal("sNaN"), Decimal("sNaN")),
    "an array or its list": lambda: (np.arange(2), [0, 1]),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ONE)
def test_what_has_the_same_contents_is_one_choice(kind):
    a, b = ONE[kind](), ONE[kind]()
    assert same(a, b) and same(b, a)
    choices = Choices((a, "other", b))
    assert [type(choice) for choice in choices.choices] == [type(a), str]
    assert choices.choices[0] is a and choices.index(b) == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", SEVERAL)
def test_what_differs_or_does_not_compare_is_several_choices(kind):
    a, b = SEVERAL[kind]()
    assert not same(a, b) and not same(b, a)
    assert same(a, a) and same(b, b)
    cube = UnitCube({"c": CategoricalAxis((a, b, a, b))})
    assert cube.n_points == 2
    for k, choice in enumerate((a, b)):
        u = cube.point({"c": choice})
        assert u.tolist() == np.eye(2)[k].tolist()
        assert cube.params(u)["c"] is choice


def test_a_list_that_holds_itself_is_one_choice_only_if_it_is_the_same_object():
    a, b = [], []
    a.append(a)
    b.append(b)
    assert same(a, a) and not same(a, b)


def test_objects_of_all_kinds_may_be_choices_side_by_side():
    values = [make() for kind, make in ONE.items() if kind not in OF_LIBRARIES]
    values += [Raises(), Answers()]
    choices = Choices(tuple(values))
    assert len(choices.choices) == len(values)
    for k, value in enumerate(values):
        assert choices.index(value) == k
    for missing in (object(), Raises(), Answers(), np.zeros(7), [np.zeros(7)], "z"):
        with pytest.raises(ValueError):
            choices.index(missing)


def test_a_number_of_another_type_finds_its_choice_also_inside():
    choices = Choices(([1, 2], {"a": 1.0}, np.array([1, 2]), 3))
    for k, value in enumerate(([1.0, 2], {"a": 1}, np.array([1.0, 2.0]), 3.0)):
        assert choices.index(value) == k


def test_thousands_of_choices_are_told_apart_at_once():
    values = [(i, j) for i in range(100) for j in range(100)]
    choices = Choices((*values, *values))
    assert len(choices.choices) == 10_000
    assert choices.index((99, 99)) == 9_999
