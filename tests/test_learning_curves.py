"""What pruned trials would have come to is judged by the others at the same step."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from l2l_sampler.learning_curves import LearningCurves, final_values

STEPS = 12
SHAPES = {
    "falling": lambda quality, step: quality + np.exp(-step / 3.0),
    "rising sums": lambda quality, step: (1.0 + quality) * (step + 1.0),
    "annealed": lambda quality, step: quality + np.sin(np.pi * step / STEPS),
    "U-shaped": lambda quality, step: quality + (step / STEPS - 0.5) ** 2,
}


def curves_of(reports):
    curves = LearningCurves()
    for row, reported in enumerate(reports):
        curves.add(row, reported)
    return curves


def study(shape, n=40, seed=0, least=3):
    """Final values, who was stopped, reports, and what the stopped would have come to."""
    rng = np.random.default_rng(seed)
    quality = rng.random(n)
    stopped = rng.random(n) < 0.5
    length = np.where(stopped, rng.integers(least, STEPS, n), STEPS)
    reports = [
        {step: float(shape(q, step)) for step in range(k)}
        for q, k in zip(quality, length, strict=True)
    ]
    truth = shape(quality, STEPS - 1.0)
    return np.where(stopped, np.nan, truth), stopped, reports, truth


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_stopped_trial_gets_about_what_it_would_have_come_to(shape):
    y, stopped, reports, truth = study(shape)
    found = final_values(y, stopped, curves_of(reports))
    assert_array_equal(found[~stopped], y[~stopped])
    error = np.abs(found - truth)[stopped]
    assert np.median(error) < 0.1 * np.std(truth)
    assert error.max() < 0.6 * np.std(truth)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_stopped_trials_keep_their_order_among_the_others_at_their_step(shape):
    y, stopped, reports, _ = study(shape)
    found = final_values(y, stopped, curves_of(reports))
    for row in np.flatnonzero(stopped):
        step = max(reports[row])
        there = [k for k in np.flatnonzero(~stopped) if reports[k][step] <= reports[row][step]]
        worse = [k for k in np.flatnonzero(~stopped) if reports[k][step] > reports[row][step]]
        assert all(found[k] <= found[row] + 1e-9 for k in there)
        assert all(found[k] >= found[row] - 1e-9 for k in worse)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 99),
    shift=st.floats(-100, 100),
    log_scale=st.floats(-6, 6),
    shape=st.sampled_from(sorted(SHAPES)),
)
def test_shift_and_scale_of_the_objective_are_shift_and_scale_of_the_estimates(
    seed, shift, log_scale, shape
):
    y, stopped, reports, _ = study(SHAPES[shape], n=15, seed=seed)
    scale = math.exp(log_scale)
    moved = [{step: shift + scale * value for step, value in r.items()} for r in reports]
    expected = shift + scale * final_values(y, stopped, curves_of(reports))
    found = final_values(shift + scale * y, stopped, curves_of(moved))
    assert_allclose(found, expected, rtol=1e-6, atol=1e-6 * (scale + abs(shift)))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 99), power=st.sampled_from([1.0 / 3.0, 3.0]))
def test_reports_on_another_scale_than_the_objective_are_no_harm(seed, power):
    """A loss may be reported and an accuracy returned; ranks are all that counts inside."""
    y, stopped, reports, _ = study(SHAPES["falling"], n=15, seed=seed)
    bent = [{step: value**power for step, value in r.items()} for r in reports]
    best, worst = np.nanmin(y), np.nanmax(y)
    a, b = (final_values(y, stopped, curves_of(r)) for r in (reports, bent))
    inside = (a > best) & (a < worst) & stopped
    assert ((b[inside] >= best) & (b[inside] <= worst)).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 99), data=st.data())
def test_the_order_of_the_trials_does_not_matter(seed, data):
    y, stopped, reports, _ = study(SHAPES["falling"], n=12, seed=seed)
    order = np.array(data.draw(st.permutations(range(12))))
    expected = final_values(y, stopped, curves_of(reports))[order]
    found = final_values(y[order], stopped[order], curves_of([reports[k] for k in order]))
    assert_allclose(found, expected)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 99), data=st.data())
def test_curves_that_are_read_on_the_way_are_those_that_are_read_at_the_end(seed, data):
    y, stopped, reports, _ = study(SHAPES["annealed"], n=12, seed=seed)
    curves = LearningCurves()
    for row, reported in enumerate(reports):
        curves.add(row, reported)
        if data.draw(st.booleans()):
            final_values(y[: row + 1], stopped[: row + 1], curves)
    assert_array_equal(
        final_values(y, stopped, curves), final_values(y, stopped, curves_of(reports))
    )


def test_a_trial_that_was_worse_than_all_gets_more_than_all():
    reports = [{0: float(k), 1: float(k)} for k in range(5)] + [{0: 9.0}]
    y = np.array([0.0, 1.0, 2.0, 3.0, 4.0, np.nan])
    found = final_values(y, np.isnan(y), curves_of(reports))
    assert found[5] == pytest.approx(9.0)


def test_an_unknown_trial_counts_as_worse_than_the_median():
    y = np.array([0.0, 1.0, 2.0, 3.0, 4.0, np.nan])
    found = final_values(y, np.isnan(y), LearningCurves())
    assert 2.0 < found[5] <= 4.0


def test_reports_that_say_nothing_of_the_final_value_leave_a_trial_unknown():
    """What is low on the way ends high."""
    y = np.array([4.0, 3.0, 2.0, 1.0, 0.0, np.nan])
    reports = [{0: float(k), 1: 0.0} for k in range(5)] + [{0: 0.0}]
    found = final_values(y, np.isnan(y), curves_of(reports))
    assert 2.0 < found[5] < 4.0


def test_where_nobody_got_to_the_end_the_last_reports_are_what_is_known():
    reports = [{0: 5.0, 1: 3.0}, {0: 4.0, 1: 2.0}, {}]
    y = np.full(3, np.nan)
    found = final_values(y, np.ones(3, dtype=bool), curves_of(reports))
    assert_array_equal(found[:2], [3.0, 2.0])
    assert 2.0 <= found[2] <= 3.0


def test_trials_without_a_value_that_were_not_stopped_stay_without():
    y = np.array([1.0, np.nan, np.nan, 2.0])
    stopped = np.array([False, False, True, False])
    found = final_values(y, stopped, LearningCurves())
    assert math.isnan(found[1]) and not math.isnan(found[2])


ANYTHING = st.floats() | st.sampled_from([0.0, 1.0, 2.0, math.inf, -math.inf, math.nan])
REPORTS = st.dictionaries(st.integers(0, 5), ANYTHING, max_size=4)


@settings(max_examples=300, deadline=None)
@given(trials=st.lists(st.tuples(ANYTHING, st.booleans(), REPORTS), max_size=12))
@pytest.mark.filterwarnings("error")
def test_any_reports_are_lived_with(trials):
    y = np.array([value for value, _, _ in trials], dtype=float)
    stopped = np.array([was for _, was, _ in trials], dtype=bool)
    found = final_values(y, stopped, curves_of([reports for _, _, reports in trials]))
    assert found.shape == y.shape
    assert_array_equal(found[~stopped], y[~stopped])
    if (~np.isnan(y[~stopped])).any():
        assert not np.isnan(found[stopped]).any()


def test_a_curve_knows_its_last_step_and_its_values_by_any_step():
    curves = curves_of([{3: 1.0, 0: 5.0}, {}, {2: 7.0}])
    assert curves.last(0) == (3, 1.0) and curves.last(1) is None
    rows, values = curves.at(2)
    assert rows.tolist() == [0, 2] and values.tolist() == [5.0, 7.0]
    rows, values = curves.at(1)
    assert rows.tolist() == [0, 2]
    assert_array_equal(values, [5.0, math.nan])
