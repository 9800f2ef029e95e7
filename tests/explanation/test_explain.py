"""What is said of a study holds for its objective, in the user's units."""

import math

import numpy as np
import optuna
import pytest

from l2l_sampler import LearnedSampler, explain, load_policy
from l2l_sampler.explanation.explanation import Explanation
from tests.adapters.optuna.studies import needs_set_constraint


@pytest.fixture(autouse=True, scope="module")
def quiet():
    """Optuna says nothing of each trial."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


def tuned(objective, n_trials=40, sampler=None, directions=("minimize",)):
    study = optuna.create_study(
        directions=list(directions), sampler=sampler or LearnedSampler(seed=0)
    )
    study.optimize(objective, n_trials=n_trials, catch=ArithmeticError)
    return study


def plain(trial):
    """One parameter counts most, one little, one not at all."""
    rate = trial.suggest_float("rate", 1e-4, 1.0, log=True)
    size = trial.suggest_int("size", 1, 9)
    trial.suggest_categorical("colour", ["red", "blue"])
    return 100.0 + 10.0 * (math.log10(rate) + 2.0) ** 2 + 0.2 * size


def test_relevance_follows_the_objective():
    effects = explain(tuned(plain)).readings[0].effects
    assert effects["rate"].total > 0.9
    assert effects["colour"].total < 0.05
    assert effects["rate"].relevance > effects["size"].relevance > effects["colour"].relevance


def test_effects_are_in_the_users_units():
    explanation = explain(tuned(plain))
    rate = explanation.readings[0].effects["rate"]
    assert rate.scale == "log" and rate.values[0] == 1e-4 and rate.values[-1] == 1.0
    lowest = rate.values[int(rate.at_best.argmin())]
    assert abs(math.log10(lowest) + 2.0) < 0.3
    truth = 100.0 + 10.0 * (np.log10(rate.values) + 2.0) ** 2 + 0.2
    inside = truth < 104.0
    assert np.abs(rate.at_best - truth)[inside].max() < 3.0
    assert np.all(rate.low <= rate.mean + 1e-9) and np.all(rate.mean <= rate.high + 1e-9)
    assert explanation.readings[0].effects["colour"].values == ("red", "blue")
    assert explanation.readings[0].effects["size"].values == tuple(range(1, 10))


def test_a_study_that_is_maximised_is_explained_in_its_own_sense():
    study = tuned(lambda trial: -plain(trial), directions=["maximize"])
    explanation = explain(study)
    assert explanation.best.value == study.best_value
    assert explanation.best.number == study.best_trial.number
    rate = explanation.readings[0].effects["rate"]
    assert abs(math.log10(rate.values[int(rate.at_best.argmax())]) + 2.0) < 0.3
    assert rate.mean.max() < -99.0


def test_noise_is_found_and_the_incumbent_is_the_posteriors():
    def noisy(trial):
        u = trial.suggest_float("x", 0.0, 1.0)
        return (u - 0.3) ** 2 + 0.1 * np.random.default_rng(trial.number).standard_normal()

    explanation = explain(tuned(noisy, 60))
    assert 0.05 < explanation.noise[0] < 0.2
    assert abs(explanation.believed_best.params["x"] - 0.3) < 0.2
    assert explanation.believed_best.believed > explanation.best.value


@needs_set_constraint
def test_failures_and_constraints_have_readings_of_their_own():
    def objective(trial):
        x, y = trial.suggest_float("x", 0.0, 1.0), trial.suggest_float("y", 0.0, 1.0)
        trial.set_constraint("sum", y - 0.6)
        if x > 0.5:
            raise ArithmeticError
        return (x - 0.7) ** 2 - y

    explanation = explain(tuned(objective, 50))
    titles = [reading.title for reading in explanation.readings]
    assert titles == ["objective", "chance of a value", "chance that 'sum' is met"]
    fails = explanation.readings[1].effects["x"]
    assert fails.mean[0] > 0.8 and fails.mean[-1] < 0.3
    met = explanation.readings[2].effects["y"]
    assert met.mean[0] > 0.9 and met.mean[-1] < 0.1
    assert explanation.readings[1].effects["y"].total < 0.2
    assert 0.0 <= explanation.proposal.fine <= 1.0


def test_the_proposal_is_the_one_that_comes_next():
    study = tuned(plain, 31)
    proposal = explain(study).proposal
    assert study.ask().params == {}
    study = tuned(plain, 31)
    trial = study.ask()
    plain(trial)
    assert proposal.params == pytest.approx(trial.params)
    assert proposal.zoomed  # of an odd number, after thirty results
    (low, high), mean = proposal.bands[0], proposal.means[0]
    assert low <= mean <= high
    assert 0.0 <= proposal.better <= 1.0


def test_what_is_unknown_is_explored_and_what_is_known_exploited():
    assert explain(tuned(plain, 4)).proposal.explores
    assert not explain(tuned(plain, 41)).proposal.explores


def test_conditional_parameters_are_averaged_where_they_take_part():
    def objective(trial):
        if trial.suggest_categorical("kind", ["a", "b"]) == "a":
            return 1.0 + (trial.suggest_float("x", 0.0, 1.0) - 0.5) ** 2
        return 3.0 + trial.suggest_float("y", 0.0, 1.0)

    explanation = explain(tuned(objective))
    assert "x takes part where kind is 'a'" in explanation.conditions
    assert explanation.readings[0].effects["y"].mean.min() > 2.0
    assert explanation.readings[0].effects["kind"].total > 0.5


def test_each_of_several_objectives_is_explained():
    def objective(trial):
        x, y = trial.suggest_float("x", 0.0, 1.0), trial.suggest_float("y", 0.0, 1.0)
        return x, 10.0 * (1.0 - x) + y

    study = tuned(objective, 25, directions=["minimize", "minimize"])
    explanation = explain(study)
    assert [r.title for r in explanation.readings] == ["objective 0", "objective 1"]
    assert explanation.readings[0].effects["y"].total < 0.1
    assert explanation.best is None
    assert sorted(explanation.front) == sorted(trial.number for trial in study.best_trials)
    assert len(explanation.proposal.means) == len(explanation.noise) == 2


@pytest.mark.parametrize("value", [1.0, math.inf, -math.inf, 1e300])
def test_strange_objectives_are_lived_with(value):
    explanation = explain(tuned(lambda t: value + 0.0 * t.suggest_float("x", 0.0, 1.0), 6))
    assert str(explanation)


def test_the_study_of_another_sampler_is_explained_by_the_default_policy():
    study = tuned(plain, 20, optuna.samplers.RandomSampler(seed=0))
    assert explain(study).policy == "memory"
    assert explain(study, "memory-posterior").policy == "memory-posterior"


def test_the_same_study_is_explained_in_the_same_way():
    study = tuned(plain, 12)
    assert str(explain(study)) == str(explain(study))


def test_the_report_names_what_matters_within_a_screen():
    report = str(explain(tuned(plain)))
    assert all(word in report for word in ("rate", "size", "colour", "Noise", "Next: "))
    assert len(report.splitlines()) < 24 and max(map(len, report.splitlines())) < 140


@pytest.mark.parametrize("n_trials", [0, 2])
def test_too_few_trials_are_an_error_that_says_so(n_trials):
    with pytest.raises(ValueError, match=f"nothing to explain yet: {n_trials} trials"):
        explain(tuned(plain, n_trials))


def test_a_policy_without_a_posterior_cannot_explain():
    study = tuned(plain, 5)
    with pytest.raises(ValueError, match="no posterior to show"):
        explain(study, "memory-kernel")


def test_what_is_no_study_is_refused():
    with pytest.raises(TypeError, match="takes an Optuna study, got 3"):
        explain(3)


def test_samplers_and_policies_say_in_a_line_what_they_are():
    assert str(LearnedSampler(seed=3)) == "LearnedSampler('memory', seed=3)"
    assert str(load_policy("memory")).startswith("memory policy of 10,889 parameters for any")
    assert isinstance(explain(tuned(plain, 3)), Explanation)
