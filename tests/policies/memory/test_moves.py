"""The local search whose moves change one parameter."""

import tracemalloc

import numpy as np
import pytest

from l2l_sampler.history import History
from l2l_sampler.policies.memory.search.box import Box
from l2l_sampler.policies.memory.search.moves import Moves
from l2l_sampler.spaces.axes import CategoricalAxis, FloatAxis, IntAxis
from l2l_sampler.spaces.conditional import ConditionalCube
from l2l_sampler.spaces.conditions import Excluded
from l2l_sampler.spaces.cube import UnitCube
from l2l_sampler.spaces.restricted import RestrictedCube
from tests.policies.memory.examples import policy_of

AXES = {
    "rate": FloatAxis(1e-4, 1.0, log=True),
    "width": IntAxis(1, 512, log=True),
    "kind": CategoricalAxis(("tree", "net", "line")),
    "depth": IntAxis(1, 9),
    "layers": IntAxis(1, 4),
    "shape": CategoricalAxis(("wide", "deep")),
}
OWN = {"depth": {1, 2}, "layers": {0, 2}, "shape": {0, 2}}  # the kinds without them
CONDITIONS = {name: (Excluded("kind", frozenset(kinds)),) for name, kinds in OWN.items()}


def cubes():
    whole = ConditionalCube(AXES, CONDITIONS)
    history = history_of(whole)
    return {
        "plain": UnitCube(AXES),
        "conditional": whole,
        "restricted": RestrictedCube.within(whole, {"rate": 0.1}, {"width": (3, 40)}),
        "fixed": RestrictedCube.within(whole, whole.params(history.x[0]), {}),
        "box": Box.around_best(history, whole),
    }


def history_of(cube, n=12):
    rng = np.random.default_rng(0)
    return History.sequential(cube.sample(rng, n), rng.standard_normal(n))


def moves_of(cube, history=None, seed=0):
    return Moves(cube, history or history_of(cube), np.random.default_rng(seed), 2)


def settings(cube, points):
    return [cube.params(u) for u in points]


kinds_of_cubes = pytest.mark.parametrize("name", cubes())


@kinds_of_cubes
def test_moves_end_at_valid_points(name):
    cube = cubes()[name]
    found = moves_of(cube).around(cube.sample(np.random.default_rng(1), 5))
    np.testing.assert_allclose(cube.snap(found), found, atol=1e-9)
    assert len(found) == 0 if name == "fixed" else len(found) > 50


def test_every_other_choice_and_both_neighbours_of_an_integer_are_tried():
    cube = UnitCube(AXES)
    start = {
        "rate": 0.01, "width": 100, "kind": "net", "depth": 3, "layers": 1, "shape": "deep"
    }  # fmt: skip
    u = cube.point(start)
    start["rate"] = cube.params(u)["rate"]
    found = settings(cube, moves_of(cube).around(u[None]))
    for name, values in {
        "width": (99, 101),
        "kind": ("tree", "line"),
        "depth": (2, 4),
        "layers": (2,),
        "shape": ("wide",),
    }.items():
        for value in values:
            assert {**start, name: value} in found
    assert start not in found


def test_every_move_of_choices_changes_one_parameter():
    cube = UnitCube({name: CategoricalAxis(("a", "b", "c")) for name in "pqrs"})
    u = cube.sample(np.random.default_rng(1), 1)
    (start,) = settings(cube, u)
    found = settings(cube, moves_of(cube).around(u))
    assert len(found) == 8
    assert all(sum(start[name] != other[name] for name in start) == 1 for other in found)


def test_of_very_many_choices_a_part_is_tried():
    cube = UnitCube({"word": CategoricalAxis(tuple(range(500))), "rate": FloatAxis(0.0, 1.0)})
    u = cube.sample(np.random.default_rng(1), 2)
    assert 50 < len(moves_of(cube).around(u)) <= 128


def test_a_parameter_that_comes_to_life_rests_or_has_its_best_value_or_a_random_one():
    cube = ConditionalCube(AXES, CONDITIONS)
    base = {"rate": 0.1, "width": 8}
    trials = [
        {**base, "kind": "line"},
        {**base, "kind": "tree", "depth": 8},
        {**base, "kind": "tree", "depth": 2},
    ]
    x = np.stack([cube.point(trial) for trial in trials])
    history = History.sequential(x, np.arange(3.0))
    found = moves_of(cube, history).around(x[:1])
    trees = [p["depth"] for p in settings(cube, found) if p["kind"] == "tree"]
    assert len(trees) == 3
    assert trees[:2] == [cube.params(cube.rest)["depth"], 8]
    nets = [(p["layers"], p["shape"]) for p in settings(cube, found) if p["kind"] == "net"]
    assert len(nets) == 3  # never tried: resting and two random ones


def test_moves_are_the_same_for_the_same_generator_and_others_for_another():
    cube = UnitCube(AXES)
    u = cube.sample(np.random.default_rng(1), 3)
    first, again, other = (moves_of(cube, seed=seed).around(u) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or np.any(first != other)


def test_the_local_search_climbs_a_hill_of_choices_and_integers():
    cube = UnitCube(
        {"a": CategoricalAxis("pqrs"), "b": CategoricalAxis("pqrs"), "n": IntAxis(1, 9)}
    )
    goal = cube.point({"a": "s", "b": "r", "n": 6})
    u = cube.point({"a": "p", "b": "p", "n": 5})
    moves = Moves(cube, history_of(cube), np.random.default_rng(0), 3)
    found = moves.climb(u[None, None], lambda p: -np.abs(p - goal).sum(axis=-1))
    assert (found == goal).all(axis=-1).any()


@pytest.mark.parametrize("name", ["plain", "conditional", "restricted", "fixed"])
def test_proposals_with_moves_are_valid_and_depend_on_seed_and_number_alone(name):
    cube = cubes()[name]
    policy, params = policy_of("posterior, moves")
    history = history_of(cube, 25)
    for number in (24, 25):  # the second looks through a box
        options = {"cube": cube, "seed": 1, "number": number}
        points = policy.propose(params, history, **options)
        np.testing.assert_allclose(cube.snap(points), points, atol=1e-9)
        np.testing.assert_array_equal(policy.propose(params, history, **options), points)


@pytest.mark.parametrize(("results", "searched"), [(0, False), (19, False), (20, True)])
def test_the_local_search_begins_with_the_twentieth_result(results, searched):
    cube = UnitCube(AXES)
    policy, params = policy_of("posterior, moves")
    history = history_of(cube, 22)
    history.y[results:] = np.nan
    history.told[results:] = np.inf
    points = policy.propose(params, history, cube=cube, seed=0, number=22)
    assert (len(points) > 2 * policy.starts) == searched


@pytest.mark.parametrize(
    "axes",
    [
        {f"c{k}": CategoricalAxis(tuple(range(100))) for k in range(40)},
        {f"x{k}": FloatAxis(0.0, 1.0) for k in range(4000)},
        {f"n{k}": IntAxis(0, 9) for k in range(4000)},
    ],
    ids=["choices", "numbers", "integers"],
)
def test_thousands_of_axes_cost_memory_by_the_axis_and_not_by_its_square(axes):
    cube = UnitCube(axes)
    history = history_of(cube)
    tracemalloc.start()
    try:
        near = Moves(cube, history, np.random.default_rng(0), 4).around(history.x[:5])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert near.shape[1] == cube.dim and len(near) > 60
    assert peak < 8 * 25 * near.size
