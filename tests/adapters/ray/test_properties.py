"""What a searcher is told in its constructor, and by the Tuner."""

import copy
import math
from pathlib import Path

import pytest
from ray import tune
from ray.tune.impl.placeholder import create_resolvers_map, inject_placeholders

from l2l_sampler import LearnedSearcher
from tests.adapters.ray.driving import POINTS, POLICY, SPACE, run, searcher, values
from tests.untrained import untrained


def test_everything_may_come_from_the_tuner():
    search = LearnedSearcher(policy=POLICY, seed=0)
    assert search.set_search_properties("loss", "min", SPACE, num_samples=4)
    assert run(search, 4) == run(searcher(), 4)


def test_without_a_metric_the_anonymous_one_of_ray_is_used():
    search = searcher(metric=None)
    search.suggest("a")
    search.on_trial_complete("a", {"_metric": 2.0})
    assert values(search) == [2.0]
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
        *[({"seed": seed}, TypeError, "seed must be a whole number") for seed in (1.5, True, "1")],
        *[({"n_trials": n}, TypeError, "n_trials must be a whole number") for n in (2.5, True)],
        ({"policy": "memroy"}, ValueError, "no policy 'memroy'"),
        ({"policy": 3}, TypeError, "policy is a int"),
        ({"policy": "missing.safetensors"}, FileNotFoundError, "missing.safetensors"),
        ({"policy": untrained("lstm", 3)}, ValueError, "no model for a search space of 7 axes"),
        ({"space": [1]}, TypeError, r"space must be a dict of domains, got \[1\]"),
        ({"space": {}}, ValueError, "holds no parameter; give at least one domain"),
        ({"space": {"a": 1, "b": [2]}}, ValueError, "holds no parameter"),
        ({"space": {"x": tune.grid_search([1])}}, ValueError, "tune.choice"),
        ({"space": {"n": tune.randint(0, 10**400)}}, ValueError, "too large"),
        ({"metric": 3}, TypeError, "metric must be the name of what trials report, got 3"),
        ({"mode": "minimize"}, ValueError, "'min' or 'max', got 'minimize'"),
        ({"metric": ["a", "b"], "mode": "min"}, ValueError, "lists of the same length"),
        ({"metric": ["a", "b"], "mode": ["min"]}, ValueError, "lists of the same length"),
        ({"metric": ["a", "a"], "mode": ["min", "min"]}, ValueError, "names an objective twice"),
        ({"metric": ["a", 3], "mode": ["min", "min"]}, TypeError, "name of what trials report"),
        ({"constraints": ["latency"]}, TypeError, "must be a dict"),
        ({"constraints": {3: 1.0}}, TypeError, "name what trials report"),
        ({"constraints": {"a": "low"}}, ValueError, r"constraints\['a'\] has the bound 'low'"),
        ({"constraints": {"a": (None, None)}}, ValueError, "largest allowed value, or a pair"),
        ({"constraints": {"a": (2, 1)}}, ValueError, "2.0 is above 1.0"),
        ({"constraints": {"a": math.inf}}, ValueError, "has the bound inf"),
        ({"n_trials": 0}, ValueError, "n_trials must be at least 1"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"evaluated_rewards": [1.0]}, ValueError, "1 values for 0 points_to_evaluate"),
        ({"evaluated_rewards": 1.0}, TypeError, "evaluated_rewards must be a list, got 1.0"),
        ({"points_to_evaluate": {"x": 0.5}}, TypeError, "points_to_evaluate must be a list, got"),
        ({"points_to_evaluate": [3]}, ValueError, r"points_to_evaluate\[0\]: a config must be"),
        ({"points_to_evaluate": [{"x": 0.5}]}, ValueError, r"points_to_evaluate\[0\]: expected"),
    ],
)
def test_mistakes_are_named_at_once(options, error, message):
    with pytest.raises(error, match=message):
        searcher(**options)


def test_an_unknown_policy_is_named_before_the_space_is_known():
    with pytest.raises(ValueError, match="no policy 'memroy'"):
        LearnedSearcher(policy="memroy")


@pytest.mark.parametrize("policy", ["lstm", Path("own.safetensors"), POLICY])
def test_a_policy_in_place_of_the_space_is_told_where_it_goes(policy):
    with pytest.raises(TypeError, match=r"first argument .* is the search space.*policy="):
        LearnedSearcher(policy)


def through_tune(space):
    """The space as a searcher sees it if it is given to a `Tuner`."""
    return inject_placeholders(copy.deepcopy(space), create_resolvers_map())


def test_functions_of_the_config_beside_domains_are_left_to_ray():
    space = {"double": tune.sample_from(lambda config: 2 * config["x"]), "x": tune.uniform(0, 1)}
    search = LearnedSearcher(policy=POLICY, seed=0)
    assert search.set_search_properties("loss", "min", through_tune(space))
    assert set(search.suggest("a")) == {"double", "x"}


@pytest.mark.parametrize("constant", [2, "text", {"nested": [1, 2]}])
def test_a_space_of_functions_alone_says_that_they_cannot_be_searched(constant):
    space = {"x": tune.sample_from(lambda config: 1), "constant": constant}
    search = LearnedSearcher(policy=POLICY)
    with pytest.raises(ValueError, match="nothing to search: tune.sample_from hides"):
        search.set_search_properties("loss", "min", through_tune(space))


def test_a_space_that_is_refused_changes_nothing():
    search = LearnedSearcher(policy=POLICY, points_to_evaluate=POINTS, evaluated_rewards=[1, 2])
    before = search.get_state()
    for space in ({"x": tune.grid_search([1])}, SPACE | {"x": tune.uniform(0, 0.2)}):
        with pytest.raises(ValueError):
            search.set_search_properties("loss", "min", space)
        assert search.get_state() == before
    assert search.set_search_properties("loss", "min", SPACE)
    assert values(search) == [1, 2]
