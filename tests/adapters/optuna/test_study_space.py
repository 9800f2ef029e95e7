"""The search space of a study, and what is said of it."""

from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.search_space import IntersectionSearchSpace
from optuna.trial import TrialState

from l2l_sampler.adapters.optuna.study_reader import StudyReader
from tests.adapters.optuna.reading import X, new_study

DISTRIBUTIONS = st.fixed_dictionaries(
    {},
    optional={
        "a": st.just(FloatDistribution(0.0, 1.0)),
        "b": st.just(IntDistribution(0, 1)),
        "c": st.just(CategoricalDistribution((0, "x"))),
        "d": st.just(FloatDistribution(0.5, 1.0, log=True)),
    },
)
STATES = {"complete": TrialState.COMPLETE, "fail": TrialState.FAIL, "prune": TrialState.PRUNED}
ACTIONS = st.tuples(DISTRIBUTIONS, st.sampled_from([*STATES, "run"]))


def act(study, distributions, action):
    trial = study.ask(distributions)
    if action == "complete":
        study.tell(trial, trial.number)
    elif action != "run":
        study.tell(trial, state=STATES[action])


@settings(max_examples=60, deadline=None)
@given(
    actions=st.lists(ACTIONS.filter(lambda action: action[0]), max_size=8),
    look=st.lists(st.booleans(), min_size=8),
)
def test_what_all_completed_trials_share_is_optunas_intersection(actions, look):
    study, reader = new_study(), StudyReader(True)
    for (distributions, action), looks in zip(actions, look, strict=False):
        act(study, distributions, action)
        if looks:
            reader.space(study)
    expected = IntersectionSearchSpace().calculate(study)
    found = reader.space(study).shared()
    assert found == expected
    assert list(found) == list(expected)


@settings(max_examples=60, deadline=None)
@given(actions=st.lists(ACTIONS, max_size=8), look=st.lists(st.booleans(), min_size=8))
def test_the_search_space_is_the_union_of_the_parameters_of_all_trials(actions, look):
    study, reader = new_study(), StudyReader(True)
    for (distributions, action), looks in zip(actions, look, strict=False):
        act(study, distributions, action)
        if looks:
            reader.space(study)
    found = reader.space(study).union()
    expected = {}
    for distributions, _ in actions:
        expected |= distributions
    assert found == expected
    assert list(found) == sorted(found)


def test_single_valued_parameters_are_not_in_the_search_space():
    study = new_study()
    study.tell(study.ask(X | {"one": IntDistribution(1, 1)}), 0.0)
    space = StudyReader(True).space(study)
    assert space.union() == space.shared() == X


def test_the_newest_range_counts_whatever_became_of_its_trial():
    study = new_study()
    study.tell(study.ask(X), 0.0)
    wide = {"x": FloatDistribution(0.0, 2.0)}
    study.tell(study.ask(wide), state=TrialState.FAIL)
    assert StudyReader(True).space(study).union() == wide


def test_nothing_is_shared_before_a_trial_has_completed():
    study = new_study()
    study.ask(X)
    study.tell(study.ask(X), state=TrialState.FAIL)
    space = StudyReader(True).space(study)
    assert space.shared() == {} and space.union() == X


def test_a_baseline_without_parameters_takes_none_from_the_others():
    study = new_study()
    study.tell(study.ask(), 3.0)
    study.tell(study.ask(X), 0.0)
    space = StudyReader(True).space(study)
    assert space.shared() == space.union() == X
    assert space.conditions(X) == {}


def test_trials_show_no_conditions_by_a_parameter_that_is_of_another_kind_now():
    study = new_study()
    choices = CategoricalDistribution(["a", "b"])
    for kind in "abab":
        study.enqueue_trial({"kind": kind})
        trial = study.ask({"kind": choices})
        if kind == "a":
            trial.suggest_float("x", 0, 1)
        study.tell(trial, 1.0)
    space = StudyReader(True).space(study)
    assert space.conditions({"kind": choices, **X})
    number = FloatDistribution(0, 1)
    more = CategoricalDistribution(["a", "b", "c"])
    for other in (number, more):
        assert space.conditions({"kind": other, **X}) == {}
