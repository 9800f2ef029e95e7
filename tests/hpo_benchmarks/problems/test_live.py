"""Live problems attain their optimum, repeat themselves, and are as rough as they say."""

import math

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState
from scipy.optimize import differential_evolution

from hpo_benchmarks.problems import conditional, conditional_real, constrained, rough, transfer
from hpo_benchmarks.problems.problem import TRUTH
from hpo_benchmarks.problems.terrain import Terrain
from hpo_benchmarks.study import outcome

SYNTHETIC = [p for p in conditional.problems() if p.optimum is not None]
TRANSFER = {problem.name: problem for problem in transfer.problems()}
ROUGH = {problem.name: problem for problem in rough.problems()}
ALL = [*SYNTHETIC, *ROUGH.values(), *conditional_real.problems(), *TRANSFER.values()]


def random_study(problem, trials, seed=0):
    """A random search on instance `seed`."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(sampler=sampler, pruner=problem.pruner())
    study.optimize(lambda trial: problem.objective(trial, seed), trials, catch=(Exception,))
    return study


def known(study):
    return [trial.user_attrs[TRUTH] for trial in study.trials if TRUTH in trial.user_attrs]


def ends(study):
    return "".join(map(outcome, study.trials))


@pytest.mark.parametrize("problem", ALL, ids=lambda problem: f"{problem.suite}/{problem.name}")
def test_a_seed_fixes_an_instance_and_another_one_moves_it(problem):
    first, again, other = (random_study(problem, 6, seed) for seed in (1, 1, 2))
    values = [[trial.value for trial in study.trials] for study in (first, again, other)]
    np.testing.assert_equal(values[0], values[1])
    assert known(first) == known(again)
    assert values[0] != values[2]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "problem", [*SYNTHETIC, *ROUGH.values()], ids=lambda problem: problem.name
)
def test_true_values_are_regrets_of_ordinary_size(problem, seed):
    truths = known(random_study(problem, 100, seed))
    assert problem.optimum(seed) == 0.0
    assert 0.0 <= min(truths) < 1.0 < max(truths) < 20.0


@pytest.mark.parametrize("problem", SYNTHETIC, ids=lambda problem: problem.name)
def test_parameters_depend_on_values(problem):
    spaces = {tuple(sorted(trial.params)) for trial in random_study(problem, 60).trials}
    assert len(spaces) > 1


@pytest.mark.parametrize("problem", conditional_real.problems(), ids=lambda problem: problem.name)
def test_a_model_on_real_data_learns_something(problem):
    study = random_study(problem, 15)
    assert ends(study) == "c" * 15
    assert min(known(study)) < 0.75 * np.median(known(study)) or min(known(study)) < 0.6
    assert len({tuple(sorted(trial.params)) for trial in study.trials}) > 1


def test_the_best_of_every_term_together_is_the_optimum():
    here = Terrain("rough-noise", 4)
    study = optuna.create_study()
    best = {f"x{i}": here.term(f"x{i}").at for i in range(rough.FLOATS)}
    costs = {kind: None for kind in ("a", "b", "c")}
    for kind in costs:
        study.enqueue_trial(best | {"n": here.best_whole("n", 1, 64, log=True), "kind": kind})
        costs[kind] = rough.mixed(here, study.ask())
    assert sorted(costs.values())[0] == pytest.approx(0.0, abs=1e-12)
    assert sorted(costs.values())[1] >= 0.1


@pytest.mark.parametrize("name", ["half-space", "divergence", "memory-limit"])
@pytest.mark.parametrize("seed", range(3))
def test_some_regions_fail_and_the_optimum_does_not(name, seed):
    states = [trial.state for trial in random_study(ROUGH[name], 100, seed).trials]
    assert 3 <= states.count(TrialState.FAIL) <= 90
    assert set(states) == {TrialState.FAIL, TrialState.COMPLETE}


def test_penalties_and_outliers_complete_without_a_true_value():
    for name, value in (("penalty", rough.PENALTY), ("outlier", rough.OUTLIER)):
        study = random_study(ROUGH[name], 40)
        spoilt = [trial for trial in study.trials if outcome(trial) == "f"]
        assert spoilt and {trial.value for trial in spoilt} == {value}
    assert len(spoilt) == 1 and spoilt[0].number < 10


def test_values_span_many_decades():
    values = [trial.value for trial in random_study(ROUGH["decades"], 100).trials]
    assert min(values) > 0 and math.log10(max(values) / min(values)) > 6


def test_chance_is_the_same_for_every_method():
    problem = ROUGH["faults"]
    fates = ends(random_study(problem, 200))
    assert 0.2 < fates.count("f") / 200 < 0.4
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=9))
    study.optimize(lambda trial: problem.objective(trial, 0), 60, catch=(Exception,))
    assert ends(study) == fates[:60]


def test_noise_hides_the_true_value():
    study = random_study(ROUGH["noise"], 50)
    values = np.array([trial.value for trial in study.trials])
    assert 0.7 < np.corrcoef(values, known(study))[0, 1] < 0.999


@pytest.mark.parametrize("name", ["falling", "growing"])
def test_some_trials_are_pruned_and_report_steps(name):
    study = random_study(ROUGH[name], 60)
    fates = ends(study)
    assert 5 <= fates.count("p") <= 55 and "f" not in fates
    pruned = [trial for trial in study.trials if trial.state == TrialState.PRUNED]
    assert all(trial.intermediate_values for trial in pruned)


def test_infinities_of_both_signs_complete():
    values = [trial.value for trial in random_study(ROUGH["infinities"], 100).trials]
    assert math.inf in values and -math.inf in values


@pytest.mark.parametrize("name", constrained.CLASSICS)
def test_the_best_known_values_are_feasible_and_attained(name):
    classic = constrained.CLASSICS[name]
    bounds = constrained.bounds_of(name, 0)
    assert all(low <= classic.at[p] <= high for p, (low, high) in bounds.items())
    value, limits = classic.evaluate(classic.at)
    assert value == pytest.approx(classic.optimum, rel=1e-3, abs=1e-3)
    scale = np.abs(classic.evaluate({p: b[1] for p, b in bounds.items()})[1]).max()
    assert max(limits) <= 1e-4 * max(scale, 1.0)


@pytest.mark.parametrize("name", constrained.CLASSICS)
def test_no_feasible_point_is_better_than_the_best_known_one(name):
    """As differential evolution finds none, whose penalty is any violation's size."""
    classic = constrained.CLASSICS[name]
    sizes = np.array([classic.steps.get(p, 0.0) for p in classic.bounds])

    def params_of(point):
        whole = np.where(sizes > 0, np.round(point / np.where(sizes > 0, sizes, 1)) * sizes, point)
        return dict(zip(classic.bounds, whole, strict=True))

    def penalised(point):
        value, limits = classic.evaluate(params_of(point))
        worst = max(limits)
        return value if worst <= 0 else 1e6 * (1 + worst)

    bounds = [*classic.bounds.values()]
    found = min(
        differential_evolution(
            penalised, bounds, seed=seed, maxiter=400, tol=1e-10, polish=False
        ).fun
        for seed in range(4)
    )
    gap = (found - classic.optimum) / abs(classic.optimum)
    assert -1e-6 < gap < 0.02


