"""LearnedSearcher driven by hand, as Ray Tune drives it, without a cluster."""

import copy
import json
import logging
import math
import subprocess
import sys

import numpy as np
import optuna
import pytest
from numpy.testing import assert_array_equal
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from ray import cloudpickle, tune
from ray.tune.search import ConcurrencyLimiter, Searcher

from l2l_sampler import LearnedSampler, LearnedSearcher
from l2l_sampler.adapters.ray.state import TrialTable
from tests.untrained import untrained

POLICY = untrained("memory", None)
SPACE = {
    "x": tune.uniform(-1.0, 1.0),
    "rate": tune.loguniform(1e-5, 1.0),
    "n": tune.lograndint(1, 65),
    "c": tune.choice(["a", "b", "c"]),
    "s": tune.quniform(0.0, 1.0, 0.25),
}


def loss(config):
    y = config["x"] ** 2 + abs(math.log10(config["rate"]) + 2) + abs(config["n"] - 8) / 8
    return y + (config["c"] != "a") + config["s"]


def searcher(space=SPACE, metric="loss", mode="min", **options):
    return LearnedSearcher(space, metric, mode, **{"policy": POLICY, "seed": 0} | options)


def run(search, n, objective=loss, first=0):
    """Trials one after the other; their configs."""
    configs = []
    for k in range(first, first + n):
        configs.append(search.suggest(f"t{k}"))
        search.on_trial_complete(f"t{k}", result={"loss": objective(configs[-1])})
    return configs


def history(search):
    found, taken = search._trials.history(search._cube.dim, maximize=search.mode == "max")
    return found, taken


def pending(search):
    return np.isnan(history(search)[0].y).sum()


# ---- the same policy as in Optuna


def optuna_space():
    return {
        "x": FloatDistribution(-1.0, 1.0),
        "rate": FloatDistribution(1e-5, 1.0, log=True),
        "n": IntDistribution(1, 64, log=True),
        "c": CategoricalDistribution(["a", "b", "c"]),
        "s": FloatDistribution(0.0, 1.0, step=0.25),
    }


@pytest.mark.parametrize("policy", [POLICY, untrained("lstm", 7), untrained("dnc", 7)])
@pytest.mark.parametrize("mode", ["min", "max"])
def test_sequential_runs_evaluate_the_same_points_as_the_sampler(policy, mode):
    sampler = LearnedSampler(policy, seed=3, search_space=optuna_space())
    study = optuna.create_study(sampler=sampler, direction=f"{mode}imize")

    def objective(trial):
        params = {name: trial._suggest(name, d) for name, d in optuna_space().items()}
        if trial.number in (4, 9):
            raise optuna.TrialPruned if trial.number == 4 else ValueError
        return loss(params)

    study.optimize(objective, n_trials=14, catch=ValueError)
    search = searcher(mode=mode, policy=policy, seed=3)
    for trial in study.trials:
        assert search.suggest(trial._trial_id) == trial.params
        failed = trial.number in (4, 9)
        result = None if failed else {"loss": trial.value}
        search.on_trial_complete(trial._trial_id, result=result, error=failed)


def test_parallel_runs_propose_the_same_points_as_the_sampler():
    sampler = LearnedSampler(POLICY, seed=3, search_space=optuna_space())
    study = optuna.create_study(sampler=sampler)
    search = searcher(seed=3)
    running = []
    for k in range(20):
        trial = study.ask(optuna_space())
        assert search.suggest(str(k)) == trial.params
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


# ---- trials as Ray makes them


def test_trials_without_a_result_are_pending_points():
    search = searcher()
    configs = [search.suggest(str(k)) for k in range(8)]
    assert pending(search) == 8
    assert len({json.dumps(config) for config in configs}) == 8
    for k in range(8):
        search.on_trial_result(str(k), {"loss": 0.5})
        assert pending(search) == 8 - k
        search.on_trial_complete(str(k), {"loss": float(k)})
    found, taken = history(search)
    assert_array_equal(found.y, np.arange(8.0))
    assert len(taken) == 0


def test_two_hundred_trials_eight_at_once_never_repeat_a_point():
    rng = np.random.default_rng(0)
    search = searcher({"x": tune.uniform(0, 1), "y": tune.loguniform(1e-3, 1.0)})
    configs, running = [], []
    for k in range(200):
        configs.append(search.suggest(str(k)))
        running.append(k)
        if len(running) == 8:
            done = running.pop(rng.integers(8))
            x, y = configs[done].values()
            search.on_trial_complete(str(done), {"loss": (x - 0.3) ** 2 + math.log10(y) ** 2})
    assert len({tuple(config.values()) for config in configs}) == 200
    assert pending(search) == 7


