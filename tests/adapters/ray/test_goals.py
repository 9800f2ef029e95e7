"""Constraints and several objectives of a LearnedSearcher."""

import logging
import math

import numpy as np
import pytest
from ray import tune

from l2l_sampler import LearnedSearcher
from l2l_sampler.adapters.ray.goal import Goal, checked_bounds

SPACE = {"x": tune.uniform(0.0, 1.0), "y": tune.uniform(0.0, 1.0)}
BOUNDS = {"outside": 0.0}


def disc(config):
    x, y = config["x"], config["y"]
    return {"loss": x + y, "outside": (x - 0.6) ** 2 + (y - 0.6) ** 2 - 0.09}


def two_bowls(config):
    u = np.array([config["x"], config["y"]])
    return {"a": float(((u - 0.2) ** 2).sum()), "b": float(((u - 0.8) ** 2).sum())}


def run(search, n, objective, first=0):
    results = []
    for k in range(first, first + n):
        results.append(objective(search.suggest(f"t{k}")))
        search.on_trial_complete(f"t{k}", results[-1])
    return results


def constrained(**options):
    return LearnedSearcher(SPACE, "loss", "min", seed=0, **{"constraints": BOUNDS} | options)


def several(mode=("min", "min"), **options):
    return LearnedSearcher(SPACE, ["a", "b"], list(mode), seed=0, **options)


def test_the_best_point_within_bounds_is_found():
    results = run(constrained(), 40, disc)
    best = min(r["loss"] for r in results if r["outside"] <= 0.0)
    assert best < 1.2 - 0.3 * math.sqrt(2.0) + 0.02


def test_a_least_value_is_the_negative_of_a_largest_one():
    def inside(config):
        result = disc(config)
        return result | {"inside": -result["outside"]}

    upper, lower = constrained(), constrained(constraints={"inside": (0.0, None)})
    run(upper, 10, inside)
    run(lower, 10, inside)
    assert upper.suggest("next") == lower.suggest("next")


def test_a_bound_may_be_anywhere():
    def moved(config):
        result = disc(config)
        return result | {"outside": result["outside"] + 7.0}

    plain, other = constrained(), constrained(constraints={"outside": 7.0})
    run(plain, 10, disc)
    run(other, 10, moved)
    first, second = plain.suggest("next"), other.suggest("next")
    assert first["x"] == pytest.approx(second["x"], abs=1e-4)


def test_a_trial_that_fails_tells_what_it_has_reported():
    search, blind = constrained(), constrained(constraints=None)
    for one in (search, blind):
        run(one, 8, disc)
        config = one.suggest("fails")
        one.on_trial_result("fails", disc(config) | {"training_iteration": 1})
        one.on_trial_complete("fails", error=True)
    history = search._trials.history(2, search._goal)
    assert history.failed[-1] and not np.isnan(history.constraints[-1, 0])
    assert blind._trials.history(2, blind._goal).constraints.shape == (9, 0)


def test_a_constraint_that_is_not_reported_is_named_once(caplog):
    search = constrained(constraints={"latency": 1.0})
    with caplog.at_level(logging.WARNING):
        run(search, 3, disc)
    warnings = [r for r in caplog.records if "latency" in r.getMessage()]
    assert len(warnings) == 1 and "counts as met" in warnings[0].getMessage()


@pytest.mark.parametrize("signs", [(1, 1), (-1, 1), (-1, -1)])
def test_the_whole_front_is_found_whatever_the_modes(signs):
    modes = ["min" if sign > 0 else "max" for sign in signs]

    def objective(config):
        result = two_bowls(config)
        return {"a": signs[0] * result["a"], "b": signs[1] * result["b"]}

    results = run(several(modes), 30, objective)
    found = np.array([[r["a"], r["b"]] for r in results]) * signs
    assert found.min(axis=0).max() < 0.05
    sums = np.sqrt(found[10:]).sum(axis=1)
    assert np.median(sums) < 1.1 * 0.6 * math.sqrt(2.0)


def test_a_trial_needs_all_its_objectives(caplog):
    search = several()
    run(search, 3, two_bowls)
    search.suggest("half")
    with caplog.at_level(logging.WARNING):
        search.on_trial_complete("half", {"a": 1.0})
    assert "without metric ['a', 'b']" in caplog.text
    search.suggest("nan")
    search.on_trial_complete("nan", {"a": 1.0, "b": math.nan})
    history = search._trials.history(2, search._goal)
    assert list(history.failed) == [False] * 3 + [True] * 2


def test_what_is_known_from_elsewhere_counts():
    point, values = {"x": 0.2, "y": 0.2}, [0.0, 0.72]
    search = several(points_to_evaluate=[point], evaluated_rewards=[values])
    search.add_evaluated_point({"x": 0.8, "y": 0.8}, (0.72, 0.0))
    history = search._trials.history(2, search._goal)
    assert history.objectives.tolist() == [values, [0.72, 0.0]]
    with pytest.raises(ValueError, match="give one for each of 'a', 'b'"):
        search.add_evaluated_point(point, 1.0)


@pytest.mark.parametrize(
    ("make", "objective"), [(constrained, disc), (several, two_bowls)], ids=["bounds", "several"]
)
def test_a_restored_searcher_goes_on_where_it_was(tmp_path, make, objective):
    search = make()
    run(search, 9, objective)
    search.save(tmp_path / "state")
    twin = LearnedSearcher()
    twin.restore(tmp_path / "state")
    for one in (search, twin):
        run(one, 3, objective, first=9)
    assert search.suggest("next") == twin.suggest("next")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metric": ["a", "b", "c"]}, "metric and mode"),
        ({"mode": ["min", "low"]}, "metric and mode"),
        ({"constraints": {"a": "much"}}, "constraints"),
        ({"constraints": {"a": [3.0, 1.0]}}, "constraints"),
    ],
)
def test_a_state_whose_goal_cannot_be_is_refused(change, field):
    search = several()
    run(search, 2, two_bowls)
    with pytest.raises(ValueError, match=field):
        several().set_state(search.get_state() | change)


@pytest.mark.parametrize(
    "row",
    [{"others": []}, {"others": [1.0, 2.0]}, {"others": ["1"]}, {"limits": {"a": "1"}}],
)
def test_a_state_whose_trials_do_not_fit_its_goal_is_refused(row):
    search = several()
    run(search, 2, two_bowls)
    state = search.get_state()
    state["trials"][0] |= row
    with pytest.raises(ValueError, match=next(iter(row))):
        several().set_state(state)


def test_violations_are_above_0_where_a_bound_is_passed():
    goal = Goal.of("loss", "min", checked_bounds({"a": 2.0, "b": (0.5, 1.5)}))
    assert goal.violations({"a": 3.0, "b": 0.25}) == [1.0, -1.25, 0.25]
    assert all(map(math.isnan, goal.violations({})))


def test_a_searcher_says_in_a_line_what_it_is():
    searcher = LearnedSearcher(metric=["a", "b"], mode=["min", "max"], policy="lstm", seed=3)
    said = "LearnedSearcher(metric=['a', 'b'], mode=['min', 'max'], policy='lstm', seed=3)"
    assert str(searcher) == said
    assert str(LearnedSearcher(seed=0)) == (
        "LearnedSearcher(metric=None, mode=None, policy='memory', seed=0)"
    )
