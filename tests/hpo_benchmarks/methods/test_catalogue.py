"""Methods run the problems that they say they can run."""

from dataclasses import replace

import numpy as np
import optuna
import pytest

from hpo_benchmarks.methods.catalogue import cube_dim, make_sampler
from hpo_benchmarks.problems import conditional, functions, tabular
from hpo_benchmarks.problems.problem import unit_space
from tests.hpo_benchmarks.made_up import METHODS


@pytest.mark.parametrize("name", METHODS)
def test_every_method_takes_mixed_spaces_and_answers_with_plain_values(name):
    table = tabular.load_table(tabular.OWN_TABLES / "sgd-digits.npz")
    problem = tabular.surrogate_problem(table, "tables", "nearest")
    if not METHODS[name].suits(problem):
        pytest.skip(f"{name} does not run this problem")
    study = optuna.create_study(sampler=make_sampler(METHODS[name], 0, problem.space, 4))
    for _ in range(3):
        trial = study.ask(dict(problem.space))
        assert {type(value) for value in trial.params.values()} == {float, int, str}
        study.tell(trial, problem.objective(trial.params, 0))


def test_methods_stay_out_of_problems_that_they_cannot_run():
    line, table = functions.gp_problem(1), tabular.own_problems()[0]
    assert not METHODS["cmaes"].suits(line)
    assert METHODS["gp-ei-true"].suits(line)
    assert not METHODS["gp-ei-true"].suits(table)
    assert not METHODS["gp-ei-true"].suits(replace(line, workers=5))
    assert not METHODS["tpe-group"].suits(line)


def test_live_problems_are_run_by_what_needs_no_space():
    problem = conditional.problems()[0]
    suited = {name for name, method in METHODS.items() if method.suits(problem)}
    ours = {"memory", "memory-posterior", "memory-posterior-2", "memory-kernel"}
    assert suited == ours | {"gp", "tpe", "tpe-group", "random"}


def test_a_categorical_parameter_counts_one_axis_for_each_choice():
    space = {
        "a": optuna.distributions.CategoricalDistribution(["x", "y", "z"]),
        "b": optuna.distributions.FloatDistribution(0, 1),
        "c": optuna.distributions.IntDistribution(3, 3),
    }
    assert cube_dim(space) == 4


def test_smac_names_a_parameter_that_it_cannot_take():
    space = {"a": optuna.distributions.FloatDistribution(0, 1, step=0.1)}
    with pytest.raises(ValueError, match="parameter a .* step"):
        make_sampler(METHODS["smac"], 0, space, 10)


def test_smac_learns_from_enqueued_trials_and_not_from_failed_ones():
    space = unit_space(2)
    sampler = make_sampler(METHODS["smac"], 0, space, 20)
    study = optuna.create_study(sampler=sampler)
    study.enqueue_trial(dict.fromkeys(space, 0.25))
    study.tell(study.ask(space), 3.0)
    study.tell(study.ask(space), state=optuna.trial.TrialState.FAIL)
    study.tell(study.ask(space), 4.0)
    history = sampler._smac.runhistory
    costs = {tuple(c.values()): history.get_cost(c) for c in history.get_configs()}
    known = {point: cost for point, cost in costs.items() if np.isfinite(cost)}
    assert known == {(0.25, 0.25): 3.0, tuple(study.trials[2].params.values()): 4.0}
