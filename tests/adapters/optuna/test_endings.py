"""Trials that fail, are pruned, or return strange numbers."""

import math

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from tests.adapters.optuna.studies import branching, growing, mixed, new_study, params_of, run


def states(study):
    return [trial.state for trial in study.get_trials()]


class Broken(Exception):
    """What an objective raises."""


@pytest.mark.parametrize("state", [TrialState.FAIL, TrialState.PRUNED])
@pytest.mark.parametrize("n_bad", [1, 5])
def test_a_study_may_begin_with_trials_that_did_not_complete(policy, state, n_bad):
    def objective(trial):
        y = branching(trial)
        if trial.number < n_bad:
            raise optuna.TrialPruned if state == TrialState.PRUNED else Broken
        return y

    study = new_study(policy=policy)
    study.optimize(objective, n_trials=n_bad + 5, catch=Broken)
    assert states(study) == [state] * n_bad + [TrialState.COMPLETE] * 5


def test_after_one_failed_trial_its_parameters_are_searched():
    study = new_study()
    study.optimize(lambda t: mixed(t) / 0, n_trials=1, catch=ZeroDivisionError)
    study.optimize(mixed, n_trials=1)
    trial = study.ask()
    assert trial.suggest_float("x", -1.0, 1.0) == trial.relative_params["x"]


def test_a_study_of_which_all_trials_fail_goes_on(policy):
    study = new_study(policy=policy)
    study.optimize(lambda t: growing(t) * math.nan, n_trials=12)
    assert states(study) == [TrialState.FAIL] * 12
    assert len({tuple(params.values()) for params in params_of(study)}) == 12


def test_a_study_of_which_all_trials_are_pruned_goes_on(policy):
    def objective(trial):
        trial.report(mixed(trial), 0)
        raise optuna.TrialPruned

    study = new_study(policy=policy)
    study.optimize(objective, n_trials=12)
    assert states(study) == [TrialState.PRUNED] * 12
    assert len({tuple(params.values()) for params in params_of(study)}) == 12


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_infinite_huge_and_missing_values_are_lived_with(policy, direction):
    strange = [math.inf, math.nan, -math.inf, 1e308, -1e308, 5e-324, None, 0.0, 1e200]

    def objective(trial):
        y = mixed(trial)
        return strange[trial.number] if trial.number < len(strange) else y

    study = new_study(direction, policy=policy)
    study.optimize(objective, n_trials=14)
    failed = [state == TrialState.FAIL for state in states(study)]
    assert [k for k, fails in enumerate(failed) if fails] == [1, 6]


def test_equal_values_are_lived_with(policy):
    study = new_study(policy=policy)
    study.optimize(lambda t: 0.0 * mixed(t), n_trials=10)
    assert len({tuple(params.values()) for params in params_of(study)}) == 10


def test_pruned_trials_can_be_used_and_ignored():
    def objective(trial):
        y = mixed(trial)
        trial.report(y, 0)
        if trial.number % 2:
            raise optuna.TrialPruned
        return y

    used, ignored = (run(12, objective, consider_pruned_trials=c) for c in (True, False))
    assert used[:2] == ignored[:2] and used != ignored


@pytest.mark.parametrize("considered", [True, False])
def test_points_of_pruned_trials_are_not_repeated(policy, considered):
    def objective(trial):
        y = trial.suggest_int("i", 0, 3) + trial.suggest_int("j", 0, 2)
        if trial.number % 2:
            trial.report(y, 0)
            raise optuna.TrialPruned
        return y

    trials = run(12, objective, policy=policy, consider_pruned_trials=considered)
    assert len({(params["i"], params["j"]) for params in trials}) == 12


def with_reports(trial):
    """Falling reports; the lower they end, the lower they are before."""
    y = mixed(trial)
    for step in range(9):
        trial.report(y * (9 - step), step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return y


@pytest.mark.parametrize(
    "pruner",
    [
        optuna.pruners.HyperbandPruner(max_resource=9),
        optuna.pruners.MedianPruner(n_startup_trials=2),
        optuna.pruners.SuccessiveHalvingPruner(),
        optuna.pruners.ThresholdPruner(upper=5.0),
    ],
    ids=lambda pruner: type(pruner).__name__,
)
def test_every_pruner_goes_with_every_policy(policy, pruner):
    study = new_study(policy=policy)
    study.pruner = pruner
    study.optimize(with_reports, n_trials=16)
    assert len(study.trials) == 16
    assert TrialState.PRUNED in states(study)
    assert len({tuple(params.values()) for params in params_of(study)}) == 16


def test_in_hyperband_the_trials_of_all_brackets_are_learned_from():
    study = new_study()
    study.pruner = optuna.pruners.HyperbandPruner(max_resource=9)
    study.optimize(with_reports, n_trials=60)
    completed = study.get_trials(states=[TrialState.COMPLETE])
    values = [trial.value for trial in completed]
    assert np.mean(values[-5:]) < np.mean(values[:5])


@pytest.mark.parametrize("reports", [{}, {0: math.nan}, {0: math.inf, 3: -math.inf}, {5: 1e308}])
def test_a_pruned_trial_may_have_reported_anything(policy, reports):
    def objective(trial):
        y = mixed(trial)
        if trial.number % 2:
            for step, value in reports.items():
                trial.report(value, step)
            raise optuna.TrialPruned
        trial.report(y, 0)
        return y

    study = new_study(policy=policy)
    study.optimize(objective, n_trials=10)
    assert len(study.trials) == 10