def test_a_discrete_space_is_seen_whole_before_it_repeats_also_in_parallel():
    space = {"o": tune.choice([{"a": tune.randint(0, 5)}, {"b": tune.choice("xyz")}, "none"])}
    search = searcher(space)
    configs = [search.suggest("0")]
    for k in range(1, 9):
        configs.append(search.suggest(str(k)))
        search.on_trial_complete(str(k - 1), {"loss": 1.0}, error=k % 2 == 0)
    assert len({json.dumps(config) for config in configs}) == 9
    assert search.suggest("9") in configs
    options = {"policy": "memory", "deduplicate": False}
    repeating = run(searcher(space, **options), 9, lambda config: config["o"] != "none")
    assert len({json.dumps(config) for config in repeating}) < 9


def test_an_errored_trial_leaves_the_history_and_is_not_tried_again():
    search = searcher({"n": tune.randint(0, 2)})
    first = search.suggest("a")
    search.on_trial_result("a", {"loss": 1.0})
    search.on_trial_complete("a", result=None, error=True)
    found, taken = history(search)
    assert found.n == 0 and len(taken) == 1
    assert search.suggest("b") != first


@pytest.mark.parametrize("value", [math.nan, np.float32("nan"), "much", None])
def test_a_result_that_is_no_number_counts_as_failed(value):
    search = searcher()
    search.suggest("a")
    search.on_trial_result("a", {"loss": value})
    search.on_trial_complete("a", {"loss": value})
    found, taken = history(search)
    assert found.n == 0 and len(taken) == 1
    run(search, 3)


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinite_results_are_results(value):
    search = searcher()
    search.suggest("a")
    search.on_trial_complete("a", {"loss": value})
    assert history(search)[0].y.tolist() == [value]
    run(search, 12)


def test_the_last_result_counts_where_a_scheduler_stops_a_trial():
    search = searcher()
    for name in "abc":
        search.suggest(name)
        search.on_trial_result(name, {"loss": 5.0})
        search.on_trial_result(name, {"loss": 4.0})
    search.on_trial_complete("a", {"loss": 3.0, "done": True})  # stopped while running
    search.on_trial_complete("b")  # stopped while paused
    search.on_trial_complete("c", {"done": True})  # returned without another report
    assert history(search)[0].y.tolist() == [3.0, 4.0, 4.0]


def test_a_trial_that_never_started_leaves_nothing():
    search = searcher({"n": tune.randint(0, 1000)})
    search.suggest("a")
    search.on_trial_complete("a")
    found, taken = history(search)
    assert found.n == len(taken) == pending(search) == 0
    assert len(search._trials) == 1  # its number stays taken


def test_a_missing_metric_is_named(caplog):
    search = searcher()
    search.suggest("a")
    search.on_trial_result("a", {"accuracy": 0.5})
    search.on_trial_complete("a", {"accuracy": 0.5, "done": True})
    assert "without metric 'loss'" in caplog.text and "accuracy" in caplog.text
    assert pending(search) == 0


def test_results_of_unknown_trials_are_ignored(caplog):
    search = searcher()
    run(search, 2)
    before = search.get_state()
    search.on_trial_result("unknown", {"loss": 1.0})
    search.on_trial_complete("unknown", {"loss": 1.0})
    search.on_trial_complete("unknown", {"loss": 1.0, "config/x": 0.5})
    search.on_trial_complete("unknown", error=True)
    search.on_trial_complete("unknown")
    assert search.get_state() == before
    assert "unknown trial unknown" in caplog.text


def test_a_result_of_an_unknown_trial_counts_if_it_holds_a_config():
    search = searcher()
    config = run(searcher(), 1)[0]
    flat = {f"config/{key}": value for key, value in config.items()}
    search.on_trial_complete("restarted", flat | {"config/data": 7, "loss": 2.0})
    found, _ = history(search)
    assert_array_equal(found.x, history_of_first(config))
    assert found.y.tolist() == [2.0]


def history_of_first(config):
    return searcher()._cube.point(config)[0][None]


def test_late_results_change_nothing():
    search = searcher()
    run(search, 3)
    before = search.get_state()
    search.on_trial_result("t1", {"loss": -9.0})
    search.on_trial_complete("t1", {"loss": -9.0})
    search.on_trial_complete("t1", error=True)
    search.on_trial_complete("t1")
    assert search.get_state() == before


