"""Ranges that are edited in mid-study, or that depend on other parameters."""

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from l2l_sampler.adapters.optuna.distributions import Range, axis_of, hull_of, same_kind
from l2l_sampler.adapters.optuna.study_reader import StudyReader
from l2l_sampler.spaces.cube import UnitCube
from tests.adapters.optuna.studies import CLIMBER, Spy, new_study, params_of, with_header

pytestmark = pytest.mark.filterwarnings("ignore:The distribution is specified by")

FLOATS = st.builds(
    lambda low, size: FloatDistribution(low, low + size),
    st.floats(-100, 100),
    st.floats(0, 50),
)
INTEGERS = st.builds(
    lambda low, size: IntDistribution(low, low + size), st.integers(-9, 9), st.integers(0, 9)
)
LOG_INTEGERS = st.builds(
    lambda low, size: IntDistribution(low, low + size, log=True),
    st.integers(1, 9),
    st.integers(0, 9),
)
STEPPED = st.builds(
    lambda low, n: FloatDistribution(low / 10, (low + n) / 10, step=0.1),
    st.integers(-20, 20),
    st.integers(0, 9),
)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), kind=st.sampled_from([FLOATS, INTEGERS, LOG_INTEGERS, STEPPED]))
def test_a_hull_holds_both_ranges_and_no_more(data, kind):
    a, b = data.draw(kind), data.draw(kind)
    hull = hull_of(a, b)
    assert type(hull) is type(a) and same_kind(hull, a)
    assert (hull.low, hull.high) == (min(a.low, b.low), max(a.high, b.high))
    assert hull == hull_of(b, a)
    assert hull_of(hull, a) == hull_of(a, a) if hull == a else hull_of(hull, a) == hull
    for one in (a, b):
        assert all(hull._contains(end) for end in (one.low, one.high))


def test_there_is_no_hull_of_steps_that_do_not_match():
    a, b = FloatDistribution(0.0, 1.0, step=0.25), FloatDistribution(0.1, 1.1, step=0.25)
    assert hull_of(a, b) == b
    assert hull_of(IntDistribution(0, 4, step=2), IntDistribution(0, 9, step=3)).step == 3


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (FloatDistribution(0, 1), FloatDistribution(5, 9), True),
        (FloatDistribution(0, 1), FloatDistribution(0, 1, step=0.5), True),
        (FloatDistribution(1, 2), FloatDistribution(1, 2, log=True), False),
        (FloatDistribution(0, 1), IntDistribution(0, 1), False),
        (IntDistribution(0, 1), CategoricalDistribution((0, 1)), False),
        (CategoricalDistribution("ab"), CategoricalDistribution("ba"), False),
        (CategoricalDistribution("ab"), CategoricalDistribution("ab"), True),
    ],
)
def test_ranges_may_differ_but_kinds_and_choices_may_not(a, b, same):
    assert same_kind(a, b) == same_kind(b, a) == same


def seen(*distributions):
    found = Range(distributions[0], 0)
    for number, distribution in enumerate(distributions[1:], start=1):
        found.see(distribution, number)
    return found


A, B = FloatDistribution(0.0, 1.0), FloatDistribution(0.5, 2.0)


def test_a_range_that_is_edited_a_few_times_counts_as_it_is_now():
    assert seen(A, A, B, B).searched == B
    assert seen(A, B, A).searched == A


def test_a_range_that_changes_all_the_time_is_searched_as_a_whole():
    assert seen(*[A, B] * 9).searched == FloatDistribution(0.0, 2.0)
    narrow = [FloatDistribution(0.0, 1.0 - k / 10) for k in range(9)]
    assert seen(*narrow).searched == A


def test_old_trials_that_end_after_an_edit_change_nothing():
    study, reader = optuna.create_study(), StudyReader(True)
    old = [study.ask({"x": A}) for _ in range(6)]
    reader.space(study)
    study.ask({"x": B})
    for trial in old:
        study.tell(trial, 0.0)
        assert reader.space(study).union() == {"x": B}


@settings(max_examples=60, deadline=None)
@given(
    asked=st.lists(st.sampled_from([A, B, FloatDistribution(-1, 0.5)]), min_size=4, max_size=9),
    ends=st.permutations(range(9)),
)
def test_the_range_does_not_depend_on_when_the_trials_were_looked_at(asked, ends):
    study, reader = new_study(), StudyReader(True)
    for distribution in asked:
        study.ask({"x": distribution})
        reader.space(study)
    for number in ends:
        if number < len(asked):
            study.tell(number, 0.0)
            reader.space(study)
    assert reader.space(study).union() == StudyReader(True).space(study).union()


