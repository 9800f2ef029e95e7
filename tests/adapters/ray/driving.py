"""A LearnedSearcher driven by hand, as Ray Tune drives it, without a cluster."""

import math

from ray import tune

from l2l_sampler import LearnedSearcher
from l2l_sampler.adapters.ray.state import State
from tests.untrained import untrained

POLICY = untrained("memory", None)
SPACE = {
    "x": tune.uniform(-1.0, 1.0),
    "rate": tune.loguniform(1e-5, 1.0),
    "n": tune.lograndint(1, 65),
    "c": tune.choice(["a", "b", "c"]),
    "s": tune.quniform(0.0, 1.0, 0.25),
}
POINTS = [
    {"x": 0.1, "rate": 1e-3, "n": 8, "c": "a", "s": 0.25},
    {"x": -0.7, "rate": 0.3, "n": 64, "c": "c", "s": 1.0},
]


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


def trials(search):
    """What the searcher knows of its trials."""
    return State.from_json(search.get_state()).trials.trials


def values(search):
    """Objectives of the trials that have ended with one."""
    return [t.value for t in trials(search) if t.told is not None and t.value is not None]


def n_pending(search):
    return sum(t.told is None for t in trials(search))


def n_failed(search):
    return sum(t.told is not None and t.value is None and not t.stopped for t in trials(search))


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
