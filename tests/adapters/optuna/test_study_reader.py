"""What of a study reaches the policy."""

import copy
import math
import pickle

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from l2l_sampler.adapters.optuna.study_reader import StudyReader
from l2l_sampler.spaces.cube import UnitCube
from tests.adapters.optuna.reading import X, ask_at, imported, new_study, next_trial, read


def test_other_running_trials_are_pending_and_the_trial_itself_is_absent():
    study = new_study()
    ask_at(study, 0.25)
    done = ask_at(study, 0.5)
    study.tell(done, 3.0)
    own = ask_at(study, 0.75)
    trial = study.get_trials()[own.number]
    _, history = StudyReader(True).history(study, trial, X)
    assert history.x[:, 0].tolist() == [0.25, 0.5]
    assert_array_equal(history.y, [math.nan, 3.0])
    assert_array_equal(history.pending, [True, False])
    assert not history.failed.any()


def test_trials_that_wait_or_have_no_parameters_yet_are_absent():
    study = new_study()
    study.ask()
    study.enqueue_trial({"x": 0.5})
    trial = study.get_trials()[0]
    cube, history = StudyReader(True).history(study, trial, X)
    assert (cube.dim, history.n) == (1, 0)


@pytest.mark.parametrize(("direction", "expected"), [("minimize", 2.0), ("maximize", -2.0)])
def test_objectives_are_minimised(direction, expected):
    study = new_study(direction)
    study.tell(ask_at(study, 0.5), 2.0)
    assert read(study).y.tolist() == [expected]


def test_infinite_values_are_passed_on():
    study = new_study("maximize")
    study.tell(ask_at(study, 0.5), math.inf)
    assert read(study).y.tolist() == [-math.inf]


@pytest.mark.parametrize("value", [None, math.nan])
def test_a_failed_trial_has_no_value_but_is_known_to_have_failed(value):
    study = new_study()
    if value is None:
        study.tell(ask_at(study, 0.5), state=TrialState.FAIL)
    else:
        study.optimize(lambda t: t.suggest_float("x", 0.0, 1.0) * value, n_trials=1)
    history = read(study)
    assert_array_equal(history.y, [math.nan])
    assert history.failed.tolist() == [True] and not history.pending.any()


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize(
    ("reports", "considered", "expected"),
    [
        ({0: 5.0, 3: 4.0}, True, 4.0),
        ({0: 5.0, 3: 4.0}, False, math.nan),
        ({0: 5.0, 3: math.nan}, True, math.nan),
        ({}, True, math.nan),
    ],
)
def test_a_lone_pruned_trial_has_its_last_reported_value(direction, reports, considered, expected):
    study = new_study(direction)
    trial = ask_at(study, 0.5)
    for step, value in reports.items():
        trial.report(value, step)
    study.tell(trial, state=TrialState.PRUNED)
    history = read(study, reader=StudyReader(considered))
    assert history.x.tolist() == [[0.5]]
    assert_array_equal(history.y, [expected if direction == "minimize" else -expected])
    assert not history.failed.any() and not history.pending.any()


def test_a_pruned_trial_has_what_its_rank_at_its_step_is_worth():
    """Reports are ten times the final value; the trial lies between the second and the third."""
    study = new_study()
    for k in range(4):
        trial = ask_at(study, k / 4)
        trial.report(10.0 * k, 0)
        trial.report(7.0, 1)
        study.tell(trial, k)
    trial = ask_at(study, 0.9)
    trial.report(15.0, 0)
    study.tell(trial, state=TrialState.PRUNED)
    assert read(study).y.tolist() == [0.0, 1.0, 2.0, 3.0, 1.5]
    assert_array_equal(read(study, reader=StudyReader(False)).y, [0.0, 1.0, 2.0, 3.0, math.nan])


def test_trials_without_a_place_in_the_space_are_left_out():
    study = new_study()
    wide = {"x": FloatDistribution(0.0, 9.0)}
    for x in (5.0, 0.5):
        study.add_trial(optuna.create_trial(params={"x": x}, distributions=wide, value=x))
    study.add_trial(
        optuna.create_trial(params={"z": 1.0}, distributions={"z": wide["x"]}, value=7.0)
    )
    history = read(study)
    assert (history.x.tolist(), history.y.tolist()) == ([[0.5]], [0.5])


def test_a_trial_that_lacks_a_parameter_rests_in_the_middle_of_its_axis():
    study = new_study()
    space = X | {"c": CategoricalDistribution("abc"), "i": IntDistribution(0, 4)}
    study.tell(study.ask(X | {"i": space["i"]}), 2.0)
    study.tell(study.ask(X), 0.0)
    study.tell(study.ask({"i": space["i"]}), 1.0)
    cube, history = StudyReader(True).history(study, next_trial(study), space)
    (x, i) = study.trials[1].params["x"], study.trials[2].params["i"]
    assert_array_equal(history.x[1], cube.point({"x": x}))
    assert_array_equal(history.x[2], cube.point({"i": i}))
    assert_array_equal(history.x[1, cube.columns("i")], [0.5])
    assert_array_equal(history.x[:, cube.columns("c")], np.full((3, 3), 1 / 3))


def test_trials_from_before_a_parameter_speak_for_no_value_of_it_and_yield_to_newer_ones():
    study = new_study()
    space = X | {"y": FloatDistribution(0.0, 1.0)}
    for k in range(20):
        study.tell(study.ask(X), float(k))
    study.tell(study.ask(space), 20.0)
    _, history = StudyReader(True).history(study, next_trial(study), space)
    assert history.n == 21
    assert len(np.unique(history.x[:, 1])) == 21
    newer = [trial.number for trial in study.get_trials()[20:] if trial.params]
    for k in range(20):
        trial = study.ask(space)
        newer.append(trial.number)
        study.tell(trial, float(k))
    cube, history = StudyReader(True).history(study, next_trial(study), space)
    trials = study.get_trials()
    assert_array_equal(history.x, [cube.point(trials[number].params) for number in newer])


