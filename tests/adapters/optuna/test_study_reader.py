"""What of a study reaches the policy."""

import copy
import math
import pickle
from datetime import datetime, timedelta

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.search_space import IntersectionSearchSpace
from optuna.trial import FrozenTrial, TrialState

from l2l_sampler.adapters.optuna.study_reader import StudyReader, axis_of
from l2l_sampler.spaces.cube import UnitCube

pytestmark = pytest.mark.filterwarnings("ignore:The distribution is specified by")

X = {"x": FloatDistribution(0.0, 1.0)}
T0 = datetime(2024, 1, 1)


def new_study(direction="minimize"):
    return optuna.create_study(direction=direction, sampler=optuna.samplers.RandomSampler(seed=0))


def ask_at(study, x):
    """A running trial at x."""
    study.enqueue_trial({"x": x})
    return study.ask(X)


def next_trial(study):
    number = study.ask().number
    return study.get_trials(deepcopy=False)[number]


def read(study, space=X, pruned=True, reader=None):
    """(x, y, taken) as the next trial's policy sees the study, and the History."""
    trial = next_trial(study)
    reader = StudyReader(pruned) if reader is None else reader
    _, history, taken = reader.history(study, trial, space)
    return history.x[:, 0].tolist(), history.y.tolist(), taken[:, 0].tolist(), history


def imported(number, start, end, x=0.5, value=1.0):
    """A trial with moments of our choice, in seconds."""
    at = [T0 + timedelta(seconds=t) for t in (start, end)]
    return FrozenTrial(
        number=number,
        state=TrialState.COMPLETE,
        value=value,
        datetime_start=at[0],
        datetime_complete=at[1],
        params={"x": x},
        distributions=X,
        user_attrs={},
        system_attrs={},
        intermediate_values={},
        trial_id=number,
    )


def moments(*trials, unknown=()):
    """Names of the events of a study of these (start, end) pairs, in the order read."""
    study = new_study()
    study.add_trials([imported(k, start, end, x=k / 8) for k, (start, end) in enumerate(trials)])
    for trial in study.get_trials(deepcopy=False):
        if trial.number in unknown:
            trial.datetime_start = trial.datetime_complete = None
    _, _, _, history = read(study)
    k = (8 * history.x[:, 0]).astype(int)
    events = [(t, f"ask{i}") for t, i in zip(history.asked, k, strict=True)]
    events += [(t, f"tell{i}") for t, i in zip(history.told, k, strict=True)]
    assert len({t for t, _ in events}) == len(events)
    return [name for _, name in sorted(events)]


def test_other_running_trials_are_pending_and_the_trial_itself_is_absent():
    study = new_study()
    ask_at(study, 0.25)
    done = ask_at(study, 0.5)
    study.tell(done, 3.0)
    own = ask_at(study, 0.75)
    trial = study.get_trials()[own.number]
    _, history, _ = StudyReader(True).history(study, trial, X)
    assert history.x[:, 0].tolist() == [0.25, 0.5]
    assert_array_equal(history.y, [math.nan, 3.0])
    assert_array_equal(history.told == math.inf, [True, False])


def test_trials_that_wait_or_have_no_parameters_yet_are_absent():
    study = new_study()
    study.ask()
    study.enqueue_trial({"x": 0.5})
    trial = study.get_trials()[0]
    _, history, taken = StudyReader(True).history(study, trial, X)
    assert (history.n, len(taken)) == (0, 0)


@pytest.mark.parametrize(("direction", "expected"), [("minimize", 2.0), ("maximize", -2.0)])
def test_objectives_are_minimised(direction, expected):
    study = new_study(direction)
    study.tell(ask_at(study, 0.5), 2.0)
    assert read(study)[1] == [expected]


def test_infinite_values_are_passed_on():
    study = new_study("maximize")
    study.tell(ask_at(study, 0.5), math.inf)
    assert read(study)[1] == [-math.inf]


def test_a_failed_trial_has_no_value_but_its_point_is_known():
    study = new_study()
    study.tell(ask_at(study, 0.5), state=TrialState.FAIL)
    assert read(study)[:3] == ([], [], [0.5])


@pytest.mark.parametrize(
    ("reports", "considered", "expected"),
    [
        ({0: 5.0, 3: 4.0}, True, ([0.5], [4.0], [])),
        ({0: 5.0, 3: 4.0}, False, ([], [], [0.5])),
        ({0: 5.0, 3: math.nan}, True, ([], [], [0.5])),
        ({}, True, ([], [], [0.5])),
    ],
)
def test_a_pruned_trial_has_its_last_reported_value(reports, considered, expected):
    study = new_study()
    trial = ask_at(study, 0.5)
    for step, value in reports.items():
        trial.report(value, step)
    study.tell(trial, state=TrialState.PRUNED)
    assert read(study, pruned=considered)[:3] == expected


def test_trials_without_a_place_in_the_space_are_left_out():
    study = new_study()
    wide = {"x": FloatDistribution(0.0, 9.0)}
    for x in (5.0, 0.5):
        study.add_trial(optuna.create_trial(params={"x": x}, distributions=wide, value=x))
    study.add_trial(
        optuna.create_trial(params={"z": 1.0}, distributions={"z": wide["x"]}, value=7.0)
    )
    assert read(study)[:3] == ([0.5], [0.5], [])


