"""Studies of several objectives."""

import math

import numpy as np
import optuna
import pytest

from l2l_sampler import LearnedSampler
from tests.adapters.optuna.studies import needs_set_constraint, params_of


def new_study(directions=("minimize", "minimize"), **options):
    return optuna.create_study(directions=directions, sampler=LearnedSampler(**options))


def two_bowls(trial):
    """Their front is the line from 0.2 to 0.8 of all numbers together."""
    u = np.array([trial.suggest_float(f"x{k}", 0.0, 1.0) for k in range(3)])
    return ((u - 0.2) ** 2).sum(), ((u - 0.8) ** 2).sum()


def front(study):
    return np.array([trial.values for trial in study.best_trials])


@pytest.mark.parametrize("signs", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_the_whole_front_is_found_whatever_the_directions(signs):
    directions = ["minimize" if sign > 0 else "maximize" for sign in signs]
    study = new_study(directions, seed=0)
    study.optimize(lambda t: tuple(np.multiply(signs, two_bowls(t))), n_trials=40)
    found = front(study) * signs
    assert len(found) >= 12
    # The roots of both sum to the distance of the two centres on the front, and to more elsewhere.
    assert np.median(np.sqrt(found).sum(axis=1)) < 1.1 * 0.6 * math.sqrt(3.0)
    assert found.min(axis=0).max() < 0.12


def test_directions_and_signs_agree():
    proposals = []
    for signs in ((1, 1), (-1, 1)):
        directions = ["minimize" if sign > 0 else "maximize" for sign in signs]
        study = new_study(directions, seed=4)
        study.optimize(lambda t, s=signs: tuple(np.multiply(s, two_bowls(t))), n_trials=10)
        proposals.append(params_of(study))
    assert proposals[0] == proposals[1]


def test_every_policy_takes_several_objectives(policy):
    study = new_study(policy=policy)
    study.optimize(two_bowls, n_trials=12)
    assert len({tuple(params.values()) for params in params_of(study)}) == 12


@needs_set_constraint
@pytest.mark.parametrize("count", [2, 3, 5])
def test_any_number_of_objectives_in_any_space(count):
    def objective(trial):
        kind = trial.suggest_categorical("kind", ["a", "b"])
        x = trial.suggest_float("x", 1e-3, 1e3, log=True)
        n = trial.suggest_int("n", 1, 9) if kind == "b" else 3
        if trial.number % 7 == 3:
            raise ArithmeticError
        trial.set_constraint("n", n - 6)
        return [abs(math.log10(x) - k) + 0.1 * abs(n - k) for k in range(count)]

    study = new_study(["minimize"] * count, seed=1)
    study.optimize(objective, n_trials=25, catch=ArithmeticError)
    assert len(study.best_trials) >= count


@pytest.mark.parametrize("strange", [math.inf, -math.inf, 1e308])
def test_strange_values_are_lived_with(strange):
    def objective(trial):
        a, b = two_bowls(trial)
        return (strange, b) if trial.number in (2, 5) else (a, b)

    study = new_study(seed=0)
    study.optimize(objective, n_trials=14)
    assert len({tuple(params.values()) for params in params_of(study)}) == 14


def test_equal_values_are_lived_with():
    study = new_study(seed=0)
    study.optimize(lambda t: (0.0 * t.suggest_float("x", 0, 1), 1.0), n_trials=14)
    assert len({*map(str, params_of(study))}) == 14


def test_a_batch_that_runs_at_once_spreads():
    study = new_study(seed=0)
    study.optimize(two_bowls, n_trials=15)
    space = {f"x{k}": optuna.distributions.FloatDistribution(0.0, 1.0) for k in range(3)}
    batch = np.array([list(study.ask(space).params.values()) for _ in range(8)])
    gaps = np.abs(batch[:, None] - batch).max(axis=-1) + np.eye(8)
    assert gaps.min() > 0.005


def test_a_study_that_is_resumed_goes_on_as_if_it_had_not_been_interrupted():
    whole = new_study(seed=7)
    whole.optimize(two_bowls, n_trials=16)
    first = new_study(seed=7)
    first.optimize(two_bowls, n_trials=9)
    second = new_study(seed=7)
    second.add_trials(first.trials)
    second.optimize(two_bowls, n_trials=7)
    assert params_of(second) == params_of(whole)
