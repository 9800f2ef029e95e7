"""The trials of a study as a policy sees them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from l2l_sampler.history import History

NAN, INF = math.nan, math.inf


def example():
    """A completed trial, a running one, a failed one, and one of which only the point is known."""
    return History(
        x=np.arange(8.0).reshape(4, 2) / 8.0,
        y=np.array([3.0, NAN, NAN, NAN]),
        asked=np.arange(4.0),
        told=np.array([0.5, INF, 2.5, 3.5]),
        failed=np.array([False, False, True, False]),
    )


def test_a_trial_is_in_one_of_four_states():
    history = example()
    assert history.n == 4
    assert_array_equal(history.finished, [True, False, False, False])
    assert_array_equal(history.pending, [False, True, False, False])
    assert_array_equal(history.failed, [False, False, True, False])


def test_a_trial_of_which_nothing_is_known_but_its_point_informs_of_nothing():
    assert_array_equal(example().informative().asked, [0.0, 1.0, 2.0])


def test_to_readers_that_know_no_failures_a_failed_trial_is_infinitely_bad():
    history = example()
    bad = history.plain(np.random.default_rng(0))
    assert_array_equal(bad.y, [3.0, NAN, INF, NAN])
    assert not bad.failed.any()
    assert_array_equal(history.y, [3.0, NAN, NAN, NAN])


def test_nobody_has_failed_unless_it_is_said():
    history = History(np.zeros((2, 1)), np.zeros(2), np.arange(2.0), np.arange(2.0) + 0.5)
    assert_array_equal(history.failed, [False, False])


VALUES = st.lists(st.floats(), max_size=6)


@given(values=VALUES)
def test_trials_one_after_the_other_are_told_before_the_next_is_asked(values):
    history = History.sequential(np.zeros((len(values), 3)), values)
    assert history.x.dtype == history.y.dtype == np.float64
    assert (history.told[:-1] < history.asked[1:])[history.finished[:-1]].all()
    assert_array_equal(history.pending, np.isnan(np.array(values, dtype=float)))


@given(values=VALUES, data=st.data())
def test_taking_trials_takes_all_that_is_known_of_them(values, data):
    history = History.sequential(np.random.default_rng(0).random((len(values), 3)), values)
    index = np.array(
        data.draw(
            st.lists(st.integers(0, 5).filter(lambda k: k < len(values)))
            if values
            else st.just([])
        ),
        dtype=int,
    )
    taken = history.take(index)
    for name in ("x", "y", "asked", "told", "failed"):
        assert_array_equal(getattr(taken, name), getattr(history, name)[index])


@pytest.mark.parametrize("column", ["x", "y", "asked", "told", "failed"])
def test_columns_of_different_lengths_are_refused(column):
    columns = {name: getattr(example(), name) for name in ("x", "y", "asked", "told", "failed")}
    columns[column] = columns[column][:-1]
    with pytest.raises(ValueError, match="a History of . trials needs x of shape"):
        History(**columns)


def test_points_must_be_a_table():
    with pytest.raises(ValueError, match=r"got x \(2,\)"):
        History.sequential(np.zeros(2), np.zeros(2))


def overtaken_by(results):
    """A trial that is pending from the beginning on, and so many others one after the other."""
    n = results + 1
    moment = np.arange(n, dtype=float)
    y = np.where(moment == 0, np.nan, 0.0)
    return History(np.zeros((n, 1)), y, moment, np.where(moment == 0, np.inf, moment + 0.5))


def test_a_pending_trial_is_given_up_when_far_more_results_came_in_than_while_others_ran():
    assert not overtaken_by(20).stale.any()
    assert overtaken_by(30).stale.tolist() == [True] + 30 * [False]
    assert overtaken_by(30).informative().n == 30


def test_where_trials_overtake_each_other_a_slow_one_is_waited_for():
    n = 61
    moment = np.arange(n, dtype=float)
    told = moment + 16.5  # sixteen workers: as many results come in while any trial runs
    told[0] = np.inf
    history = History(np.zeros((n, 1)), np.where(moment == 0, np.nan, 0.0), moment, told)
    assert not history.stale.any()


def constrained():
    """Three results of which one meets both constraints, and a running trial."""
    return History(
        x=np.arange(8.0).reshape(4, 2) / 8.0,
        y=np.array([5.0, 1.0, 3.0, NAN]),
        asked=np.arange(4.0),
        told=np.array([0.5, 1.5, 2.5, INF]),
        constraints=np.array([[-1.0, NAN], [2.0, -1.0], [4.0, 1e9], [NAN, NAN]]),
    )


def test_a_result_is_feasible_unless_a_constraint_is_known_to_be_violated():
    history = constrained()
    assert_array_equal(history.feasible, [True, False, False, False])
    assert_array_equal(history.ranked(), [0, 1, 2])


def test_a_violation_is_measured_in_usual_ones_of_its_constraint():
    assert_array_equal(constrained().violation, [0.0, 2.0 / 3.0, 4.0 / 3.0 + 1.0, 0.0])


def test_while_nothing_is_feasible_the_violation_is_what_is_minimised():
    history = constrained()
    assert history.toward_feasible() is history
    rest = history.take(np.array([1, 2, 3])).toward_feasible()
    assert_array_equal(rest.y, [*rest.violation[:2], NAN])
    assert_array_equal(rest.take(np.array([2])).toward_feasible().y, [NAN])


def test_to_plain_readers_what_violates_is_worse_than_all_else_and_the_more_the_worse():
    plain = constrained().plain(np.random.default_rng(0))
    assert plain.constraints.shape == (4, 0)
    assert plain.y[0] < plain.y[1] < plain.y[2] < INF and math.isnan(plain.y[3])


def test_to_plain_readers_several_objectives_are_a_scalarisation():
    others = np.array([[1.0], [4.0], [2.0], [NAN]])
    history = History(**vars(constrained()) | {"others": others, "constraints": np.zeros((4, 0))})
    values = [history.plain(np.random.default_rng(seed)).y for seed in range(20)]
    assert all(np.isfinite(y[:3]).all() and math.isnan(y[3]) for y in values)
    assert {y[:3].argmin() for y in values} == {0, 1, 2}


def test_of_several_objectives_the_front_is_ranked_first():
    y, others = np.array([2.0, 0.0, 1.0, 1.5]), np.array([[0.0], [2.0], [1.2], [1.2]])
    history = History(**vars(constrained()) | {"y": y, "others": others, "constraints": None})
    assert history.ranked()[-1] == 3
    assert history.ranked()[0] == 2


@pytest.mark.parametrize("wrong", ["y", "told", "constraints", "others"])
def test_columns_of_another_length_are_refused(wrong):
    columns = vars(constrained())
    with pytest.raises(ValueError, match=f"4 trials needs .* {wrong} \\(3,|3 trials needs"):
        History(**columns | {wrong: columns[wrong][:3]})
