"""Search spaces as plain JSON: what is the same is known again, and what is not is told apart."""

import enum
import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from ray import tune

from l2l_sampler import LearnedSearcher
from l2l_sampler.adapters.ray.space_json import from_json, same_space, to_json
from l2l_sampler.spaces.axes import NormalAxis
from l2l_sampler.spaces.templates import Branch, Leaf
from tests.adapters.ray.driving import run, searcher


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True)
class Layer:
    name: str
    sizes: tuple[int, ...]


def by_way_of_a_file(value):
    return json.loads(json.dumps(to_json(value), allow_nan=False))


PLAIN = [
    *(math.inf, -math.inf, 0.1, 10**30, True, "text", (1, [2.5]), {1: None, "a": True}, ()),
    *(np.float64(0.1), np.float32(0.1), np.int64(3), np.uint8(3), np.bool_(True), np.str_("a")),
    *({1, 2}, frozenset("abc"), [np.float64("inf"), {"deep": (np.int8(1),)}]),
]


@pytest.mark.parametrize("value", PLAIN, ids=lambda value: type(value).__name__)
def test_numbers_texts_and_containers_come_back_as_they_were(value):
    back = from_json(by_way_of_a_file(value))
    assert back == value and type(back) is type(value)
    assert same_space(to_json(back), to_json(value))


DIFFERENT = {
    "floats of Python": (0.1, 0.2),
    "floats of numpy": (np.float64(0.1), np.float64(0.2)),
    "integers of numpy": (np.int64(1), np.int64(2)),
    "a type of number": (np.int64(1), np.int32(1)),
    "numpy or not": (np.float64(0.1), 0.1),
    "true or one": (True, 1),
    "whole or not": (1, 1.0),
    "texts of numpy": (np.str_("a"), np.str_("b")),
    "lists or tuples": ([1], (1,)),
    "sets": ({1, 2}, {1, 3}),
    "functions": (math.sin, math.cos),
    "classes": (OSError, ValueError),
    "enums": (Colour.RED, Colour.BLUE),
    "objects": (Layer("a", (1, 2)), Layer("a", (1, 3))),
    "arrays": (np.array([1, 2]), np.array([1, 3])),
    "decimals": (Decimal("0.1"), Decimal("0.2")),
    "fractions": (Fraction(1, 3), Fraction(2, 3)),
    "bytes": (b"a", b"b"),
    "dates": (np.datetime64("2020-01-01"), np.datetime64("2020-01-02")),
    "complex numbers": (1j, 2j),
    "objects inside": ([{"f": Layer("a", ())}], [{"f": Layer("b", ())}]),
}
PLACES = {
    "choice": lambda value: {"c": tune.choice([value, "other"]), "x": tune.uniform(0, 1)},
    "constant": lambda value: {"c": value, "x": tune.uniform(0, 1)},
    "in an option": lambda value: {"c": tune.choice([{"v": value, "x": tune.uniform(0, 1)}, 0])},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", DIFFERENT)
def test_trials_of_one_space_are_never_read_into_another(kind, place, tmp_path, caplog):
    here, there = DIFFERENT[kind]
    search = searcher(PLACES[place](here))
    run(search, 3, lambda config: 1.0)
    search.save(tmp_path / "state")
    other = searcher(PLACES[place](there))
    before = other.get_state()
    with pytest.raises(ValueError, match="state cannot be restored: .*another search space"):
        other.restore(tmp_path / "state")
    assert other.get_state() == before
    same = searcher(PLACES[place](here))
    same.restore(tmp_path / "state")
    assert repr(same.suggest("t1")) == repr(search.suggest("t1"))
    assert repr(same.suggest("next")) == repr(search.suggest("next"))
    assert not caplog.records


def bounded_by(number):
    return {
        "x": tune.uniform(number(1), number(3)),
        "q": tune.quniform(number(2), number(8), number(2)),
        "n": tune.randn(number(1), number(3)),
        "k": tune.qrandn(number(1), number(3), number(1)),
        "i": tune.qrandint(number(0), number(6), number(3)),
    }


@pytest.mark.parametrize("number", [np.float64, np.float32, np.int64, int])
def test_bounds_are_the_same_as_numbers_of_any_kind(number, tmp_path):
    search, blank = searcher(bounded_by(number), policy="memory"), LearnedSearcher()
    run(search, 3, lambda config: config["x"])
    search.save(tmp_path / "state")
    blank.restore(tmp_path / "state")
    assert blank.suggest("next") == search.suggest("next")
    searcher(bounded_by(float)).restore(tmp_path / "state")


def test_an_object_that_does_not_pickle_is_known_by_name_with_a_warning(tmp_path, caplog):
    def space(function):
        return {"f": tune.choice([function, 0]), "x": tune.uniform(0, 1)}

    search = searcher(space(lambda x: x))
    (record,) = caplog.records
    assert "<lambda>" in record.getMessage() and "by its name alone" in record.getMessage()
    run(search, 3, lambda config: 1.0)
    search.save(tmp_path / "state")
    searcher(space(lambda x: -x)).restore(tmp_path / "state")


def test_objects_keep_only_their_name_and_digest_in_json():
    template = {"a": Branch("a", (math.sin, Leaf("b", NormalAxis(0, 1)))), "c": OSError("x")}
    text = json.dumps(to_json(template))
    assert "math.sin" in text and "builtins.OSError" in text
    with pytest.raises(LookupError, match=r"math\.sin"):
        from_json(json.loads(text))


CODE = """
import enum, json
from l2l_sampler.adapters.ray.space_json import to_json

class Colour(enum.Enum):
    RED = 1

class Layer:
    def __init__(self, *names):
        self.names = names

ab = "".join(["a", "b"])  # equal to "ab", and another object
values = [{"x", "y", "z"}, frozenset("abc"), Colour.RED, Layer("ab", ab), Layer("ab", "ab")]
print(json.dumps(to_json(values)))
"""


def test_a_space_looks_the_same_in_every_process():
    def found(seed):
        command, environment = [sys.executable, "-c", CODE], {"PYTHONHASHSEED": seed}
        done = subprocess.run(
            command, env=os.environ | environment, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    first = found("1")
    assert first == found("2")
    assert first[3] == first[4]