def test_a_failed_trial_that_is_run_again_may_succeed():
    search = searcher()
    search.suggest("a")
    search.on_trial_complete("a", error=True)
    search.on_trial_result("a", {"loss": 2.0})
    assert history(search)[0].n == 0
    search.on_trial_complete("a", {"loss": 1.0})
    found, taken = history(search)
    assert found.y.tolist() == [1.0] and len(taken) == 0


def test_the_same_trial_gets_the_same_config_again():
    search = searcher(points_to_evaluate=[run(searcher(), 1)[0]])
    for name in "abb":
        config = search.suggest(name)
        assert search.suggest(name) == config
    assert len(search._trials) == 2


def test_a_metric_may_be_nested_as_ray_flattens_it():
    search = searcher(metric="eval/loss")
    search.suggest("a")
    search.on_trial_complete("a", {"eval/loss": 2.0})
    assert history(search)[0].y.tolist() == [2.0]


# ---- search properties


def test_everything_may_come_from_the_tuner():
    search = LearnedSearcher(policy=POLICY, seed=0)
    assert search.set_search_properties("loss", "min", SPACE, num_samples=4)
    assert run(search, 4) == run(searcher(), 4)


def test_without_a_metric_the_anonymous_one_of_ray_is_used():
    search = searcher(metric=None)
    search.suggest("a")
    search.on_trial_complete("a", {"_metric": 2.0})
    assert history(search)[0].y.tolist() == [2.0]
    late = LearnedSearcher(SPACE, policy=POLICY)
    assert not late.set_search_properties(None, "max", {"other": tune.uniform(0, 1)})
    assert (late.metric, late.mode) == ("_metric", "max")


def test_a_second_search_space_is_refused_unless_it_is_the_same():
    search = searcher()
    assert search.set_search_properties("loss", "min", dict(SPACE))
    assert not search.set_search_properties("loss", "min", {"x": tune.uniform(-1.0, 2.0)})
    assert not search.set_search_properties("loss", "min", {"batch_size": 32})
    run(search, 1)


def test_the_objective_must_not_change_once_there_are_trials():
    search = searcher()
    search.set_search_properties("accuracy", "max", SPACE)
    search.suggest("a")
    with pytest.raises(ValueError, match="1 trials of metric 'accuracy', mode 'max'"):
        search.set_search_properties("loss", "min", SPACE)


def test_asking_too_early_says_what_is_missing():
    with pytest.raises(RuntimeError, match="search space"):
        LearnedSearcher(metric="loss", mode="min", policy=POLICY).suggest("a")
    with pytest.raises(RuntimeError, match="`metric`"):
        LearnedSearcher(SPACE, policy=POLICY).suggest("a")
    search = LearnedSearcher(policy=POLICY)
    assert search.set_search_properties("loss", "min", {"only": "constants"})
    with pytest.raises(RuntimeError, match="search space"):
        search.suggest("a")
    with pytest.raises(RuntimeError, match="search space"):
        search.add_evaluated_point({"x": 1}, 2.0)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"policy": "memroy"}, ValueError, "no policy 'memroy'"),
        ({"policy": 3}, TypeError, "policy is a int"),
        ({"policy": "missing.safetensors"}, FileNotFoundError, "missing.safetensors"),
        ({"policy": untrained("lstm", 3)}, ValueError, "no model for a search space of 7 axes"),
        ({"space": "memory"}, TypeError, "space must be a dict of domains, got 'memory'"),
        ({"space": {"x": tune.grid_search([1])}}, ValueError, "tune.choice"),
        ({"mode": "minimize"}, ValueError, "'min' or 'max', got 'minimize'"),
        ({"metric": ["a", "b"], "mode": ["min", "max"]}, ValueError, "one objective"),
        ({"n_trials": 0}, ValueError, "n_trials must be at least 1"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"evaluated_rewards": [1.0]}, ValueError, "1 values for 0 points_to_evaluate"),
        ({"points_to_evaluate": [{"x": 0.5}]}, ValueError, r"points_to_evaluate\[0\]: expected"),
    ],
)
def test_mistakes_are_named_at_once(options, error, message):
    with pytest.raises(error, match=message):
        searcher(**options)


def test_an_unknown_policy_is_named_before_the_space_is_known():
    with pytest.raises(ValueError, match="no policy 'memroy'"):
        LearnedSearcher(policy="memroy")


# ---- points known before


POINTS = [
    {"x": 0.1, "rate": 1e-3, "n": 8, "c": "a", "s": 0.25},
    {"x": -0.7, "rate": 0.3, "n": 64, "c": "c", "s": 1.0},
]


