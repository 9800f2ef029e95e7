"""Every shipped policy is a benchmark method."""

import pytest

from hpo_benchmarks.methods.catalogue import learned_methods, methods
from hpo_benchmarks.problems import functions, tabular
from hpo_benchmarks.study import Cell, run_cell
from l2l_sampler import registry
from l2l_sampler.checkpoint import save
from tests.untrained import untrained
from train.ship import ship

SIX_AXES = tabular.load_table(tabular.OWN_TABLES / "svc-digits.npz")  # 3 numbers, 3 kernels


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Untrained weights: the default policy for any dimension, LSTMs for 1, 3 and 6."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "index.json").write_text('{"aliases": {}, "models": []}')
    card, source = tmp_path / "card.md", tmp_path / "policy.safetensors"
    card.write_text("# A model")
    save(source, untrained("memory", 1))
    ship(source, "memory-posterior", card=card, alias="memory", weights=folder)
    for dim in (1, 3, 6):
        save(source, untrained("lstm", dim, horizon=100))
        ship(source, "lstm-oi", card=card, weights=folder)
    monkeypatch.setattr(registry, "WEIGHTS", folder)
    monkeypatch.setattr(registry, "MODELS", None)


def test_the_default_policy_goes_by_its_short_name_and_comes_first(shipped):
    assert [method.name for method in learned_methods()] == ["memory", "memory-told", "lstm-oi"]
    assert next(iter(methods())) == "memory"


def test_a_policy_for_single_dimensions_runs_only_there(shipped):
    lstm, table = (
        methods()["lstm-oi"],
        tabular.surrogate_problem(SIX_AXES, "tables", "nearest"),
    )
    suited = [
        functions.gp_problem(dim) for dim in (1, 3, 6, 9) if lstm.suits(functions.gp_problem(dim))
    ]
    assert [len(problem.space) for problem in suited] == [1, 3, 6]
    assert lstm.suits(table)  # C, gamma and coef0, and one axis for each of three kernels
    assert not lstm.suits(functions.classic_problem("branin"))


@pytest.mark.parametrize("name", ["memory", "lstm-oi"])
@pytest.mark.parametrize("suite", ["functions", "table"])
def test_rerunning_a_learned_policy_gives_the_same_row(shipped, name, suite):
    problem = (
        functions.gp_problem(3)
        if suite == "functions"
        else tabular.surrogate_problem(SIX_AXES, "tables", "nearest")
    )
    cell = Cell(problem, methods()[name], seed=0, trials=8)
    first, second = run_cell(cell, {}), run_cell(cell, {})
    assert first.error is None
    assert first.curve == second.curve and first.best_params == second.best_params


def test_retraining_a_policy_changes_its_version(shipped):
    before = {method.name: method.version for method in learned_methods()}
    assert before["memory"] != before["lstm-oi"]
    assert len(before["lstm-oi"].split("-")) == 3  # one hash a dimension
