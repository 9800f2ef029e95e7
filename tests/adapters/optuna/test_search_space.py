"""Which parameters are proposed together, which one by one, and which not at all."""

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from l2l_sampler import LearnedSampler
from tests.adapters.optuna.studies import CLIMBER, branching, growing, new_study, params_of, run

X = {"x": FloatDistribution(0.0, 1.0)}


def of_lstm(**options):
    return new_study(policy="lstm", warn_independent_sampling=True, **options)


def test_a_given_search_space_is_used_from_the_first_trial_on(warnings_of):
    space = {"x": FloatDistribution(0, 1), "one": IntDistribution(3, 3)}
    study = new_study(search_space=space, warn_independent_sampling=True)
    trial = study.ask()
    assert trial.suggest_float("x", 0, 1) == trial.relative_params["x"]
    assert trial.suggest_int("one", 3, 3) == 3
    assert 0.0 <= trial.suggest_float("other", 0, 1) <= 1.0
    assert not warnings_of()


def test_a_given_name_that_no_trial_uses_does_no_harm(policy):
    space = {
        "kind": CategoricalDistribution(("net", "tree")),
        "unused": FloatDistribution(0, 1),
    }
    study = new_study(policy=policy, search_space=space)
    study.optimize(branching, n_trials=12)
    assert not any("unused" in params for params in params_of(study))
    assert not any(sentence.startswith("unused") for sentence in study.sampler.describe(study))
    assert len(study.get_trials(states=[TrialState.COMPLETE])) == 12


def test_parameters_of_trials_in_any_state_are_proposed_together():
    study = new_study()
    study.tell(study.ask(X), state=TrialState.FAIL)
    study.tell(study.ask({"pruned": FloatDistribution(0, 1)}), state=TrialState.PRUNED)
    study.ask({"running": IntDistribution(0, 9)})
    trial = study.ask()
    trial.suggest_float("x", 0.0, 1.0)
    assert trial.relative_params.keys() == {"x", "pruned", "running"}


def test_a_parameter_that_comes_later_is_learned_from_its_first_trial_on():
    study = new_study(policy="memory", warn_independent_sampling=True)
    study.optimize(lambda t: t.suggest_float("x", 0, 1) + 5.0, n_trials=3)

    def objective(trial):
        return trial.suggest_float("x", 0, 1) + 10.0 * trial.suggest_float("late", 0, 1)

    study.optimize(objective, n_trials=20)
    late = [trial.params["late"] for trial in study.get_trials()[3:]]
    assert np.median(late[5:15]) < 0.2  # at random it is that small in one of fifty studies
    assert len(set(late[:3])) == 3


def test_several_new_parameters_of_one_trial_differ():
    (params,) = run(1, lambda t: sum(t.suggest_float(name, 0, 1) for name in "abcd"))
    assert len(set(params.values())) == 4


def test_an_enqueued_part_of_a_trial_is_kept_and_the_rest_is_proposed_for_it(policy):
    """The objective has its minimum where x and y are equal."""

    def objective(trial):
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        return (x - y) ** 2

    study = new_study(policy=policy)
    study.optimize(objective, n_trials=4)
    for x in (0.125, 0.875):
        study.enqueue_trial({"x": x})
    study.optimize(objective, n_trials=2)
    assert [params["x"] for params in params_of(study)[4:]] == [0.125, 0.875]


def test_the_rest_of_an_enqueued_trial_follows_what_was_learned():
    def objective(trial):
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        return (x - y) ** 2

    study = new_study(policy="memory-posterior")
    study.optimize(objective, n_trials=40)
    gaps = []
    for k in range(15):
        study.enqueue_trial({"x": k / 14})
        study.optimize(objective, n_trials=1)
        gaps.append(abs(study.get_trials()[-1].params["y"] - k / 14))
    assert sorted(gaps)[7] < 0.2  # 0.3 at random


def test_an_enqueued_choice_decides_who_takes_part():
    study = new_study(policy="memory")
    study.optimize(branching, n_trials=12)
    for kind, below in (("net", "layers"), ("tree", "depth")):
        study.enqueue_trial({"kind": kind})
        study.optimize(branching, n_trials=1)
        params = study.get_trials()[-1].params
        assert params["kind"] == kind and below in params


def test_enqueued_values_outside_of_the_space_are_lived_with(policy):
    study = new_study(policy=policy)
    study.optimize(growing, n_trials=4)
    study.enqueue_trial({"x": 7.0, "nobody": 3})
    with pytest.warns(UserWarning, match="out of range"):
        study.optimize(growing, n_trials=1)
    study.optimize(growing, n_trials=2)
    assert len(study.get_trials(states=[TrialState.COMPLETE])) == 7


