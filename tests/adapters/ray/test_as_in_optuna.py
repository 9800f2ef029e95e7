"""The same policy proposes the same points in Ray Tune and in Optuna."""

import logging
import math

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from ray import tune

from l2l_sampler import LearnedSampler
from tests.adapters.ray.driving import POLICY, SPACE, loss, run, searcher
from tests.untrained import untrained


@pytest.fixture(autouse=True)
def _quiet_optuna():
    optuna.logging.set_verbosity(logging.ERROR)
    yield
    optuna.logging.set_verbosity(optuna.logging.INFO)


RAY_SPACE = dict(sorted(SPACE.items()))  # as Optuna has them


def optuna_space():
    return {
        "c": CategoricalDistribution(["a", "b", "c"]),
        "n": IntDistribution(1, 64, log=True),
        "rate": FloatDistribution(1e-5, 1.0, log=True),
        "s": FloatDistribution(0.0, 1.0, step=0.25),
        "x": FloatDistribution(-1.0, 1.0),
    }


def but_for_open_bounds(params):
    """Ray excludes the upper bound of floats, and Optuna does not."""
    last = math.nextafter(1.0, 0.0)
    return params | {name: min(params[name], last) for name in ("x", "rate")}


@pytest.mark.parametrize("policy", [POLICY, untrained("lstm", 7), untrained("dnc", 7)])
@pytest.mark.parametrize("mode", ["min", "max"])
def test_sequential_runs_evaluate_the_same_points_as_the_sampler(policy, mode):
    """Also where trials fail, are infinitely good or bad, or are stopped early."""
    sampler = LearnedSampler(policy, seed=3, search_space=optuna_space())
    study = optuna.create_study(sampler=sampler, direction=f"{mode}imize")
    pruned, odd = (4, 7, 8, 12), {9: math.nan, 10: math.inf, 11: -math.inf}

    def report_of(value, step):
        return value + 1.0 / step

    def objective(trial):
        params = {
            "x": trial.suggest_float("x", -1.0, 1.0),
            "rate": trial.suggest_float("rate", 1e-5, 1.0, log=True),
            "n": trial.suggest_int("n", 1, 64, log=True),
            "c": trial.suggest_categorical("c", ["a", "b", "c"]),
            "s": trial.suggest_float("s", 0.0, 1.0, step=0.25),
        }
        for step in (1, 2, 3):
            trial.report(report_of(loss(params), step), step)
            if trial.number in pruned and step == 1 + trial.number % 2:
                raise optuna.TrialPruned
        return odd.get(trial.number, report_of(loss(params), 3))

    study.optimize(objective, n_trials=16)
    search = searcher(RAY_SPACE, mode=mode, policy=policy, seed=3)
    for trial in study.trials:
        name = str(trial.number)
        assert search.suggest(name) == but_for_open_bounds(trial.params)
        *on_the_way, last = trial.intermediate_values.items()
        for step, value in on_the_way:
            search.on_trial_result(name, {"loss": value, "training_iteration": step})
        step, value = last
        result = {"loss": odd.get(trial.number, value), "training_iteration": step}
        if trial.number not in pruned:
            search.on_trial_result(name, {"loss": value, "training_iteration": step})
        search.on_trial_complete(name, result=result | {"done": True})


def test_parallel_runs_propose_the_same_points_as_the_sampler():
    sampler = LearnedSampler(POLICY, seed=3, search_space=optuna_space())
    study = optuna.create_study(sampler=sampler)
    search = searcher(RAY_SPACE, seed=3)
    running = []
    for k in range(20):
        trial = study.ask(optuna_space())
        assert search.suggest(str(k)) == but_for_open_bounds(trial.params)
        running.append((trial, str(k)))
        if k % 3 == 2:
            for trial, name in (running.pop(1), running.pop(0)):
                study.tell(trial, loss(trial.params))
                search.on_trial_complete(name, {"loss": loss(trial.params)})


@pytest.mark.parametrize("policy", ["memory-posterior", "memory-kernel"])
def test_shipped_policies_find_the_minimum_of_a_square(policy):
    search = searcher({"x": tune.uniform(0.0, 20.0)}, policy=policy)
    configs = run(search, 25, lambda config: (config["x"] - 3.0) ** 2)
    assert min(abs(config["x"] - 3.0) for config in configs) < 0.5


def test_maximizing_is_minimizing_the_negative():
    low = run(searcher(), 12)
    high = run(searcher(mode="max"), 12, lambda config: -loss(config))
    assert low == high


def test_the_seed_decides():
    assert run(searcher(), 6) == run(searcher(), 6)
    assert run(searcher(), 6) != run(searcher(seed=1), 6)
    assert run(searcher(seed=None), 6) != run(searcher(seed=None), 6)
