"""What a recurrent policy is fed of a history: results, pending trials, episodes."""

import itertools
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from l2l_sampler.history import History
from l2l_sampler.policies.recurrent.feeding import episode_of, inputs_of
from tests.histories import DIM, now, random_history


def test_sequential_trials_are_fed_as_in_the_paper():
    x, y = np.random.default_rng(0).random((4, DIM)), np.array([3.0, 1.0, np.inf, 2.0])
    fed = inputs_of(History.sequential(x, y))
    assert_array_equal(fed.o, [0, 1, 1, 1, 1])
    assert_array_equal(fed.x, np.vstack([np.zeros((1, DIM)), x]))
    assert_array_equal(fed.y, [0.0, *y])


def test_results_are_fed_in_the_order_in_which_they_came_in():
    """Two workers: the second trial ends first, then both of the next end before the last ask."""
    x = np.arange(4.0)[:, None] * np.ones(DIM) / 4
    history = History(x, np.arange(4.0), np.array([0.0, 0.0, 2.0, 3.0]), np.array([3, 2, 4.5, 4]))
    fed = inputs_of(history)
    assert_array_equal(fed.o, [0, 0, 1, 1, 1, 1])
    assert_array_equal(fed.y, [0, 0, 1, 0, 3, 2])
    assert_array_equal(fed.x[:, 0], [0, 0, 0.25, 0, 0.75, 0.5])


def test_pending_trials_are_shown_until_their_result_is_fed():
    """Three workers; the results of trials 1, 0 and 3 come in, that of trial 2 never does."""
    x = np.arange(1.0, 6.0)[:, None] * np.ones(DIM) / 10
    told = np.array([3.5, 2.5, np.inf, 4.0, np.inf])
    y = np.where(np.isfinite(told), 1.0, np.nan)
    fed = inputs_of(History(x, y, np.array([0.0, 1.0, 2.0, 3.0, 4.0]), told), 0, 3)
    assert_array_equal(fed.o, [0, 0, 0, 1, 1, 1, 0])
    shown = [(10 * fed.pending[k, fed.busy[k] > 0, 0]).round().tolist() for k in range(7)]
    assert shown == [[], [1], [2, 1], [3, 1], [4, 3], [3], [5, 3]]
    assert_array_equal(fed.pending[fed.busy == 0.0], 0.0)
    alone = inputs_of(History(x, y, np.array([0.0, 1.0, 2.0, 3.0, 4.0]), told), 0, 1)
    assert_array_equal(alone.pending[:, 0], fed.pending[:, 0])


def test_a_restart_shows_the_trials_that_are_still_pending():
    x = np.arange(1.0, 5.0)[:, None] * np.ones(DIM) / 10
    history = History(x, np.array([1.0, np.nan, 2.0, np.nan]), np.arange(4.0), np.full(4, np.inf))
    told = np.array([0.5, np.inf, 3.5, np.inf])
    fed = inputs_of(replace(history, told=told), 2, 4)
    assert_array_equal(fed.o, [0, 1, 0, 1])  # a dummy, the incumbent, ask 3, the result of trial 2
    shown = [(10 * fed.pending[k, fed.busy[k] > 0, 0]).round().tolist() for k in range(4)]
    assert shown == [[2], [2], [3, 2], [4, 2]]


@given(st.integers(0, 2**32 - 1), st.integers(0, 12), st.sampled_from([0, 1, 4]))
def test_the_inputs_of_an_earlier_moment_are_a_prefix(seed, n, first):
    history = random_history(np.random.default_rng(seed), n)
    fed = inputs_of(history, first if first < n else 0, 3)
    assert fed.o.sum() <= history.finished.sum() + 1
    for k in range(first + 1, n):
        assert fed.starts_with(inputs_of(now(history, k), first, 3))


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_every_result_is_fed_once_and_every_ask_is_a_step(seed, n):
    history = random_history(np.random.default_rng(seed), n)
    fed = inputs_of(history)
    assert sorted(fed.y[fed.o > 0]) == sorted(history.y[history.finished])
    assert len(fed.o) >= n + 1


def test_a_restart_before_any_result_is_fed_a_dummy():
    fed = inputs_of(History.sequential(np.zeros((3, DIM)), np.full(3, np.nan)), first=2)
    assert_array_equal(fed.o, [0, 0])


def test_an_episode_ends_when_as_many_results_have_not_improved():
    y = np.array([5.0, 4.0, 6.0, 4.0, np.inf, 1.0, 3.0, 2.0, 9.0])
    history = History.sequential(np.zeros((len(y), DIM)), y)
    found = [episode_of(history.take(np.arange(n)), 100, 3) for n in range(len(y) + 1)]
    # 6, 4 and inf do not improve on 4; 1 begins an episode in which 3, 2 and 9 do not
    assert found == [(0, 0)] * 5 + [(1, 5)] * 4 + [(2, 9)]


def test_an_episode_ends_at_the_horizon_at_the_latest():
    history = History.sequential(np.zeros((9, DIM)), -np.arange(9.0))
    assert [episode_of(history.take(np.arange(n)), 4, 3) for n in (3, 4, 7, 8, 9)] == [
        (0, 0),
        (1, 4),
        (1, 4),
        (2, 8),
        (2, 8),
    ]
    assert episode_of(history, 4, None) == (2, 8)


def test_results_of_earlier_episodes_try_no_patience():
    """Two workers, a patience of two; the second episode begins at trial 4."""
    told = np.array([1.5, 2.5, 3.5, 9.0, 5.5, 6.5, 7.5, 8.5])
    y = np.array([1.0, 2.0, 3.0, 9.0, 8.0, 7.0, 6.0, 5.0])
    history = History(np.zeros((8, DIM)), y, np.arange(8.0), told)
    starts = [episode_of(now(history, k), 100, 2) for k in range(8)]
    assert starts == [(0, 0)] * 4 + [(1, 4)] * 4
    assert episode_of(history, 100, 2) == (1, 4)


@given(st.integers(0, 2**32 - 1), st.integers(1, 14), st.integers(1, 4))
def test_an_episode_that_has_begun_stays(seed, n, patience):
    history = random_history(np.random.default_rng(seed), n)
    episodes = [episode_of(now(history, k), 6, patience) for k in range(n)]
    for k, ((before, first), (after, begun)) in enumerate(itertools.pairwise(episodes), start=1):
        assert (after, begun) in ((before, first), (before + 1, k))
