"""What earlier studies tell a new one."""

import math
import pickle

import numpy as np
import optuna
import pytest

from l2l_sampler import LearnedSampler
from tests.adapters.optuna.studies import needs_set_constraint, new_study, params_of


def bowl(centre, scale=1.0, offset=0.0, names="abc"):
    def objective(trial):
        u = np.array([trial.suggest_float(name, 0.0, 1.0) for name in names])
        return offset + scale * float(((u - centre) ** 2).sum())

    return objective


def done(objective, n_trials=30, seed=9, **options):
    study = new_study(policy="memory", seed=seed, **options)
    study.optimize(objective, n_trials=n_trials, catch=ArithmeticError)
    return study


def tuned(earlier, objective, n_trials, seed=0, direction="minimize", **options):
    sampler = LearnedSampler(seed=seed, earlier=earlier, **options)
    study = optuna.create_study(direction=direction, sampler=sampler)
    study.optimize(objective, n_trials=n_trials)
    return study


def test_a_related_study_leads_to_the_best_place_at_once():
    earlier = done(bowl(0.7, scale=1e3, offset=-5.0))
    assert tuned([earlier], bowl(0.72), 4).best_value < 0.02
    assert np.median([tuned([], bowl(0.72), 4, seed).best_value for seed in range(5)]) > 0.02


def test_the_very_first_trial_is_proposed_from_it():
    earlier = done(bowl(0.7))
    (trial,) = tuned([earlier], bowl(0.7), 1).trials
    assert np.abs(np.array(list(trial.params.values())) - 0.7).max() < 0.2


def test_a_study_of_the_opposite_direction_is_read_in_its_own():
    earlier = new_study("maximize", policy="memory", seed=3)
    earlier.optimize(lambda trial: -bowl(0.7)(trial), n_trials=30)
    assert tuned([earlier], bowl(0.72), 6).best_value < 0.02


def test_an_unrelated_study_is_seen_through():
    """Its best place is the worst one here."""
    earlier = done(lambda trial: -bowl(0.5, names="abc")(trial))
    found = [tuned([earlier], bowl(0.5), 20, seed).best_value for seed in range(3)]
    alone = [tuned([], bowl(0.5), 20, seed).best_value for seed in range(3)]
    assert np.median(found) < 0.02 + 3.0 * np.median(alone)


def test_spaces_may_differ():
    def other(trial):
        a, d = trial.suggest_float("a", 0.0, 10.0), trial.suggest_int("d", 1, 5)
        kind = trial.suggest_categorical("b", ["x", "y"])
        return abs(a - 0.7) + d + (kind == "x")

    study = tuned([done(other), done(bowl(0.7))], bowl(0.72), 8)
    assert study.best_value < 0.05


@needs_set_constraint
def test_conditions_failures_and_constraints_of_earlier_studies_are_lived_with():
    def objective(trial):
        kind = trial.suggest_categorical("kind", ["one", "two"])
        x = trial.suggest_float("x", 0.0, 1.0)
        y = trial.suggest_float("y", 1e-3, 1e3, log=True) if kind == "two" else 1.0
        trial.set_constraint("sum", x - 0.6)
        if trial.number % 6 == 5:
            raise ArithmeticError
        return abs(math.log10(y)) + abs(x - 0.5) + (kind == "one")

    sampler = LearnedSampler(seed=1, earlier=[done(objective), done(objective, 3)])
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=20, catch=ArithmeticError)
    assert study.best_value < 0.3


def test_several_objectives_begin_with_earlier_ones():
    def objective(trial):
        a, b = bowl(0.2)(trial), bowl(0.8)(trial)
        return a, b

    def front_of(earlier, n_trials):
        sampler = LearnedSampler(seed=0, earlier=earlier)
        study = optuna.create_study(directions=["minimize"] * 2, sampler=sampler)
        study.optimize(objective, n_trials=n_trials)
        return study

    first = front_of([], 30)
    second = front_of([first], 8)
    sums = [np.sqrt(trial.values).sum() for trial in second.trials]
    assert np.median(sums) < 1.3 * 0.6 * math.sqrt(3.0)


def test_a_study_that_is_resumed_goes_on_as_if_it_had_not_been_interrupted():
    earlier = [done(bowl(0.6))]
    whole = tuned(earlier, bowl(0.5), 12)
    first = tuned(earlier, bowl(0.5), 7)
    second = optuna.create_study(sampler=LearnedSampler(seed=0, earlier=earlier))
    second.add_trials(first.trials)
    second.optimize(bowl(0.5), n_trials=5)
    assert params_of(second) == params_of(whole)


