"""Constraints that a function of the trial gives, as in Optuna 4."""

import math
import warnings

import optuna
import pytest
from optuna.trial import TrialState, create_trial

from l2l_sampler import LearnedSampler
from tests.adapters.optuna.studies import new_study


def with_function(function):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of Optuna 5
        return optuna.create_study(sampler=LearnedSampler(seed=1, constraints_func=function))


def test_the_best_feasible_point_is_found_on_the_edge():
    """The lowest sum of two numbers within a circle; it lies on the circle."""

    def outside(trial):
        x, y = trial.params["x"], trial.params["y"]
        return [(x - 0.6) ** 2 + (y - 0.6) ** 2 - 0.09]

    study = with_function(outside)
    study.optimize(
        lambda t: t.suggest_float("x", 0.0, 1.0) + t.suggest_float("y", 0.0, 1.0), n_trials=40
    )
    feasible = [trial.value for trial in study.trials if outside(trial)[0] <= 0.0]
    assert min(feasible) < 1.2 - 0.3 * math.sqrt(2.0) + 0.02
    assert len(feasible) > 7


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (1.0, TypeError, "sequence of numbers"),
        ("12", TypeError, "sequence of numbers"),
        ([None], TypeError, "sequence of numbers"),
        ([math.nan], ValueError, "NaN"),
    ],
)
def test_what_a_function_gives_is_checked(given, error, words):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        sampler = LearnedSampler(seed=0, constraints_func=lambda trial: given)
    study = optuna.create_study(sampler=sampler)
    with pytest.raises(error, match=words):
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="function of a trial"):
        LearnedSampler(constraints_func=[1.0])


def test_constraints_of_version_4_are_read():
    """There they are one list in a system attribute."""
    study = new_study(
        policy="memory",
        seed=0,
        search_space={"x": optuna.distributions.FloatDistribution(0.0, 1.0)},
    )
    space = {"x": optuna.distributions.FloatDistribution(0.0, 1.0)}
    for k in range(12):
        x = (k + 0.5) / 12
        study.add_trial(
            create_trial(
                state=TrialState.COMPLETE,
                value=x,
                params={"x": x},
                distributions=space,
                system_attrs={"constraints": (0.7 - x,)},
            )
        )
    asked = [study.ask(space).params["x"] for _ in range(4)]
    assert min(asked) > 0.6
