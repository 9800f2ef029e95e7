"""LearnedSearcher inside of Ray Tune, on a real local Ray with two CPUs."""

import math
import os
import signal

import pytest
from ray import tune
from ray.tune.error import TuneError
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search import ConcurrencyLimiter

from l2l_sampler import LearnedSearcher
from tests.adapters.ray.driving import n_failed, trials
from tests.untrained import untrained

pytestmark = pytest.mark.slow


def square(config):
    tune.report({"loss": (config["x"] - 3.0) ** 2})


def assert_nothing_is_pending(search, n):
    assert len(trials(search)) == n
    assert all(trial.told is not None for trial in trials(search))


def test_it_finds_the_minimum_of_a_square(fit):
    search = LearnedSearcher(seed=0)
    results = fit(square, {"x": tune.uniform(0.0, 20.0)}, search, 16)
    assert results.get_best_result().metrics["loss"] < 0.1
    assert_nothing_is_pending(search, 16)


def test_failed_infinite_and_stopped_trials_are_all_taken_in(fit):
    def objective(config):
        if config["n"] == 0:
            raise RuntimeError("on purpose")
        for step in range(4):
            value = {1: math.nan, 2: math.inf, 3: -math.inf}.get(config["n"], config["n"])
            tune.report({"loss": value - step, "step": step})

    search = LearnedSearcher(seed=0)
    scheduler = ASHAScheduler(time_attr="training_iteration", max_t=4, grace_period=1)
    results = fit(objective, {"n": tune.randint(0, 10)}, search, 10, scheduler=scheduler)
    assert_nothing_is_pending(search, 10)
    found = {r.config["n"]: r for r in results}
    assert sorted(found) == list(range(10))  # no point twice
    assert found[0].error is not None
    by_id = {r.metrics["trial_id"]: r for r in results if r.error is None}
    for trial in trials(search):
        if trial.id not in by_id or math.isnan(by_id[trial.id].metrics["loss"]):
            assert trial.value is None
        else:
            assert trial.value == by_id[trial.id].metrics["loss"]


def test_trials_whose_actors_are_killed_count_as_failed(fit):
    def objective(config):
        if config["n"] % 3 == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        tune.report({"loss": (config["n"] - 4) ** 2})

    search = LearnedSearcher(seed=0)
    results = fit(objective, {"n": tune.randint(0, 10)}, search, 10)
    assert_nothing_is_pending(search, 10)
    assert sum(r.error is not None for r in results) == n_failed(search) == 4
    assert results.get_best_result().config["n"] == 4


def test_nested_configs_arrive_as_they_are_meant(fit):
    def objective(config):
        assert config["data"] == {"rows": [1, 2], "kind": "constant"}
        assert len(config["layers"]) == 2 and config["layers"][1] == "relu"
        assert set(config["model"]) in ({"depth"}, {"kernel", "gamma"})
        tune.report({"eval": {"loss": config["layers"][0] / 8}})

    space = {
        "data": {"rows": [1, 2], "kind": "constant"},
        "layers": [tune.qrandint(8, 32, 8), "relu"],
        "model": tune.choice(
            [
                {"depth": tune.lograndint(1, 9)},
                {"kernel": "rbf", "gamma": tune.qloguniform(0.1, 10.0, 0.1)},
            ]
        ),
    }
    search = LearnedSearcher(seed=0)
    results = fit(objective, space, search, 6, metric="eval/loss")
    assert results.num_errors == 0
    assert_nothing_is_pending(search, 6)
    assert {tuple(r.config["model"]) for r in results} == {("depth",), ("kernel", "gamma")}


def test_large_objects_may_be_choices(fit):
    def objective(config):
        tune.report({"loss": config["f"](1.0) + config["x"]})

    space = {"f": tune.choice([math.sin, math.cos]), "x": tune.uniform(0.0, 1.0)}
    search = LearnedSearcher(seed=0)
    results = fit(objective, space, search, 6)
    assert results.num_errors == 0
    assert {r.config["f"] for r in results} == {math.sin, math.cos}