def test_given_points_are_evaluated_first_and_exactly():
    search = searcher(points_to_evaluate=POINTS)
    assert run(search, 2) == POINTS
    assert run(search, 1, first=2)[0] not in POINTS
    assert history(search)[0].n == 3


def test_given_points_may_come_before_the_space():
    search = LearnedSearcher(policy=POLICY, points_to_evaluate=POINTS, seed=0)
    search.set_search_properties("loss", "min", SPACE)
    assert run(search, 2) == POINTS


def test_points_with_rewards_are_not_run():
    rewards = [loss(point) for point in POINTS]
    search = searcher(points_to_evaluate=POINTS, evaluated_rewards=rewards)
    assert history(search)[0].y.tolist() == rewards
    assert search.suggest("a") not in POINTS


def test_known_results_from_either_side_lead_to_the_same_proposal():
    added, told = searcher(), searcher(points_to_evaluate=POINTS)
    for point in POINTS:
        added.add_evaluated_point(point, loss(point))
    run(told, 2)
    assert added.suggest("a") == told.suggest("a")


def test_added_points_may_have_failed_or_been_stopped():
    search = searcher()
    search.add_evaluated_point(POINTS[0] | {"epochs": 3}, 1.0, error=True)
    search.add_evaluated_point(POINTS[0], math.nan)
    search.add_evaluated_point(POINTS[0], None, pruned=True, intermediate_values=[3.0, 2.0])
    search.add_evaluated_point(POINTS[1], 4.0, pruned=True)
    found, taken = history(search)
    assert found.y.tolist() == [2.0, 4.0] and len(taken) == 2
    with pytest.raises(ValueError, match="2 is no value of parameter 'x'"):
        search.add_evaluated_point(POINTS[0] | {"x": 2}, 1.0)


# ---- state


def in_flight():
    """A searcher with finished, failed, running and stopped trials, and a point to evaluate."""
    search = searcher(points_to_evaluate=POINTS)
    for k in range(12):
        config = search.suggest(f"t{k}")
        if k % 4 != 3:
            search.on_trial_result(f"t{k}", {"loss": loss(config)})
        if k % 4 == 0:
            search.on_trial_complete(f"t{k}", {"loss": loss(config)})
        if k % 4 == 1:
            search.on_trial_complete(f"t{k}", error=True)
    search.on_trial_complete("t11")
    return search


def ends(search):
    """What the searcher does next, from here on."""
    for k in range(2, 12, 4):
        search.on_trial_complete(f"t{k}", {"loss": 0.5 * k})
    return run(search, 4, first=20)


@pytest.mark.parametrize(
    "copy_of", [copy.deepcopy, lambda s: cloudpickle.loads(cloudpickle.dumps(s))]
)
def test_copies_go_on_as_the_original_and_apart_from_it(copy_of):
    search = in_flight()
    twin = copy_of(search)
    assert ends(twin) == ends(search)
    fresh = copy_of(LearnedSearcher(policy=POLICY))
    fresh.set_search_properties("loss", "min", SPACE)
    run(fresh, 2)


@pytest.mark.parametrize("blank", [True, False])
def test_a_restored_searcher_goes_on_with_trials_in_flight(tmp_path, blank):
    search = in_flight()
    search.save(tmp_path / "state.json")
    twin = LearnedSearcher(policy=POLICY) if blank else searcher(seed=7)
    twin.restore(tmp_path / "state.json")
    assert pending(twin) == pending(search) == 5
    assert twin.suggest("t2") == search.suggest("t2")
    assert ends(twin) == ends(search)
    assert twin.get_state() == search.get_state()


def test_a_run_in_two_halves_is_the_whole_run(tmp_path):
    whole = run(searcher(), 16)
    half = searcher()
    first = run(half, 8)
    half.save_to_dir(str(tmp_path), "2024-01-01")
    other = LearnedSearcher(policy=POLICY)
    other.restore_from_dir(str(tmp_path))
    assert first + run(other, 8, first=8) == whole


def test_points_not_yet_evaluated_are_part_of_the_state(tmp_path):
    search = searcher(points_to_evaluate=POINTS)
    search.suggest("a")
    search.save(tmp_path / "state")
    twin = searcher(points_to_evaluate=POINTS)
    twin.restore(tmp_path / "state")
    assert twin.suggest("b") == POINTS[1]
    assert twin.suggest("c") not in POINTS


