"""A cell repeats itself, and its row says what happened."""

from dataclasses import replace

import numpy as np
import optuna
import pytest
from numpy.testing import assert_allclose
from optuna.pruners import MedianPruner

from hpo_benchmarks.methods.catalogue import Method
from hpo_benchmarks.problems import functions
from hpo_benchmarks.problems.problem import TRUTH, LiveProblem
from hpo_benchmarks.study import Cell, run_cell
from tests.hpo_benchmarks.made_up import METHODS, VERSION, a_problem, without_times

BRANIN = functions.classic_problem("branin")


@pytest.mark.parametrize("workers", [1, 5])
@pytest.mark.parametrize("name", [name for name in METHODS if not name.startswith("smac")])
def test_rerunning_a_cell_gives_the_same_row(name, workers):
    problem = replace(functions.gp_problem(3), workers=workers)
    if not METHODS[name].suits(problem):
        pytest.skip(f"{name} does not run this problem")
    cell = Cell(problem, METHODS[name], seed=1, trials=12)
    first, second = run_cell(cell, VERSION), run_cell(cell, VERSION)
    assert first.error is None
    assert without_times(first) == without_times(second)


def test_a_curve_falls_and_has_one_value_a_trial():
    row = run_cell(Cell(BRANIN, METHODS["random"], 0, 15), VERSION)
    assert len(row.curve) == len(row.clock) == 15
    assert np.all(np.diff(row.curve) <= 0) and np.all(np.diff(row.clock) >= 0)


def test_five_workers_are_asked_before_the_first_result():
    log = []

    class Spy(optuna.samplers.RandomSampler):
        def sample_independent(self, study, trial, name, distribution):
            if name == "x0":
                log.append(sum(t.state == optuna.trial.TrialState.RUNNING for t in study.trials))
            return super().sample_independent(study, trial, name, distribution)

    method = Method("spy", lambda seed, space, n_trials: Spy(seed=seed), "1")
    row = run_cell(Cell(a_problem(workers=5), method, 0, 20), VERSION)
    assert len(row.curve) == 20
    assert log[:5] == [1, 2, 3, 4, 5] and set(log[5:]) == {5}


def test_seeds_differ_and_methods_share_instances():
    rows = [run_cell(Cell(BRANIN, METHODS["random"], seed, 5), VERSION) for seed in (0, 1)]
    assert rows[0].curve != rows[1].curve
    # Random search and TPE's warm-up draw the same points from the same seed.
    tpe = run_cell(Cell(BRANIN, METHODS["tpe"], 0, 5), VERSION)
    assert tpe.curve == rows[0].curve


def test_one_dimensional_problems_keep_their_queries():
    row = run_cell(Cell(functions.gp_problem(1), METHODS["random"], 0, 7), VERSION)
    draw = functions.gp_draw(1, 0)
    values = [float(draw(np.array([u]))) for u in row.queries]
    assert_allclose(np.minimum.accumulate(values), row.curve)


def test_an_objective_of_a_fixed_space_that_is_not_finite_is_an_error():
    row = run_cell(Cell(a_problem(objective=lambda *_: -np.inf), METHODS["random"], 0, 3), VERSION)
    assert "not finite" in row.error and row.curve is None


def test_knowing_the_kernel_beats_random_search_on_gp_draws():
    def mean_best(name):
        cells = [Cell(functions.gp_problem(3), METHODS[name], seed, 25) for seed in range(4)]
        return np.mean([run_cell(cell, VERSION).curve[-1] for cell in cells])

    assert mean_best("gp-ei-true") < mean_best("random") - 0.3


def scripted(trial, seed):
    """Every way in which a trial can end, one after the other; the value says little."""
    x = trial.suggest_float("x", 0.0, 1.0)
    match trial.number:
        case 0:
            raise MemoryError
        case 1:
            return float("nan")
        case 2:
            return float("inf")
        case 3:
            trial.set_user_attr(TRUTH, 0.0)  # the best of all, but the trial does not complete
            raise optuna.TrialPruned
        case 5:
            return -1e6
    trial.set_user_attr(TRUTH, [7.0, None, 5.0, 6.0][trial.number - 4])
    return 100.0 + x


LIVE = LiveProblem("scripted", "test", scripted, "made up", "nothing", optimum=lambda seed: 1.0)


@pytest.mark.parametrize("name", [name for name in METHODS if METHODS[name].suits(LIVE)])
def test_only_true_values_of_complete_trials_count(name):
    row = run_cell(Cell(LIVE, METHODS[name], 0, 8), VERSION)
    assert row.error is None
    assert row.outcomes == "fffpcfcc"
    assert row.curve == [None] * 4 + [7.0, 7.0, 5.0, 5.0]
    assert row.optimum == 1.0 and 0 <= row.best_params["x"] <= 1
    assert len(row.clock) == 8 and np.all(np.diff(row.clock) >= 0)


def test_a_live_study_in_which_all_fails_has_a_row_without_values():
    def fails(trial, seed):
        raise ValueError

    row = run_cell(Cell(replace(LIVE, objective=fails), METHODS["random"], 0, 3), VERSION)
    assert row.error is None and row.curve == [None] * 3 and row.outcomes == "fff"


def test_a_live_problem_brings_its_pruner():
    def halves(trial, seed):
        trial.report(float(trial.number), 0)
        if trial.should_prune():
            raise optuna.TrialPruned
        trial.set_user_attr(TRUTH, 0.0)
        return 0.0

    problem = replace(LIVE, objective=halves, pruner=lambda: MedianPruner(n_startup_trials=2))
    row = run_cell(Cell(problem, METHODS["random"], 0, 5), VERSION)
    assert row.outcomes == "ccppp"


def test_seconds_in_the_objective_are_not_the_optimizers():
    def slow(trial, seed):
        start = np.float64(0.0)
        for _ in range(200_000):
            start += 1.0
        trial.set_user_attr(TRUTH, trial.suggest_float("x", 0, 1))
        return 0.0

    row = run_cell(Cell(replace(LIVE, objective=slow), METHODS["random"], 0, 5), VERSION)
    assert row.clock[-1] < row.objective_seconds