def test_a_metric_that_is_no_number_fails_its_trial_and_not_the_run(fit):
    def objective(config):
        tune.report({"loss": "much" if config["n"] == 2 else config["n"]})

    search = LearnedSearcher(seed=0)
    results = fit(objective, {"n": tune.randint(0, 5)}, search, 5)
    assert len(results) == 5
    assert_nothing_is_pending(search, 5)
    assert n_failed(search) == 1


def test_points_that_name_objects_and_functions_alone_are_refused_before_anything_runs(fit):
    space = {"f": tune.choice([math.sin, math.cos]), "x": tune.uniform(0.0, 1.0)}
    given = LearnedSearcher(points_to_evaluate=[{"f": math.sin, "x": 0.5}])
    with pytest.raises(ValueError, match=r"Ray replaces objects.*LearnedSearcher\(space"):
        fit(square, space, given, 1)
    with pytest.raises(ValueError, match="nothing to search: tune.sample_from"):
        fit(square, {"x": tune.sample_from(lambda config: 1.0)}, LearnedSearcher(), 1)


def test_given_points_come_first_and_limits_are_kept(cluster, tmp_path):
    points = [{"x": 4.0}, {"x": 19.0}]
    search = LearnedSearcher(seed=0, points_to_evaluate=points)
    most = []

    class Watch(tune.Callback):
        def on_trial_result(self, iteration, trials, trial, result, **info):
            most.append(sum(t.status == "RUNNING" for t in trials))

    limited = ConcurrencyLimiter(search, max_concurrent=1)
    analysis = tune.run(
        square,
        config={"x": tune.uniform(0.0, 20.0)},
        metric="loss",
        mode="min",
        search_alg=limited,
        num_samples=4,
        callbacks=[Watch()],
        storage_path=str(tmp_path),
        verbose=0,
        reuse_actors=True,
    )
    configs = [t.config for t in sorted(analysis.trials, key=lambda t: row_index(search, t))]
    assert configs[:2] == points
    assert max(most) == 1
    assert_nothing_is_pending(search, 4)


def row_index(search, trial):
    return [row.id for row in trials(search)].index(trial.trial_id)


def test_a_second_run_goes_on_where_the_first_one_ended(fit, tmp_path):
    space = {"x": tune.uniform(0.0, 20.0)}

    def configs(search, n, name, space=space):
        results = fit(square, space, search, n, name, concurrent=1)
        known = {r.metrics["trial_id"]: r.config["x"] for r in results}
        return [known[row.id] for row in trials(search) if row.id in known]

    whole = configs(LearnedSearcher(seed=0), 8, "whole")
    first = LearnedSearcher(seed=0)
    half = configs(first, 4, "half")
    first.save(tmp_path / "state.json")
    from_file, from_folder = LearnedSearcher(), LearnedSearcher()
    from_file.restore(tmp_path / "state.json")
    from_folder.restore_from_dir(str(tmp_path / "half"))
    assert half + configs(from_file, 4, "rest") == whole
    assert half + configs(from_folder, 4, "again") == whole
    assert half + configs(first, 4, "the same searcher") == whole


def test_trials_of_another_experiment_can_be_added(cluster, fit):
    space = {"x": tune.uniform(0.0, 20.0), "constant": 3}
    results = fit(square, space, LearnedSearcher(seed=0), 4)
    search = LearnedSearcher(space, "loss", "min", seed=1)
    search.add_evaluated_trials(results._experiment_analysis, "loss")
    assert sorted(row.value for row in trials(search)) == sorted(
        r.metrics["loss"] for r in results
    )


def test_a_metric_that_is_not_reported_is_named_by_ray(fit):
    def objective(config):
        tune.report({"accuracy": 1.0})

    search = LearnedSearcher(metric="loss", mode="min")
    with pytest.raises(TuneError, match="did not include the specified metric.*`loss`"):
        fit(objective, {"x": tune.uniform(0, 1)}, search, 1, metric=None, mode=None)


def test_a_policy_of_another_dimension_stops_the_run_before_any_trial(fit):
    search = LearnedSearcher(policy=untrained("lstm", 3))
    with pytest.raises(Exception, match="no model for a search space of 1 axes"):
        fit(square, {"x": tune.uniform(0, 1)}, search, 1)
    assert len(trials(search)) == 0