def test_what_was_proposed_for_a_running_trial_is_its_point_until_it_has_ended():
    study, reader = new_study(), StudyReader(True)
    space = X | {"z": FloatDistribution(0.0, 1.0)}
    study.tell(study.ask(space), 0.0)
    trial = study.ask()
    frozen = study.get_trials()[1]
    assert read(study, space, reader).n == 1
    reader.remember(frozen, {"x": 0.25, "z": 0.75})
    assert reader.proposed(frozen) == {"x": 0.25, "z": 0.75}
    assert read(study, space, reader).x[1].tolist() == [0.25, 0.75]
    x = trial.suggest_float("x", 0.0, 1.0)  # what a trial shows counts more
    assert read(study, space, reader).x[1].tolist() == pytest.approx([x, 0.75])
    study.tell(trial, 1.0)
    assert read(study, space, reader).x[1].tolist() == pytest.approx([x, 0.5])
    assert reader.proposed(frozen) == {}


def test_a_reader_that_proposed_nothing_sees_what_a_running_trial_shows():
    study, reader = new_study(), StudyReader(True)
    study.tell(ask_at(study, 0.5), 0.0)
    trial = study.ask()
    assert read(study, reader=reader).n == 1
    x = trial.suggest_float("x", 0.0, 1.0)
    assert read(study, reader=reader).x[:, 0].tolist() == pytest.approx([0.5, x])


SPACES = [
    X,
    {"x": FloatDistribution(0.0, 2.0)},
    X | {"i": IntDistribution(0, 3)},
    {"i": IntDistribution(0, 3), "c": CategoricalDistribution("ab")},
]
ENDINGS = {"fail": TrialState.FAIL, "prune": TrialState.PRUNED}
STEPS = st.tuples(
    st.integers(0, 1),  # study
    st.sampled_from(SPACES),
    st.sampled_from(["complete", "fail", "prune", "report", "run", "tell an old one", "read"]),
)


def act(study, distributions, action):
    trial = study.ask(distributions)
    if action in ("prune", "report"):
        for step in range(trial.number % 3):
            trial.report(trial.number % 5 + step, step)
    if action in ENDINGS:
        study.tell(trial, state=ENDINGS[action])
    elif action in ("complete", "report"):
        study.tell(trial, trial.number % 5)


def test_studies_of_one_storage_are_kept_apart():
    storage, reader = optuna.storages.InMemoryStorage(), StudyReader(True)
    for x in (0.25, 0.75):
        study = optuna.create_study(storage=storage)
        study.tell(ask_at(study, x), x)
        history = read(study, reader=reader)
        assert (history.x.tolist(), history.y.tolist()) == ([[x]], [x])


@pytest.mark.parametrize("n", [1, 3])
def test_a_study_that_was_deleted_and_remade_is_another_one(tmp_path, n):
    """SQLite gives the ids of the study and of its trials again."""
    storage = optuna.storages.get_storage(f"sqlite:///{tmp_path}/study.db")
    reader, histories = StudyReader(True), []
    for x in (0.25, 0.75):
        study = optuna.create_study(storage=storage, study_name="s")
        study.add_trials([imported(k, k + x, k + x + 0.5, x=x, value=x) for k in range(n)])
        histories.append(read(study, reader=reader))
        optuna.delete_study(study_name="s", storage=storage)
    assert [h.x.tolist() for h in histories] == [[[0.25]] * n, [[0.75]] * n]
    assert [h.y.tolist() for h in histories] == [[0.25] * n, [0.75] * n]


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(STEPS, max_size=25))
def test_what_a_reader_remembers_changes_nothing_that_it_says(steps):
    studies, reader = [new_study(), new_study("maximize")], StudyReader(True)
    for which, space, action in steps:
        study = studies[which]
        running = [t for t in study.get_trials() if t.state == TrialState.RUNNING]
        if action == "read":
            trial = next_trial(study)
            (old_cube, old), (new_cube, new) = (
                r.history(study, trial, space) for r in (reader, StudyReader(True))
            )
            for name in ("x", "y", "asked", "told", "failed"):
                assert_array_equal(getattr(old, name), getattr(new, name))
            assert old_cube.conditions == new_cube.conditions
            old, new = (r.space(study) for r in (reader, StudyReader(True)))
            assert (old.union(), old.shared()) == (new.union(), new.shared())
            assert old.unsearchable() == new.unsearchable()
        elif action == "tell an old one":
            if running:
                study.tell(running[0].number, 0.5)
        else:
            act(study, space, action)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))])
@pytest.mark.parametrize("considered", [True, False])
def test_a_reader_can_be_copied(copied, considered):
    study, reader = new_study(), StudyReader(considered)
    trial = ask_at(study, 0.5)
    trial.report(1.0, 0)
    study.tell(trial, state=TrialState.PRUNED)
    old, new = (read(study, reader=r) for r in (reader, copied(reader)))
    assert_array_equal(old.x, new.x)
    assert_array_equal(old.y, new.y)


def test_a_long_study_is_translated_once(monkeypatch):
    study, reader = new_study(), StudyReader(True)
    study.add_trials([imported(k, k, k + 0.5, x=k / 100) for k in range(100)])
    ask_at(study, 0.5)
    read(study, reader=reader)
    calls, point = [], UnitCube.point
    monkeypatch.setattr(
        UnitCube, "point", lambda self, params: calls.append(params) or point(self, params)
    )
    assert read(study, reader=reader).n == 101
    assert len(calls) <= 3  # trials that still run may have shown more
