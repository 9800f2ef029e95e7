"""Points that are given, results that are known before, and the bounds of what is proposed."""

import copy
import math

import pytest
from ray import tune
from ray.tune.impl.placeholder import create_resolvers_map, inject_placeholders

from l2l_sampler import LearnedSearcher
from tests.adapters.ray.driving import (
    POINTS,
    POLICY,
    SPACE,
    loss,
    n_failed,
    run,
    searcher,
    trials,
    values,
)


def test_given_points_are_evaluated_first_and_exactly():
    search = searcher(points_to_evaluate=POINTS)
    assert run(search, 2) == POINTS
    assert run(search, 1, first=2)[0] not in POINTS
    assert len(values(search)) == 3


def test_given_points_may_come_before_the_space():
    search = LearnedSearcher(policy=POLICY, points_to_evaluate=POINTS, seed=0)
    search.set_search_properties("loss", "min", SPACE)
    assert run(search, 2) == POINTS


def test_points_with_rewards_are_not_run():
    rewards = [loss(point) for point in POINTS]
    search = searcher(points_to_evaluate=POINTS, evaluated_rewards=rewards)
    assert values(search) == rewards
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
    assert values(search) == [2.0, 4.0] and n_failed(search) == 2
    with pytest.raises(ValueError, match="2 is no value of parameter 'x'"):
        search.add_evaluated_point(POINTS[0] | {"x": 2}, 1.0)


class Thing:
    """An object that Ray replaces by a placeholder."""


def test_points_with_objects_that_ray_has_replaced_say_where_to_give_the_space():
    space = {"thing": tune.choice([Thing, len]), "x": tune.uniform(0, 1)}
    point = {"thing": Thing, "x": 0.5}
    search = LearnedSearcher(policy=POLICY, points_to_evaluate=[point])
    replaced = inject_placeholders(copy.deepcopy(space), create_resolvers_map())
    message = r"points_to_evaluate\[0\]: .*Ray replaces objects.*LearnedSearcher\(space=\.\.\.\)"
    with pytest.raises(ValueError, match=message):
        search.set_search_properties("loss", "min", replaced)
    assert searcher(space, points_to_evaluate=[point]).suggest("a") == point


DOMAINS = {
    "uniform": tune.uniform(-3.0, 0.1),
    "loguniform": tune.loguniform(1e-6, 0.1),
    "far from zero": tune.uniform(0.1 - 4e-17, 0.1),
    "in a list": [tune.uniform(0.0, 0.1)],
    "in a choice": tune.choice([{"x": tune.loguniform(1e-3, 0.1)}, {"x": tune.uniform(0, 0.1)}]),
}


def number_in(config):
    while not isinstance(config, float):
        (config,) = config if isinstance(config, list) else config.values()
    return config


@pytest.mark.parametrize("name", DOMAINS)
def test_the_upper_bound_of_a_float_is_never_proposed(name, tmp_path):
    search = searcher({"p": DOMAINS[name]}, mode="max", policy="memory", deduplicate=False)
    numbers = [number_in(config) for config in run(search, 20, number_in)]
    assert max(numbers) < 0.1
    assert max(numbers) > 0.09  # though the objective lures it there
    search.save(tmp_path / "state")
    twin = LearnedSearcher()
    twin.restore(tmp_path / "state")
    assert [number_in(twin.suggest(f"t{k}")) for k in range(20)] == numbers
    assert number_in(twin.suggest("more")) < 0.1


def test_a_given_point_may_lie_on_the_upper_bound():
    space, point = {"x": tune.uniform(0.0, 1.0)}, {"x": 1.0}
    search = searcher(space, points_to_evaluate=[point])
    assert search.suggest("a") == point
    search.add_evaluated_point(point, 3.0)
    search.on_trial_complete("restarted", {"loss": 2.0, "config/x": 1.0})
    assert values(search) == [3.0, 2.0]
    assert [trial.u for trial in trials(search)] == [[1.0]] * 3


def test_a_float_whose_bounds_are_equal_has_that_value():
    search = searcher({"one": tune.uniform(1.0, 1.0), "x": tune.uniform(0.0, 1.0)})
    assert search.suggest("a")["one"] == 1.0
