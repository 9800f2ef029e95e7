"""What a LearnedSearcher says of its trials."""

import pytest
from ray import tune

from l2l_sampler import LearnedSearcher

SPACE = {
    "x": tune.uniform(0.0, 1.0),
    "kind": tune.choice([{"name": "a", "y": tune.loguniform(1e-3, 1.0)}, {"name": "b"}]),
}


def tuned(n, mode="max", **options):
    search = LearnedSearcher(SPACE, "score", mode, seed=0, **options)
    for k in range(n):
        config = search.suggest(f"t{k}")
        score = 5.0 - (config["x"] - 0.3) ** 2 - config["kind"].get("y", 0.5)
        if k % 5 == 4:
            search.on_trial_complete(f"t{k}", error=True)
        else:
            search.on_trial_complete(f"t{k}", {"score": score, "cost": config["x"]})
    return search


def test_effects_are_in_the_users_sense_and_units():
    search = tuned(30, constraints={"cost": (0.1, 0.8)})
    explanation = search.explain()
    titles = [reading.title for reading in explanation.readings]
    assert titles == [
        "objective",
        "chance of a value",
        "chance that 'cost at most 0.8' is met",
        "chance that 'cost at least 0.1' is met",
    ]
    assert 4.0 < explanation.best.value <= 5.0
    (cost,) = [name for name in explanation.readings[2].effects if name.endswith("x")]
    met = explanation.readings[2].effects[cost].mean
    assert met[0] > 0.9 > met[-1]
    assert explanation.conditions and "Next: " in str(explanation)


def test_too_few_trials_and_other_policies_are_errors():
    with pytest.raises(ValueError, match="nothing to explain yet: 2 trials"):
        tuned(2).explain()
    with pytest.raises(ValueError, match="no posterior"):
        tuned(5, policy="memory-kernel").explain()
    with pytest.raises(RuntimeError, match="search space"):
        LearnedSearcher().explain()
