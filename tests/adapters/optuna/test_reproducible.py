"""A proposal is a function of the seed, the trial's number and the study's trials."""

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from l2l_sampler import LearnedSampler
from tests.adapters.optuna.studies import (
    ANY_DIMENSION,
    CLIMBER,
    branching,
    growing,
    mixed,
    new_study,
    params_of,
    run,
)


@pytest.mark.parametrize("objective", [mixed, branching])
def test_a_seed_gives_the_same_trials_again(policy, objective):
    assert run(12, objective, policy=policy) == run(12, objective, policy=policy)


def test_other_seeds_give_other_trials():
    assert run(3, seed=1) != run(3, seed=2)
    assert run(3, seed=None) != run(3, seed=None)


@pytest.mark.parametrize("objective", [growing, branching])
def test_twenty_trials_and_a_resume_of_as_many_are_forty(policy, objective):
    study = new_study(policy=policy)
    study.optimize(objective, n_trials=20)
    study.sampler = LearnedSampler(policy, seed=0, warn_independent_sampling=False)
    study.optimize(objective, n_trials=20)
    assert params_of(study) == run(40, objective, policy=policy)


@pytest.mark.parametrize("name", ANY_DIMENSION)
def test_another_process_gives_the_same_trials(name):
    code = (
        "from tests.adapters.optuna.studies import growing, run; "
        f"print(run(10, growing, seed=5, policy={name!r}))"
    )
    root = Path(__file__).parents[3]
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == str(run(10, growing, seed=5, policy=name))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copied_sampler_goes_on_alike(copied):
    study = new_study()
    study.optimize(growing, n_trials=6)
    study.sampler = copied(study.sampler)
    study.optimize(growing, n_trials=6)
    assert params_of(study) == run(12, growing)


def test_maximising_equals_minimising_the_negative():
    assert run(12, lambda t: -mixed(t), "maximize") == run(12, mixed)


def test_one_sampler_may_serve_several_studies_in_turn():
    sampler = LearnedSampler(CLIMBER, seed=0, warn_independent_sampling=False)
    studies = [optuna.create_study(sampler=sampler) for _ in range(2)]
    for _ in range(8):
        for study in studies:
            study.optimize(growing, n_trials=1)
    assert params_of(studies[0]) == params_of(studies[1]) == run(8, growing)


def test_reseeding_for_threads_leaves_a_given_seed_alone():
    study = new_study()
    study.sampler.reseed_rng()
    study.optimize(mixed, n_trials=4)
    assert params_of(study) == run(4)


def test_reseeding_separates_copies_of_an_unseeded_sampler():
    sampler = LearnedSampler(CLIMBER)
    other = copy.deepcopy(sampler)
    assert run_with(sampler) == run_with(copy.deepcopy(sampler))
    other.reseed_rng()
    assert run_with(sampler) != run_with(other)


def run_with(sampler):
    study = optuna.create_study(sampler=sampler)
    study.optimize(mixed, n_trials=3)
    return params_of(study)


def test_a_storage_on_disk_gives_the_trials_of_one_in_memory(tmp_path):
    study = optuna.create_study(
        storage=f"sqlite:///{tmp_path}/study.db",
        sampler=LearnedSampler(CLIMBER, seed=0, warn_independent_sampling=False),
    )
    study.optimize(growing, n_trials=10)
    assert params_of(study) == run(10, growing)


def test_after_threads_a_study_goes_on_as_if_its_trials_had_been_added():
    study = new_study()
    study.optimize(mixed, n_trials=40, n_jobs=4)
    trials = study.get_trials()
    assert [t.number for t in trials] == list(range(40))
    assert all(t.state == TrialState.COMPLETE for t in trials)
    alone = optuna.create_study(sampler=LearnedSampler(CLIMBER, seed=0))
    alone.add_trials(trials)
    for s in (study, alone):
        s.optimize(mixed, n_trials=1)
    assert params_of(study) == params_of(alone)