def test_policies_of_one_dimension_search_what_all_completed_trials_share(warnings_of):
    study = of_lstm()
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
    assert not warnings_of()

    def objective(trial):
        return trial.suggest_float("x", 0, 1) + trial.suggest_float("late", 0, 1)

    study.optimize(objective, n_trials=3)
    (message,) = warnings_of()
    assert "Parameter 'late' is not searched by LearnedSampler" in message
    assert "RandomSampler: not every completed trial has it" in message
    assert "'memory', which searches parameters that not every trial has" in message
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    assert trial.relative_params.keys() == {"x"}


def test_a_warning_comes_once_for_each_study(warnings_of):
    sampler = LearnedSampler("lstm", seed=0)
    for _ in range(2):
        study = optuna.create_study(sampler=sampler)
        study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
        study.optimize(lambda t: t.suggest_float("z", 0, 1), n_trials=2)
    assert len(warnings_of()) == 2


@pytest.mark.parametrize("policy", [CLIMBER, "memory"])
@pytest.mark.parametrize("objective", [growing, branching])
def test_policies_of_any_dimension_search_everything_without_a_warning(
    policy, objective, warnings_of
):
    study = new_study(policy=policy, warn_independent_sampling=True)
    study.optimize(objective, n_trials=9)
    assert not warnings_of()
    assert study.sampler.infer_relative_search_space(study, study.get_trials()[-1]).keys() == {
        name for params in params_of(study) for name in params
    }


def changed(study, one, other):
    """Adds a trial with each of two distributions of one name."""
    for k, (value, distribution) in enumerate((one, other)):
        space = {"c": distribution, "x": FloatDistribution(0.0, 1.0)}
        study.add_trial(
            optuna.create_trial(params={"c": value, "x": 0.5}, distributions=space, value=k)
        )


def test_a_parameter_whose_choices_change_is_drawn_with_one_warning_that_names_the_cure(
    warnings_of,
):
    study = new_study(warn_independent_sampling=True)
    ab, abc = CategoricalDistribution("ab"), CategoricalDistribution("abc")
    changed(study, ("a", ab), ("c", abc))
    for _ in range(6):
        trial = study.ask()
        assert trial.suggest_categorical("c", "ab") in "ab"
        trial.suggest_float("x", 0.0, 1.0)
        assert trial.relative_params.keys() == {"x"}
    (message,) = warnings_of()
    assert "Parameter 'c' is not searched" in message
    assert "its kind or its choices differ from those of other trials" in message
    assert "Give it another name where it means something else" in message
    assert study.sampler.describe(study) == [
        "c is not searched, since its kind or its choices change"
    ]


def test_a_parameter_whose_scale_changes_is_not_searched(policy):
    study = new_study(policy=policy)
    linear, log = FloatDistribution(1.0, 9.0), FloatDistribution(1.0, 9.0, log=True)
    changed(study, (2.0, linear), (3.0, log))
    for k in range(4):
        trial = study.ask()
        assert 1.0 <= trial.suggest_float("c", 1.0, 9.0) <= 9.0
        study.tell(trial, trial.suggest_float("x", 0.0, 1.0) + k)


def test_the_warning_can_be_switched_off(warnings_of):
    run(6, growing, policy="lstm", search_space={"x": FloatDistribution(-1, 1)})
    assert not warnings_of()


class Half(optuna.samplers.RandomSampler):
    """Always the same value, to be told from all others."""

    reseeded = 0

    def reseed_rng(self):
        self.reseeded += 1

    def sample_independent(self, study, trial, name, distribution):
        return 0.5


def test_the_independent_sampler_can_be_chosen(warnings_of):
    sampler = LearnedSampler("lstm", independent_sampler=(half := Half()))
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    study.optimize(lambda t: t.suggest_float("y", 0, 1), n_trials=1)
    assert params_of(study) == [{"x": 0.5}, {"y": 0.5}]
    assert "drawn by Half" in warnings_of()[0]
    sampler.reseed_rng()
    assert half.reseeded == 1


def test_with_an_independent_sampler_of_ones_own_nobody_is_warned_of_what_will_be_searched(
    warnings_of,
):
    study = new_study(independent_sampler=Half(), warn_independent_sampling=True)
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
    study.optimize(lambda t: t.suggest_float("x", 0, 1) + t.suggest_float("y", 0, 1), n_trials=4)
    y = [params["y"] for params in params_of(study)[2:]]
    assert y[0] == 0.5 and 0.5 not in y[1:]
    assert not warnings_of()
