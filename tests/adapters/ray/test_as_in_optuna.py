"""The same policy proposes the same points in Ray Tune and in Optuna."""

import logging
import math

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from ray import tune

from l2l_sampler import LearnedSampler
from tests.adapters.ray.driving import POLICY, loss, run, searcher
from tests.untrained import untrained


@pytest.fixture(autouse=True)
def _quiet_optuna():
    optuna.logging.set_verbosity(logging.ERROR)
    yield
    optuna.logging.set_verbosity(optuna.logging.INFO)


def optuna_space():
    return {
        "x": FloatDistribution(-1.0, 1.0),
        "rate": FloatDistribution(1e-5, 1.0, log=True),
        "n": IntDistribution(1, 64, log=True),
        "c": CategoricalDistribution(["a", "b", "c"]),
        "s": FloatDistribution(0.0, 1.0, step=0.25),
    }


def but_for_open_bounds(params):
    """Ray excludes the upper bound of floats, and Optuna does not."""
    last = math.nextafter(1.0, 0.0)
    return params | {name: min(params[name], last) for name in ("x", "rate")}


@pytest.mark.parametrize("policy", [POLICY, untrained("lstm", 7), untrained("dnc", 7)])
@pytest.mark.parametrize("mode", ["min", "max"])
def test_sequential_runs_evaluate_the_same_points_as_the_sampler(policy, mode):
    sampler = LearnedSampler(policy, seed=3, search_space=optuna_space())
    study = optuna.create_study(sampler=sampler, direction=f"{mode}imize")

    def objective(trial):
        params = {
            "x": trial.suggest_float("x", -1.0, 1.0),
            "rate": trial.suggest_float("rate", 1e-5, 1.0, log=True),
            "n": trial.suggest_int("n", 1, 64, log=True),
            "c": trial.suggest_categorical("c", ["a", "b", "c"]),
            "s": trial.suggest_float("s", 0.0, 1.0, step=0.25),
        }
        if trial.number in (4, 9):
            raise optuna.TrialPruned if trial.number == 4 else ValueError
        return loss(params)

    study.optimize(objective, n_trials=14, catch=ValueError)
    search = searcher(mode=mode, policy=policy, seed=3)
    for trial in study.trials:
        assert search.suggest(str(trial.number)) == but_for_open_bounds(trial.params)
        failed = trial.number in (4, 9)
        result = None if failed else {"loss": trial.value}
        search.on_trial_complete(str(trial.number), result=result, error=failed)


def test_parallel_runs_propose_the_same_points_as_the_sampler():
    sampler = LearnedSampler(POLICY, seed=3, search_space=optuna_space())
    study = optuna.create_study(sampler=sampler)
    search = searcher(seed=3)
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