def test_a_sampler_with_earlier_studies_can_be_pickled():
    sampler = LearnedSampler(seed=0, earlier=[done(bowl(0.6))])
    again = pickle.loads(pickle.dumps(sampler))
    studies = [optuna.create_study(sampler=one) for one in (sampler, again)]
    for study in studies:
        study.optimize(bowl(0.5), n_trials=5)
    assert params_of(studies[0]) == params_of(studies[1])


def test_an_empty_earlier_study_tells_nothing():
    empty = optuna.create_study()
    assert params_of(tuned([empty], bowl(0.5), 8)) == params_of(tuned([], bowl(0.5), 8))


@pytest.mark.parametrize(
    ("earlier", "error", "words"),
    [
        (lambda: optuna.create_study(), TypeError, "must be a list"),
        (lambda: ["study"], TypeError, r"earlier\[0\] is 'study'"),
        (lambda: [optuna.create_study(directions=["minimize"] * 2)], ValueError, "2 objectives"),
    ],
)
def test_what_cannot_be_an_earlier_study_is_refused(earlier, error, words):
    with pytest.raises(error, match=words):
        tuned(earlier(), bowl(0.5), 2)


def test_the_study_itself_is_no_earlier_one():
    study = optuna.create_study()
    study.sampler = LearnedSampler(earlier=[study])
    with pytest.raises(ValueError, match="itself"):
        study.optimize(bowl(0.5), n_trials=1)


def test_policies_that_cannot_learn_from_earlier_studies_say_so():
    study = optuna.create_study(sampler=LearnedSampler("lstm", earlier=[done(bowl(0.5), 3)]))
    with pytest.raises(ValueError, match="does not learn from earlier studies"):
        study.optimize(bowl(0.5), n_trials=3)


def test_the_first_trials_are_the_best_of_conditional_studies_to_the_last_parameter():
    def objective(trial):
        if trial.suggest_categorical("kind", ["one", "two"]) == "one":
            return 1.0 + trial.suggest_float("a", 0.0, 1.0)
        return abs(trial.suggest_float("b", 0.0, 1.0) - 0.9) + trial.suggest_float("c", 0.0, 1.0)

    earlier = [done(objective), done(objective, 3)]
    study = optuna.create_study(sampler=LearnedSampler(seed=1, earlier=earlier))
    study.optimize(objective, n_trials=2)
    for trial, before in zip(study.trials, earlier, strict=True):
        assert trial.params == pytest.approx(before.best_params)


def test_a_parameter_that_is_new_begins_near_its_middle():
    def objective(trial):
        value = (trial.suggest_float("x", 0.0, 1.0) - 0.3) ** 2
        return value + trial.suggest_float("new", 0.0, 1.0)

    before = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    before.optimize(lambda t: (t.suggest_float("x", 0.0, 1.0) - 0.3) ** 2, n_trials=20)
    study = optuna.create_study(sampler=LearnedSampler(seed=1, earlier=[before]))
    study.optimize(objective, n_trials=1)
    assert study.trials[0].params["x"] == pytest.approx(before.best_params["x"])
    assert abs(study.trials[0].params["new"] - 0.5) < 0.4


@pytest.mark.parametrize("count", [1, 3])
def test_a_batch_that_is_asked_before_the_first_result_is_of_distinct_points(count):
    earlier = [done(bowl(0.7), seed) for seed in range(count)]
    study = optuna.create_study(sampler=LearnedSampler(seed=1, earlier=earlier))
    trials = [study.ask() for _ in range(9)]
    points = [tuple(trial.suggest_float(name, 0.0, 1.0) for name in "abc") for trial in trials]
    assert len(set(points)) == 9


def test_first_trials_that_fail_stop_no_study_with_earlier_ones():
    def objective(trial):
        if trial.number < 6:
            raise ArithmeticError
        return bowl(0.7)(trial)

    def failing(trial):
        trial.suggest_float("a", 0.0, 1.0)
        return objective(trial)

    sampler = LearnedSampler(seed=1, earlier=[done(bowl(0.7)), done(bowl(0.7), 3)])
    study = optuna.create_study(sampler=sampler)
    study.optimize(failing, n_trials=12, catch=ArithmeticError)
    assert study.best_value < 0.2
