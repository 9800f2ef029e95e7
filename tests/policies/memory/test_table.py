"""What is read of a long history."""

from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from l2l_sampler.history import History
from l2l_sampler.policies.memory.table import readable, representatives
from tests.policies.memory.examples import trials

COUNTS = st.integers(0, 12) | st.integers(0, 300)
VALUES = st.sampled_from([0.0, 1.0, 2.0, 1e308, np.inf, -np.inf]) | st.floats(-9.0, 9.0)


@st.composite
def long_histories(draw):
    """Known, pending and failed trials in any numbers and any order, with ties among values."""
    known, pending, failed = draw(COUNTS), draw(COUNTS), draw(COUNTS)
    n = known + pending + failed
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    state = rng.permutation(np.repeat([0, 1, 2], [known, pending, failed]))
    few = np.array(draw(st.lists(VALUES, min_size=1, max_size=6)))
    y = np.where(state == 0, rng.choice(few, n), np.nan)
    asked = np.arange(float(n))
    told = np.where(state == 1, np.inf, asked + 0.5)
    return History(rng.random((n, 2)), y, asked, told, state == 2)


def states(history):
    return SimpleNamespace(
        known=history.finished.sum(), pending=history.pending.sum(), failed=history.failed.sum()
    )


SIZES = st.integers(1, 40) | st.just(160)


@given(history=long_histories(), n_max=SIZES)
def test_as_many_trials_are_read_as_may_be_and_none_twice(history, n_max):
    short = readable(history, n_max)
    assert short.n == min(history.n, n_max)
    assert np.all(np.diff(short.asked) > 0.0)
    assert np.isin(short.asked, history.asked).all()


@given(history=long_histories(), n_max=SIZES)
def test_the_best_half_of_the_results_read_are_the_best_there_are(history, n_max):
    short = readable(history, n_max)
    best = (states(short).known + 1) // 2
    np.testing.assert_array_equal(np.sort(short.y)[:best], np.sort(history.y)[:best])
    if states(short).known > 2:
        assert np.nanmax(short.y) == np.nanmax(history.y)


@given(history=long_histories(), n_max=SIZES)
def test_a_quarter_is_for_the_latest_pending_trials_and_a_quarter_for_failed_ones(history, n_max):
    short, quarter = readable(history, n_max), n_max // 4
    whole, read = states(history), states(short)
    for name in ("pending", "failed"):
        there, taken = getattr(whole, name), getattr(read, name)
        assert taken >= min(there, quarter)
        if read.known < whole.known:
            assert taken <= quarter or history.n <= n_max
        latest = history.asked[getattr(history, name)][there - taken :]
        np.testing.assert_array_equal(short.asked[getattr(short, name)], latest)
    assert read.known >= min(whole.known, n_max - 2 * quarter)


@given(history=long_histories(), n_max=SIZES, seed=st.integers(0, 9))
def test_the_order_of_results_decides_nothing(history, n_max, seed):
    known = np.flatnonzero(history.finished)
    order = np.arange(history.n)
    order[known] = np.random.default_rng(seed).permutation(known)
    found, again = (set(map(tuple, readable(h, n_max).x)) for h in (history, history.take(order)))
    assert found == again


@given(history=long_histories(), n_max=SIZES)
def test_what_is_read_is_read_whole_the_next_time(history, n_max):
    short = readable(history, n_max)
    assert readable(short, n_max) is short


def test_the_results_read_reach_over_all_ranks():
    n = 1000
    history = History.sequential(np.random.default_rng(0).random((n, 3)), np.arange(n))
    short = readable(history, 160)
    np.testing.assert_array_equal(short.y[:80], np.arange(80))
    gaps = np.diff(short.y[80:])
    assert gaps.min() >= 11 and gaps.max() <= 12


def test_a_long_history_is_read_in_part_with_its_best_and_pending_trials():
    history = trials(3, n=1000, pending=10)
    short = readable(history, 160)
    assert short.n == 160
    assert (~short.finished).sum() == 10
    best = np.sort(history.y)[:75]
    np.testing.assert_array_equal(np.sort(short.y)[:75], best)
    assert np.nanmax(short.y) == np.nanmax(history.y)
    order = np.concatenate([np.random.default_rng(0).permutation(990), np.arange(990, 1000)])
    again = readable(history.take(order), 160)
    np.testing.assert_array_equal(np.sort(again.x, axis=0), np.sort(short.x, axis=0))


def test_representatives_are_the_best_half_and_others_up_to_the_worst():
    z = np.random.default_rng(0).permutation(100.0 + np.arange(100))[None]
    index, kept = representatives(z, (z < 190.0).astype(float), 16)
    found = z[0, index[0]]
    np.testing.assert_array_equal(kept, np.ones((1, 16)))
    np.testing.assert_array_equal(found[:8], 100.0 + np.arange(8))
    assert np.all(np.diff(found) > 0.0) and 180.0 < found[-1] < 190.0


def test_fewer_known_trials_than_representatives_are_all_taken_and_padding_is_last():
    z = np.array([[3.0, 1.0, 9.0, 2.0, 4.0]])
    index, kept = representatives(z, np.array([[1.0, 1.0, 0.0, 1.0, 0.0]]), 4)
    np.testing.assert_array_equal(index[:, :3], [[1, 3, 0]])
    np.testing.assert_array_equal(kept, [[1.0, 1.0, 1.0, 0.0]])