RANGES = {
    "wider": (0.0, 9.0),
    "narrower": (0.0, 0.25),
    "elsewhere": (5.0, 6.0),
    "overlapping": (0.5, 1.5),
}


@pytest.mark.parametrize("low, high", RANGES.values(), ids=RANGES)
def test_after_an_edit_values_lie_in_the_range_as_it_is_now(policy, low, high):
    def objective(trial, low, high):
        trial.suggest_int("n", 0, 9)
        return trial.suggest_float("x", low, high)

    study = new_study(policy=policy)
    study.optimize(lambda t: objective(t, 0.0, 1.0), n_trials=8)
    study.optimize(lambda t: objective(t, low, high), n_trials=8)
    after = params_of(study)[8:]
    assert all(low <= params["x"] <= high for params in after)
    assert len({(params["n"], params["x"]) for params in after}) == 8


@pytest.mark.parametrize("log", [False, True])
def test_a_range_that_depends_on_another_parameter_is_kept_to(policy, log):
    def objective(trial):
        x = trial.suggest_float("x", 0.25, 1.0)
        y = trial.suggest_float("y", 0.125, x, log=log)
        n = trial.suggest_int("n", 1, 1 + int(8 * x), log=log)
        assert y <= x and n <= 1 + int(8 * x)
        return (x - 0.5) ** 2 + (y - 0.25) ** 2 + n

    study = new_study(policy=policy)
    study.optimize(objective, n_trials=25)
    assert all(trial.state == TrialState.COMPLETE for trial in study.get_trials())


def test_in_a_narrower_range_values_are_spread_and_not_cut_off():
    def objective(trial):
        return trial.suggest_float("y", 0.0, 1.0 if trial.number % 2 else 0.05)

    study = new_study(policy=with_header(Spy()))
    study.optimize(objective, n_trials=30)
    narrow = [params["y"] for params in params_of(study)[::2]]
    assert len(set(narrow)) == 15 and 0.01 < np.mean(narrow) < 0.04


def test_a_range_that_depends_on_another_parameter_is_learned():
    def objective(trial):
        x = trial.suggest_float("x", 0.0, 1.0)
        y = trial.suggest_float("y", 0.0, 1.0 - x)
        return (x - 0.6) ** 2 + (y - 0.3) ** 2

    study = new_study(policy="memory")
    study.optimize(objective, n_trials=30)
    assert study.best_value < 1e-3  # random search reaches it once in ten studies


def test_a_range_of_a_parameter_that_was_thought_to_take_no_part_is_kept_to(policy):
    def objective(trial, everywhere):
        if trial.suggest_categorical("k", "ab") == "a":
            return trial.suggest_float("w", 0.0, 10.0)
        return trial.suggest_float("w", 0.0, 2.0) if everywhere else 0.0

    study = new_study(policy=policy)
    study.optimize(lambda t: objective(t, False), n_trials=12)
    for _ in range(3):
        study.enqueue_trial({"k": "b"})
    study.optimize(lambda t: objective(t, True), n_trials=3)
    values = [params["w"] for params in params_of(study)[12:]]
    assert all(0.0 <= value <= 2.0 for value in values)


def test_a_range_may_shrink_to_a_single_value_and_open_again():
    study = new_study(policy=CLIMBER)
    for high in (3, 3, 0, 0, 3, 3, 0):
        study.optimize(lambda t, high=high: t.suggest_int("i", 0, high), n_trials=1)
    assert [params["i"] for params in params_of(study)][2:4] == [0, 0]


def test_unknown_kinds_of_distributions_are_refused():
    with pytest.raises(TypeError, match="expected a FloatDistribution"):
        axis_of((0.0, 1.0))


def test_values_of_every_distribution_are_valid_for_optuna():
    distributions = [
        FloatDistribution(0.1, 0.95, step=0.1),
        FloatDistribution(1e-5, 1e5, log=True),
        IntDistribution(3, 17, step=5),
        IntDistribution(1, 1000, log=True),
        CategoricalDistribution((None, True, "a", 2.5)),
    ]
    cube = UnitCube({str(k): axis_of(d) for k, d in enumerate(distributions)})
    for u in np.random.default_rng(0).random((200, cube.dim)):
        for value, d in zip(cube.params(u).values(), distributions, strict=True):
            assert d._contains(d.to_internal_repr(value))
