"""Trials as Ray makes them: pending, reported, finished, stopped, failed."""

import json
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from ray import tune

from tests.adapters.ray.driving import (
    POINTS,
    n_failed,
    n_pending,
    run,
    searcher,
    trials,
    values,
)


def test_trials_without_a_result_are_pending_points():
    search = searcher()
    configs = [search.suggest(str(k)) for k in range(8)]
    assert n_pending(search) == 8
    assert len({json.dumps(config) for config in configs}) == 8
    for k in range(8):
        search.on_trial_result(str(k), {"loss": 0.5})
        assert n_pending(search) == 8 - k
        search.on_trial_complete(str(k), {"loss": float(k)})
    assert values(search) == list(range(8))


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
    assert n_pending(search) == 7


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
    assert values(search) == [] and n_failed(search) == 1
    assert search.suggest("b") != first


NUMBERS = [
    *(3, 3.0, np.float32(3), np.int8(3), np.array(3.0), np.array([3])),
    *(Decimal(3), Fraction(3), "3", torch.tensor(3.0)),
]
NO_NUMBERS = [
    *(None, math.nan, np.float32("nan"), Decimal("NaN"), Decimal("sNaN")),
    *(10**400, -(10**5000), Fraction(10**400)),
    *("much", b"much", [3], (3,), {"loss": 3}, {3}, object, object()),
    *(3j, np.complex64(3), np.array(3j), np.zeros(2), np.zeros(0), torch.zeros(2)),
    *(np.datetime64("2020-01-01"), np.ma.masked, np.array(["a"])),
]


def type_of(value):
    return type(value).__name__


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", NUMBERS, ids=type_of)
def test_a_result_that_is_a_number_of_any_kind_counts(value, caplog):
    search = searcher()
    search.suggest("a")
    search.on_trial_result("a", {"loss": value})
    search.on_trial_complete("a", {"loss": value})
    search.add_evaluated_point(POINTS[0], value)
    assert values(search) == [3.0, 3.0]
    assert not caplog.records
    json.dumps(search.get_state(), allow_nan=False)


@pytest.mark.parametrize("value", [True, np.False_])
def test_a_result_that_is_true_or_false_counts_as_one_or_zero(value):
    search = searcher()
    search.suggest("a")
    search.on_trial_complete("a", {"loss": value})
    assert values(search) == [float(value)]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=type_of)
def test_a_result_that_is_no_number_counts_as_failed_with_one_warning(value, caplog):
    search = searcher()
    search.suggest("a")
    search.on_trial_result("a", {"loss": value})
    search.on_trial_result("a", {"loss": value})
    search.on_trial_complete("a", {"loss": value})
    assert values(search) == [] and n_failed(search) == 1
    (record,) = caplog.records
    message = record.getMessage()
    assert message.startswith("the objective of trial a is ") and len(message) < 250
    run(search, 3)


def test_a_value_whose_conversion_raises_anything_counts_as_failed(caplog):
    class Odd:
        def __float__(self):
            raise RuntimeError("no")

        def __repr__(self):
            raise RuntimeError("no")

    search = searcher(points_to_evaluate=POINTS, evaluated_rewards=[Odd(), 2.0])
    assert values(search) == [2.0] and n_failed(search) == 1
    assert "an object of type Odd" in caplog.text


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinite_results_are_results(value):
    search = searcher()
    search.suggest("a")
    search.on_trial_complete("a", {"loss": value})
    assert values(search) == [value]
    run(search, 12)


@pytest.mark.parametrize("mode", ["min", "max"])
def test_the_best_value_there_is_may_be_infinite(mode):
    def log_error(config):
        error = max(0.0, abs(config["x"] - 0.3) - 0.05)
        value = math.log10(error) if error > 0.0 else -math.inf
        return value if mode == "min" else -value

    space = {"x": tune.uniform(0.0, 1.0), "y": tune.uniform(0.0, 1.0)}
    search = searcher(space, mode=mode, policy="memory")
    run(search, 30, log_error)
    assert sum(map(math.isinf, values(search))) > 6  # a tenth of the space, so 3 by chance


def test_a_region_in_which_trials_fail_is_left_soon():
    space = {"x": tune.uniform(0.0, 1.0), "y": tune.uniform(0.0, 1.0)}
    for seed in range(3):
        search, failed = searcher(space, policy="memory", seed=seed), []
        for k in range(30):
            config = search.suggest(str(k))
            failed.append(config["x"] > 0.4)  # beside the optimum, and most of the space
            result = {"loss": (config["x"] - 0.35) ** 2 + (config["y"] - 0.5) ** 2}
            search.on_trial_complete(str(k), result=result, error=failed[-1])
        assert sum(failed[10:]) < 10 and sum(failed) == n_failed(search)


@pytest.mark.parametrize("policy", ["memory", "memory-kernel", "lstm", "dnc"])
def test_numpy_may_be_told_to_raise_on_every_underflow(policy):
    space = {"x": tune.uniform(0.0, 1.0), "y": tune.uniform(0.0, 1.0)}
    search = searcher(space, policy=policy)
    with np.errstate(all="raise"):
        run(search, 20, lambda config: (config["x"] - 0.3) ** 2 + config["y"])


def test_the_last_result_counts_where_a_scheduler_stops_a_trial():
    search = searcher()
    for name in "abc":
        search.suggest(name)
        search.on_trial_result(name, {"loss": 5.0})
        search.on_trial_result(name, {"loss": 4.0})
    search.on_trial_complete("a", {"loss": 3.0, "done": True})  # stopped while running
    search.on_trial_complete("b")  # stopped while paused
    search.on_trial_complete("c", {"done": True})  # returned without another report
    assert values(search) == [3.0, 4.0, 4.0]


def test_a_trial_that_never_started_leaves_nothing():
    search = searcher({"n": tune.randint(0, 1000)})
    search.suggest("a")
    search.on_trial_complete("a")
    assert values(search) == [] and n_failed(search) == n_pending(search) == 0
    assert len(trials(search)) == 1  # its number stays taken


def test_a_missing_metric_is_named(caplog):
    search = searcher()
    search.suggest("a")
    search.on_trial_result("a", {"accuracy": 0.5})
    search.on_trial_complete("a", {"accuracy": 0.5, "done": True})
    assert "without metric 'loss'" in caplog.text and "accuracy" in caplog.text
    assert n_pending(search) == 0


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
    (adopted,) = trials(search)
    assert adopted.value == 2.0
    twin = searcher()
    twin.add_evaluated_point(config, 2.0)
    assert adopted.u == trials(twin)[0].u


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
    assert values(search) == []
    search.on_trial_complete("a", {"loss": 1.0})
    assert values(search) == [1.0] and n_failed(search) == 0


def test_the_same_trial_gets_the_same_config_again():
    search = searcher(points_to_evaluate=[run(searcher(), 1)[0]])
    for name in "abb":
        config = search.suggest(name)
        assert search.suggest(name) == config
    assert len(trials(search)) == 2


def test_a_metric_may_be_nested_as_ray_flattens_it():
    search = searcher(metric="eval/loss")
    search.suggest("a")
    search.on_trial_complete("a", {"eval/loss": 2.0})
    assert values(search) == [2.0]


@pytest.mark.parametrize("told", [0, 1, 30])
def test_hundreds_of_trials_may_run_at_once(told):
    search = searcher(policy="memory")
    run(search, told)
    configs = [search.suggest(f"running {k}") for k in range(400)]
    assert n_pending(search) == 400
    assert len({json.dumps(config) for config in configs}) == 400