def test_the_state_is_strict_json_with_a_version(tmp_path):
    search = in_flight()
    search.suggest("inf")
    search.on_trial_complete("inf", {"loss": math.inf})
    search.save_to_dir(str(tmp_path), "s")
    (file,) = tmp_path.iterdir()
    assert file.name == "searcher-state-s.json"

    def refuse(token):
        raise AssertionError(token)

    state = json.loads(file.read_text(), parse_constant=refuse)
    assert state["format"] == "l2l-sampler searcher" and state["version"] == 1
    assert len(state["trials"]) == 13


def test_a_failed_save_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    search = in_flight()
    search.save(tmp_path / "state")
    before = (tmp_path / "state").read_text()
    run(search, 1, first=30)
    monkeypatch.setattr("os.fsync", lambda descriptor: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        search.save(tmp_path / "state")
    assert [file.name for file in tmp_path.iterdir()] == ["state"]
    assert (tmp_path / "state").read_text() == before


def test_choices_that_json_cannot_carry_need_the_space_again(tmp_path):
    space = {"f": tune.choice([math.sin, math.cos]), "x": tune.uniform(0, 1)}
    search = searcher(space)
    run(search, 5, lambda config: config["f"](config["x"]))
    search.save(tmp_path / "state")
    twin = LearnedSearcher(policy=POLICY)
    twin.restore(tmp_path / "state")
    with pytest.raises(RuntimeError, match="search space"):
        twin.suggest("a")
    twin.save(tmp_path / "again")
    twin.restore(tmp_path / "again")
    with pytest.raises(ValueError, match="another search space"):
        twin.set_search_properties("loss", "min", {"x": tune.uniform(0, 1)})
    assert twin.set_search_properties("loss", "min", space)
    assert twin.suggest("a") == search.suggest("a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json", "does not hold the state"),
        ("[1]", "does not hold the state"),
        ('{"format": "l2l-sampler searcher", "version": 9}', "version 9.*reads 1"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    (tmp_path / "file").write_text(text)
    with pytest.raises(ValueError, match=message):
        searcher().restore(tmp_path / "file")


def test_the_state_of_another_space_is_refused(tmp_path):
    in_flight().save(tmp_path / "state")
    with pytest.raises(ValueError, match="another search space"):
        searcher({"x": tune.uniform(0, 1)}).restore(tmp_path / "state")


def test_trials_that_ray_does_not_know_are_no_longer_pending(tmp_path):
    search = in_flight()
    search.save_to_dir(str(tmp_path), "s")
    known = {"trial_data": [json.dumps({"trial_id": f"t{k}"}) for k in range(7)]}
    (tmp_path / "experiment_state-s.json").write_text(json.dumps(known))
    twin = searcher()
    twin.restore_from_dir(str(tmp_path))
    assert pending(search) == 5
    assert pending(twin) == 3  # t2, t3 and t6
    assert history(twin)[0].finished.sum() == history(search)[0].finished.sum()


def test_the_policy_name_is_part_of_the_state(tmp_path):
    search = searcher(policy="memory-kernel")
    search.save(tmp_path / "state")
    twin = LearnedSearcher()
    twin.restore(tmp_path / "state")
    assert run(twin, 6) == run(search, 6)


# ---- Ray's wrappers


def test_the_concurrency_limiter_limits():
    search = searcher()
    limited = ConcurrencyLimiter(search, max_concurrent=2)
    assert limited.suggest("a") is not None and limited.suggest("b") is not None
    assert limited.suggest("c") is None
    limited.on_trial_complete("a", {"loss": 1.0})
    assert limited.suggest("c") is not None
    assert pending(search) == 2


def test_it_is_a_searcher_of_ray_and_is_reached_without_importing_ray_first():
    assert issubclass(LearnedSearcher, Searcher)
    code = (
        "import sys, l2l_sampler; assert 'ray' not in sys.modules; "
        "from l2l_sampler import LearnedSearcher; assert 'ray' in sys.modules; "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_trial_table_survives_json():
    table = TrialTable()
    for k, value in enumerate([1.0, math.inf, math.nan]):
        table.tell(table.ask(f"{k}", np.array([0.1, 1 / 3]), {"x": 5}), value)
    table.ask(None, np.array([0.5, 0.5]))
    back = TrialTable.from_json(json.loads(json.dumps(table.to_json(), allow_nan=False)))
    assert back.trials == table.trials and back.clock == table.clock
    assert back.get("1") is back.trials[1]


@pytest.fixture(autouse=True)
def _quiet_optuna():
    optuna.logging.set_verbosity(logging.ERROR)
    yield
    optuna.logging.set_verbosity(optuna.logging.INFO)