@pytest.mark.parametrize("problem", constrained.problems(), ids=lambda problem: problem.name)
def test_the_true_value_counts_only_where_all_constraints_are_met(problem):
    for trial in random_study(problem, 20 if problem.optimum is None else 300).trials:
        feasible = all(value <= 0.0 for value in trial.constraints.values())
        assert (TRUTH in trial.user_attrs) == feasible
        if feasible and problem.optimum is not None:
            assert trial.user_attrs[TRUTH] >= problem.optimum(0) - 1e-4 * abs(problem.optimum(0))


@pytest.mark.parametrize(
    ("name", "more"), [("valley", {}), ("basins", {}), ("ranges", {"new": 0.5})]
)
def test_what_was_best_in_an_earlier_study_is_good_in_this_one(name, more):
    problem = TRANSFER[name]
    for seed in range(3):
        chance = np.median(known(random_study(problem, 50, seed)))
        study = optuna.create_study()
        for before in problem.earlier(seed):
            study.enqueue_trial(before.best_params | more)
        study.optimize(lambda trial, seed=seed: problem.objective(trial, seed), transfer.STUDIES)
        assert min(known(study)) < 0.5 * chance


def test_what_was_best_before_is_misleading_where_the_optimum_is_mirrored():
    problem = TRANSFER["misleading"]
    values = []
    for seed in range(5):
        study = optuna.create_study()
        for before in problem.earlier(seed):
            study.enqueue_trial(before.best_params)
        study.optimize(lambda trial, seed=seed: problem.objective(trial, seed), transfer.STUDIES)
        values.append(min(known(study)) / np.median(known(random_study(problem, 50, seed))))
    assert np.mean(values) > 0.5


def test_earlier_studies_are_of_other_tasks_and_the_same_each_time():
    first, *others = TRANSFER["valley"].earlier(0)
    transfer.earlier.cache_clear()
    again = TRANSFER["valley"].earlier(0)[0]
    assert [t.params for t in first.trials] == [t.params for t in again.trials]
    assert all(first.best_params != other.best_params for other in others)
    assert len(first.trials) == transfer.TRIALS