def test_a_sequential_study_alternates_asks_and_tells_even_when_the_clock_stands_still():
    expected = ["ask0", "tell0", "ask1", "tell1", "ask2", "tell2"]
    assert moments((0, 1), (1, 2), (2, 3)) == expected
    assert moments((0, 0), (0, 0), (0, 0)) == expected


def test_a_parallel_study_keeps_the_order_of_its_events():
    assert moments((0, 9), (1, 4), (2, 3), (5, 6)) == [
        "ask0",
        "ask1",
        "ask2",
        "tell2",
        "tell1",
        "ask3",
        "tell3",
        "tell0",
    ]


def test_trials_are_ordered_by_the_moment_of_asking_not_by_number():
    assert moments((5, 6), (0, 1)) == ["ask1", "tell1", "ask0", "tell0"]


def test_trials_without_moments_come_first_in_the_order_of_their_numbers():
    assert moments((3, 4), (5, 6), (7, 8), unknown=(1, 2)) == [
        "ask1",
        "tell1",
        "ask2",
        "tell2",
        "ask0",
        "tell0",
    ]


RANGES = {
    "a": [FloatDistribution(0.0, 1.0), FloatDistribution(0.0, 2.0)],
    "b": [IntDistribution(0, 1), IntDistribution(2, 3)],
    "c": [CategoricalDistribution((0, "x"))],
}
DISTRIBUTIONS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(ranges) for name, ranges in RANGES.items()}
)
ACTIONS = st.tuples(DISTRIBUTIONS, st.sampled_from(["complete", "fail", "prune", "run"]))


def act(study, distributions, action):
    trial = study.ask(distributions)
    if action == "complete":
        study.tell(trial, trial.number)
    elif action != "run":
        study.tell(trial, state={"fail": TrialState.FAIL, "prune": TrialState.PRUNED}[action])


@settings(max_examples=60, deadline=None)
@given(actions=st.lists(ACTIONS, max_size=8), look=st.lists(st.booleans(), min_size=8))
def test_the_search_space_is_optunas_intersection(actions, look):
    study, reader = new_study(), StudyReader(True)
    for (distributions, action), looks in zip(actions, look, strict=False):
        act(study, distributions, action)
        if looks:
            reader.search_space(study)
    expected = IntersectionSearchSpace().calculate(study)
    found = reader.search_space(study)
    assert found == expected
    assert list(found) == list(expected)


def test_single_valued_parameters_are_not_in_the_search_space():
    study = new_study()
    study.tell(study.ask(X | {"one": IntDistribution(1, 1)}), 0.0)
    assert StudyReader(True).search_space(study) == X


SPACES = [X, {"x": FloatDistribution(0.0, 2.0)}, X | {"i": IntDistribution(0, 3)}]
STEPS = st.tuples(
    st.integers(0, 1),  # study
    st.sampled_from(SPACES),
    st.sampled_from(["complete", "fail", "prune", "run", "tell an old one", "read"]),
)


def test_studies_of_one_storage_are_kept_apart():
    storage, reader = optuna.storages.InMemoryStorage(), StudyReader(True)
    for x in (0.25, 0.75):
        study = optuna.create_study(storage=storage)
        study.tell(ask_at(study, x), x)
        assert read(study, reader=reader)[:2] == ([x], [x])


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEPS, max_size=25))
def test_what_a_reader_remembers_changes_nothing_that_it_says(steps):
    studies, reader = [new_study(), new_study("maximize")], StudyReader(True)
    for which, space, action in steps:
        study = studies[which]
        running = [t for t in study.get_trials() if t.state == TrialState.RUNNING]
        if action == "read":
            trial = next_trial(study)
            old, new = (r.history(study, trial, space) for r in (reader, StudyReader(True)))
            for name in ("x", "y", "asked", "told"):
                assert_array_equal(getattr(old[1], name), getattr(new[1], name))
            assert_array_equal(old[2], new[2])
        elif action == "tell an old one":
            if running:
                study.tell(running[0].number, 0.5)
        else:
            act(study, space, action)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))])
def test_a_reader_can_be_copied(copied):
    study, reader = new_study(), StudyReader(False)
    trial = ask_at(study, 0.5)
    trial.report(1.0, 0)
    study.tell(trial, state=TrialState.PRUNED)
    assert read(study, reader=reader)[:3] == read(study, reader=copied(reader))[:3]


def test_a_long_study_is_translated_once(monkeypatch):
    study, reader = new_study(), StudyReader(True)
    study.add_trials([imported(k, k, k + 0.5, x=k / 100) for k in range(100)])
    stuck = ask_at(study, 0.5)
    read(study, reader=reader)
    calls = []
    point = StudyReader._point
    monkeypatch.setattr(
        StudyReader, "_point", lambda self, trial: calls.append(trial) or point(self, trial)
    )
    assert len(read(study, reader=reader)[0]) == 101
    assert {t.number for t in calls} <= {stuck.number, stuck.number + 1, stuck.number + 2}


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
