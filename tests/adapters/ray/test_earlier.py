"""What earlier experiments tell a LearnedSearcher."""

import json

import numpy as np
import pytest
from ray import tune

from l2l_sampler import LearnedSearcher

SPACE = {name: tune.uniform(0.0, 1.0) for name in "abc"}


def bowl(centre, scale=1.0, offset=0.0):
    return lambda config: offset + scale * sum((config[name] - centre) ** 2 for name in "abc")


def run(search, n, objective, first=0):
    values = []
    for k in range(first, first + n):
        values.append(objective(search.suggest(f"t{k}")))
        search.on_trial_complete(f"t{k}", {"loss": values[-1]})
    return values


def searcher(earlier=(), space=SPACE, mode="min", seed=0, **options):
    return LearnedSearcher(space, "loss", mode, seed=seed, earlier=earlier, **options)


def pairs(objective, n=30):
    points = np.random.default_rng(0).random((n, 3))
    configs = [dict(zip("abc", point.tolist(), strict=True)) for point in points]
    return [(config, objective(config)) for config in configs]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The state of an experiment that maximised."""
    search = searcher(mode="max", seed=5)
    run(search, 25, lambda config: -bowl(0.7, scale=1e3)(config))
    file = tmp_path_factory.mktemp("earlier") / "state.json"
    search.save(file)
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The files of an experiment of Ray Tune, of which one trial reported nothing."""
    root = tmp_path_factory.mktemp("experiment")
    for k, (config, value) in enumerate(pairs(bowl(0.7, offset=9.0))):
        trial = root / f"trial_{k}"
        trial.mkdir()
        (trial / "params.json").write_text(json.dumps(config))
        lines = [{"loss": value + 1.0}, {"loss": value}] if k else []
        (trial / "result.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return root


@pytest.mark.parametrize("kind", ["pairs", "saved", "folder"])
def test_a_related_experiment_leads_to_the_best_place_at_once(kind, saved, folder):
    given = {"pairs": pairs(bowl(0.7)), "saved": saved, "folder": str(folder)}[kind]
    values = run(searcher([given]), 5, bowl(0.72))
    assert min(values) < 0.03
    assert min(run(searcher(), 5, bowl(0.72))) > min(values)


def test_configs_outside_of_the_space_are_left_out_and_missing_values_rest():
    space = SPACE | {"d": tune.uniform(-1.0, 1.0)}
    given = [*pairs(bowl(0.7)), ({"a": 5.0, "b": 0.5, "c": 0.5}, -100.0)]
    search = searcher([given], space)
    config = search.suggest("first")
    assert max(abs(config[name] - 0.7) for name in "abc") < 0.3


def test_failed_trials_of_earlier_experiments_count():
    given = [(c, float("nan") if c["a"] > 0.5 else v) for c, v in pairs(bowl(0.7))]
    assert searcher([given]).suggest("first")["a"] < 0.55


@pytest.mark.parametrize(
    ("earlier", "error", "words"),
    [
        ("state.json", TypeError, "must be a list"),
        (["nowhere.json"], FileNotFoundError, r"earlier\[0\]: there is nothing at nowhere"),
        ([3], TypeError, r"earlier\[0\] is 3"),
        ([[({"a": 1}, 0.0, 0.0)]], ValueError, r"earlier\[0\] cannot be read: .*no pair"),
        ([[({"a": 1}, [0.0, 0.0])]], ValueError, "2 objectives, and this experiment 1"),
    ],
)
def test_what_cannot_be_an_earlier_experiment_is_refused(earlier, error, words):
    with pytest.raises(error, match=words):
        searcher(earlier).suggest("a")


def test_other_files_and_folders_are_refused(tmp_path):
    (tmp_path / "other.json").write_text("{}")
    for given, words in ((tmp_path / "other.json", "LearnedSearcher"), (tmp_path, "no trial")):
        with pytest.raises(ValueError, match=words):
            searcher([given]).suggest("a")


def test_policies_that_cannot_learn_from_earlier_experiments_say_so():
    search = searcher([pairs(bowl(0.7))], policy="memory-kernel")
    with pytest.raises(ValueError, match="does not learn from earlier experiments"):
        search.suggest("a")
