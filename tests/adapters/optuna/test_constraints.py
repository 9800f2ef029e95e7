"""Constraints that the objective sets."""

import math

import numpy as np
import optuna
import pytest

from l2l_sampler import LearnedSampler
from tests.adapters.optuna.studies import needs_set_constraint, new_study, params_of

pytestmark = needs_set_constraint


def disc(trial):
    """The lowest sum of two numbers within a circle; it lies on the circle."""
    x, y = trial.suggest_float("x", 0.0, 1.0), trial.suggest_float("y", 0.0, 1.0)
    trial.set_constraint("outside", (x - 0.6) ** 2 + (y - 0.6) ** 2 - 0.09)
    return x + y


BEST = 1.2 - 0.3 * math.sqrt(2.0)


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_best_feasible_point_is_found_on_the_edge(direction):
    sign = 1.0 if direction == "minimize" else -1.0
    study = new_study(direction, policy="memory", seed=1)
    study.optimize(lambda trial: sign * disc(trial), n_trials=40)
    assert sign * study.best_value < BEST + 0.02
    assert sum(t.constraints["outside"] <= 0 for t in study.trials) > 7


def test_what_is_feasible_is_searched_for_first():
    """A box of 0.3 % of the space, whatever the objective says."""

    def objective(trial):
        u = np.array([trial.suggest_float(name, -1.0, 1.0) for name in "abc"])
        for name, gap in zip("abc", np.abs(u - 0.5) - 0.15, strict=True):
            trial.set_constraint(name, 1e6 * gap)
        return u.sum()

    found = []
    for seed in range(5):
        study = new_study(policy="memory", seed=seed)
        study.optimize(objective, n_trials=30)
        feasible = [all(v <= 0 for v in t.constraints.values()) for t in study.trials]
        found.append(feasible.index(True) if any(feasible) else 99)
    assert np.median(found) <= 20


def test_the_scale_of_a_constraint_does_not_matter():
    def scaled(factor):
        def objective(trial):
            x, y = trial.suggest_float("x", 0.0, 1.0), trial.suggest_float("y", 0.0, 1.0)
            trial.set_constraint("outside", factor * ((x - 0.6) ** 2 + (y - 0.6) ** 2 - 0.09))
            return x + y

        study = new_study(policy="memory", seed=3)
        study.optimize(objective, n_trials=12)
        return params_of(study)

    for one, other in zip(scaled(1.0), scaled(2.0**30), strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_every_policy_lives_with_constraints(policy):
    study = new_study(policy=policy)
    study.optimize(disc, n_trials=12)
    assert len({tuple(params.values()) for params in params_of(study)}) == 12


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e308, 5e-324, 0.0])
def test_strange_values_of_constraints_are_lived_with(value):
    def objective(trial):
        y = disc(trial)
        trial.set_constraint("strange", value if trial.number % 3 else -1.0)
        return y

    study = new_study(policy="memory")
    study.optimize(objective, n_trials=14)
    assert len(study.trials) == 14


def test_what_failed_trials_say_of_constraints_counts():
    """Only trials that fail set the constraint: a value was never seen beside one."""

    def objective(trial):
        x = trial.suggest_float("x", 0.0, 1.0)
        if x < 0.5:
            trial.set_constraint("right half", 0.5 - x)
            raise ArithmeticError
        return x

    study = new_study(policy="memory", seed=0)
    study.optimize(objective, n_trials=30, catch=ArithmeticError)
    assert study.best_value < 0.505


def test_trials_that_lack_a_constraint_count_as_meeting_it():
    def objective(trial):
        x = trial.suggest_float("x", 0.0, 1.0)
        if trial.number % 2:
            trial.set_constraint("right half", 0.5 - x)
        return x

    study = new_study(policy="memory", seed=0)
    study.optimize(objective, n_trials=14)
    assert study.best_trial.number % 2 == 0


def test_a_function_of_the_trial_gives_what_set_constraint_gives():
    def told(trial):
        return disc(trial)

    def asked(trial):
        x, y = trial.suggest_float("x", 0.0, 1.0), trial.suggest_float("y", 0.0, 1.0)
        return x + y

    def outside(trial):
        x, y = trial.params["x"], trial.params["y"]
        return [(x - 0.6) ** 2 + (y - 0.6) ** 2 - 0.09]

    with pytest.warns(FutureWarning, match="set_constraint"):
        sampler = LearnedSampler(seed=5, constraints_func=outside)
    study = optuna.create_study(sampler=sampler)
    study.optimize(asked, n_trials=12)
    other = new_study(policy="memory", seed=5)
    other.optimize(told, n_trials=12)
    assert params_of(study) == params_of(other)
    assert study.best_trial.number == other.best_trial.number
