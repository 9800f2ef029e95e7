"""The state of a searcher goes to disk and back."""

import copy
import inspect
import json
import math
import textwrap

import pytest
from ray import cloudpickle, tune

from l2l_sampler import LearnedSearcher
from l2l_sampler.adapters.ray.state import State
from l2l_sampler.adapters.ray.trials import TrialTable
from tests.adapters.ray.driving import (
    POINTS,
    POLICY,
    SPACE,
    in_flight,
    n_pending,
    run,
    searcher,
    values,
)


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
    assert n_pending(twin) == n_pending(search) == 5
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
    assert state["format"] == "l2l-sampler searcher" and state["version"] == 4
    assert len(state["trials"]) == 13


def test_a_file_of_version_3_is_read_too(tmp_path):
    """It knew one objective and no constraints."""
    search = in_flight()
    search.save(tmp_path / "state")
    state = json.loads((tmp_path / "state").read_text())
    state["version"] = 3
    del state["constraints"]
    for row in state["trials"]:
        del row["others"], row["limits"]
    (tmp_path / "old").write_text(json.dumps(state))
    twin = searcher()
    twin.restore(tmp_path / "old")
    assert twin.suggest("next") == search.suggest("next")


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
        (
            '{"format": "l2l-sampler searcher", "version": 9}',
            "version 9.*reads 4",
        ),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    (tmp_path / "file").write_text(text)
    with pytest.raises(ValueError, match=f"file cannot be restored: .*{message}"):
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
    assert n_pending(search) == 5
    assert n_pending(twin) == 3  # t2, t3 and t6
    assert values(twin) == values(search)


def test_the_policy_name_is_part_of_the_state(tmp_path):
    search = searcher(policy="memory-kernel")
    search.save(tmp_path / "state")
    twin = LearnedSearcher()
    twin.restore(tmp_path / "state")
    assert run(twin, 6) == run(search, 6)


def test_a_trial_table_survives_json():
    table = TrialTable()
    for k, value in enumerate([1.0, math.inf, math.nan]):
        trial = table.ask(f"{k}", ([0.1, 1 / 3], {"x": 5}))
        for step in range(1, 100):
            table.report(trial, [-math.inf if step == 7 else 0.1 * step], step)
        table.tell(trial, [value], 100, cut=True)
    table.ask(None, ([0.5, 0.5], {}))
    state = State("loss", "min", {}, None, None, 0, True, {"dict": []}, [], table)
    text = json.dumps(state.to_json(), allow_nan=False)
    back = State.from_json(json.loads(text)).trials
    assert back == table
    assert back.get("1") is back.trials[1]


def test_the_life_cycle_in_the_docstring_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paragraphs = inspect.getdoc(LearnedSearcher).split("\n\n")
    (code,) = (textwrap.dedent(p) for p in paragraphs if p.startswith("    search = "))
    names = {"tune": tune, "LearnedSearcher": LearnedSearcher}
    exec(code, names)
    assert values(names["search"]) == [36.0, 1.0]
    assert n_pending(names["search"]) == 1 and 0.0 <= names["config"]["x"] < 20.0
