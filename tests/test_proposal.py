"""Laws of `propose`, with policies simple enough to know what they should have led to."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from l2l_sampler.history import History
from l2l_sampler.proposal import SAME, propose
from l2l_sampler.registry import resolve, shipped
from l2l_sampler.spaces.axes import CategoricalAxis, FloatAxis, IntAxis
from l2l_sampler.spaces.cube import UnitCube

SQUARE = UnitCube({"x": FloatAxis(0, 1), "y": FloatAxis(0, 1)})
SMALL = UnitCube({"i": IntAxis(0, 6), "c": CategoricalAxis("abc")})  # 21 points


class Fixed:
    """Always proposes the same candidates."""

    def __init__(self, *candidates):
        self.candidates = np.array(candidates)

    def propose(self, history, *, cube, seed, number):
        return cube.snap(self.candidates)


class Random:
    """Proposes one random point."""

    def propose(self, history, *, cube, seed, number):
        return cube.sample(np.random.default_rng((seed, number)), 1)


EMPTY = History.sequential(np.zeros((0, 2)), np.zeros(0))


def and_without_value(history, u, failed=False):
    """The history and a trial at u that has ended without a value."""
    return History(
        np.vstack([history.x, u]),
        np.append(history.y, np.nan),
        np.append(history.asked, history.n),
        np.append(history.told, history.n + 0.5),
        np.append(history.failed, failed),
    )


def run(trained, cube, n, x=None, **options):
    """History of n proposals after x, with objective values 0, 1, 2, ..."""
    x = np.zeros((0, cube.dim)) if x is None else x
    options = {"seed": 0, "deduplicate": True} | options
    for number in range(n):
        history = History.sequential(x, np.arange(len(x)))
        x = np.vstack([x, propose(trained, history, cube, number=number, **options)])
    return x


def test_an_empty_history_gets_the_policys_best_candidate():
    trained = Fixed([0.25, 0.5], [0.75, 0.5])
    assert_array_equal(run(trained, SQUARE, 1), [[0.25, 0.5]])


@pytest.mark.parametrize("y", [1.0, np.nan])
def test_a_point_evaluated_or_pending_gives_way_to_the_next_candidate(y):
    history = History.sequential(np.array([[0.25, 0.5]]), np.array([y]))
    options = {"seed": 0, "number": 1}
    trained = Fixed([0.25, 0.5], [0.75, 0.5])
    new = propose(trained, history, SQUARE, deduplicate=True, **options)
    again = propose(trained, history, SQUARE, deduplicate=False, **options)
    assert_array_equal(new, [0.75, 0.5])
    assert_array_equal(again, [0.25, 0.5])


@pytest.mark.parametrize("failed", [True, False], ids=["failed", "ended without a value"])
def test_points_that_gave_no_value_are_not_repeated_either(failed):
    history = and_without_value(EMPTY, np.array([0.25, 0.5]), failed=failed)
    options = {"seed": 0, "number": 1}
    trained = Fixed([0.25, 0.5], [0.75, 0.5])
    new = propose(trained, history, SQUARE, deduplicate=True, **options)
    again = propose(trained, history, SQUARE, deduplicate=False, **options)
    assert_array_equal(new, [0.75, 0.5])
    assert_array_equal(again, [0.25, 0.5])


def test_when_all_candidates_are_taken_a_continuous_space_gives_a_neighbour():
    x = run(Fixed([0.5, 0.5]), SQUARE, 30)
    assert len(np.unique(x, axis=0)) == 30
    assert np.abs(x - 0.5).max() < 0.2
    assert_array_equal(SQUARE.snap(x), x)


@pytest.mark.parametrize("trained", [Random(), Fixed([0.5, 1.0, 0.0, 0.0])])
def test_a_discrete_space_is_seen_whole_before_anything_is_repeated(trained):
    x = run(trained, SMALL, 21)
    assert len(np.unique(x, axis=0)) == 21
    assert_array_equal(SMALL.snap(x), x)


def test_a_space_seen_whole_gets_the_best_candidate_again():
    trained = Fixed([0.5, 1.0, 0.0, 0.0])
    x = run(trained, SMALL, 25)
    assert_array_equal(x[21:], np.repeat(x[:1], 4, axis=0))


def test_without_deduplication_the_best_candidate_is_repeated():
    x = run(Fixed([0.5, 0.5]), SQUARE, 3, deduplicate=False)
    assert_array_equal(x, np.repeat(x[:1], 3, axis=0))


MODELS = [(model, model.dim or 2) for model in shipped()]


def corners(dim):
    """A space of two points an axis."""
    return UnitCube({f"i{k}": IntAxis(0, 1) for k in range(dim)})


@pytest.mark.parametrize(("model", "dim"), MODELS, ids=lambda value: getattr(value, "file", None))
def test_without_deduplication_a_policys_first_candidate_is_proposed_tried_or_not(model, dim):
    trained, cube = resolve(model.name, dim, n_trials=model.horizon), corners(dim)
    x = np.random.default_rng(0).permutation(cube.points())[:60]
    for history in (History.sequential(x[:k], np.arange(min(k, len(x)))) for k in (0, 1, 60)):
        options = {"seed": 5, "number": history.n}
        first = trained.propose(history, cube=cube, **options)[0]
        u = propose(trained, history, cube, deduplicate=False, **options)
        assert_array_equal(u, first)
        tried = and_without_value(history, u)
        again = propose(trained, tried, cube, deduplicate=False, **options)
        assert_array_equal(again, first)


@pytest.mark.parametrize(("model", "dim"), MODELS, ids=lambda value: getattr(value, "file", None))
def test_with_deduplication_no_policy_repeats_a_point(model, dim):
    trained = resolve(model.name, dim, n_trials=model.horizon)
    x = run(trained, corners(dim), min(2**dim, 12))
    assert len(np.unique(x, axis=0)) == len(x)


def test_a_point_nearer_than_rounding_counts_as_the_same():
    known = History.sequential(np.array([[0.25, 0.5]]), np.zeros(1))
    options = {"seed": 0, "number": 1, "deduplicate": True}
    nearly, far = [0.25 + 0.5 * SAME, 0.5], [0.25 + 2.0 * SAME, 0.5]
    assert_array_equal(propose(Fixed(nearly, [0.75, 0.5]), known, SQUARE, **options), [0.75, 0.5])
    assert_allclose(propose(Fixed(far, [0.75, 0.5]), known, SQUARE, **options), far)


def test_values_nearer_than_rounding_are_all_found_in_a_discrete_space():
    cube = UnitCube({"i": IntAxis(0, 9_999_999)})
    x = run(Fixed([0.0]), cube, 60)
    assert len(np.unique(x, axis=0)) == 60


def test_the_last_point_of_a_big_space_is_found_at_ten_thousand_trials():
    cube = UnitCube({"i": IntAxis(1, 100), "j": IntAxis(1, 100)})
    points = np.random.default_rng(0).permutation(cube.points())
    history = History.sequential(points[:-1], np.arange(9_999))
    u = propose(Fixed([0.5, 0.5]), history, cube, seed=0, number=9_999, deduplicate=True)
    assert_array_equal(u, points[-1])


def test_a_seed_and_a_number_give_the_same_point_and_others_give_others():
    def point(**changes):
        arguments = {"seed": 3, "number": 7, "deduplicate": True} | changes
        history = History.sequential(np.full((1, 2), 0.5), np.zeros(1))
        return propose(Random(), history, SQUARE, **arguments).tolist()

    assert point() == point()
    assert point() != point(seed=4)
    assert point() != point(number=8)
    assert point() == point(deduplicate=False)
