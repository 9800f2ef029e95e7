"""Trials that run at once, in one process or in several, are known to each other."""

import subprocess
import sys
import threading
from pathlib import Path

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState

from tests.adapters.optuna.studies import (
    ANY_DIMENSION,
    CLIMBER,
    Spy,
    branching,
    new_study,
    with_header,
)


def small(trial):
    """An objective of 30 points."""
    i = trial.suggest_int("i", 0, 4)
    j = trial.suggest_int("j", 0, 2)
    return i + j + (trial.suggest_categorical("c", "ab") == "a")


def small_branching(trial):
    """One of 4 + 6 points."""
    kind = trial.suggest_categorical("kind", ("tree", "net"))
    if kind == "tree":
        return trial.suggest_int("depth", 0, 3)
    return 3.0 + trial.suggest_int("units", 0, 2) + (trial.suggest_categorical("f", "pq") == "p")


def points(study):
    return [tuple(sorted(t.params.items())) for t in study.get_trials()]


def test_running_trials_are_known_to_the_policy(policy):
    space = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}
    study = new_study(policy=policy, search_space=space)
    study.tell(study.ask(space), 0.0)
    batch = [tuple(study.ask(space).params.values()) for _ in range(6)]
    assert len(set(batch)) == 6


def test_a_batch_that_is_asked_name_by_name_has_no_repeats(policy):
    study = new_study(policy=policy)
    study.optimize(small, n_trials=3)
    batch = [study.ask() for _ in range(27)]
    for name, high in (("i", 4), ("j", 2)):
        for trial in batch:
            trial.suggest_int(name, 0, high)
    for trial in batch:
        trial.suggest_categorical("c", "ab")
    assert len(set(points(study))) == 30


@pytest.mark.parametrize("policy", [CLIMBER, *ANY_DIMENSION])
def test_a_batch_in_a_conditional_space_has_no_repeats(policy):
    study = new_study(policy=policy)
    for kind in ("tree", "net", "tree", "net"):
        study.enqueue_trial({"kind": kind})
    study.optimize(small_branching, n_trials=4)
    known = set(points(study))
    for _ in range(10 - len(known)):
        small_branching(study.ask())
    assert len(set(points(study))) == 10


@pytest.mark.parametrize("objective", [small, small_branching])
def test_threads_repeat_no_point(objective):
    study = new_study()
    study.optimize(objective, n_trials=6)
    known, n_points = set(points(study)), 30 if objective is small else 10
    study.optimize(objective, n_trials=n_points - len(known), n_jobs=4)
    assert all(t.state == TrialState.COMPLETE for t in study.get_trials())
    if objective is small:  # its conditions cannot be wrong
        assert len(set(points(study))) == n_points


@pytest.mark.parametrize(
    "policy", [CLIMBER, "lstm", pytest.param("memory", marks=pytest.mark.slow)]
)
def test_four_hundred_asks_without_a_tell_are_as_many_points(policy):
    space = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}
    study = new_study(policy=policy)
    batch = {tuple(study.ask(space).params.values()) for _ in range(400)}
    assert len(batch) == 400


def test_many_stale_trials_are_lived_with(policy):
    study = new_study(policy=policy)
    for _ in range(60):
        branching(study.ask())
    study.optimize(branching, n_trials=10)
    assert len(study.get_trials(states=[TrialState.COMPLETE])) == 10


def test_a_new_parameter_is_remembered_with_the_values_that_the_trial_will_show():
    study = new_study(policy=with_header(Spy()))
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=4)
    first = study.ask()
    first.suggest_float("late", 0, 1)
    study.ask().suggest_float("x", 0, 1)
    late, x = Spy.shown[-1][4]
    assert (late, x) == (first.suggest_float("late", 0, 1), first.suggest_float("x", 0, 1))


def test_what_is_proposed_for_an_enqueued_trial_is_remembered_when_the_next_one_starts():
    study = new_study(policy=with_header(Spy()))
    study.optimize(lambda t: sum(t.suggest_float(name, 0, 1) for name in "xyz"), n_trials=4)
    for x in (0.25, 0.75):
        study.enqueue_trial({"x": x})
    first = study.ask()
    assert first.suggest_float("x", 0, 1) == 0.25
    y = first.suggest_float("y", 0, 1)
    second = study.ask()
    second.suggest_float("z", 0, 1)
    assert Spy.shown[-1][4].tolist() == [0.25, y, first.suggest_float("z", 0, 1)]


def test_a_trial_that_is_retried_has_its_values_again(policy):
    """As `optuna.storages.RetryFailedTrialCallback` does it."""
    study = new_study(policy=policy)
    study.optimize(small, n_trials=5)
    study.enqueue_trial(study.get_trials()[2].params)
    study.optimize(small, n_trials=1)
    assert study.get_trials()[-1].params == study.get_trials()[2].params


def test_threads_may_run_a_nested_objective(policy):
    study = new_study(policy=policy)
    study.optimize(branching, n_trials=20, n_jobs=4)
    assert all(trial.state == TrialState.COMPLETE for trial in study.get_trials())


def test_two_studies_may_share_a_sampler_at_once():
    sampler = new_study().sampler
    studies = [optuna.create_study(sampler=sampler) for _ in range(2)]
    threads = [threading.Thread(target=study.optimize, args=(branching, 15)) for study in studies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(study.get_trials(states=[TrialState.COMPLETE])) for study in studies] == [15, 15]


def test_processes_share_a_storage(tmp_path):
    code = (
        "import sys, optuna\n"
        "from optuna.storages.journal import JournalFileBackend\n"
        "from l2l_sampler import LearnedSampler\n"
        "from tests.adapters.optuna.studies import CLIMBER, mixed\n"
        "storage = optuna.storages.JournalStorage(JournalFileBackend(sys.argv[1]))\n"
        "study = optuna.create_study(study_name='s', storage=storage, load_if_exists=True,\n"
        "    sampler=LearnedSampler(CLIMBER, seed=0))\n"
        "study.optimize(mixed, n_trials=8)\n"
        "print(len({tuple(t.params.values()) for t in study.get_trials()}))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "journal")]
    root = Path(__file__).parents[3]
    workers = [
        subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    outputs = [worker.communicate()[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert max(int(output) for output in outputs) == 16
