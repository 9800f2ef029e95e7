"""A row says which code it comes from, and code that no commit holds is refused."""

import json
from dataclasses import replace

import pytest

from hpo_benchmarks import __main__ as command_line
from hpo_benchmarks import runner, sources
from hpo_benchmarks.problems.suites import SUITES
from hpo_benchmarks.problems.tabular import HPOLIB
from hpo_benchmarks.rows import read_rows, write_packed
from hpo_benchmarks.study import Cell
from tests.hpo_benchmarks.made_up import METHODS, a_problem, a_row


@pytest.fixture
def digest(tmp_path, monkeypatch):
    """The digest of a module of this code."""
    monkeypatch.setattr(sources, "ROOT", tmp_path)

    def digest(code):
        (tmp_path / "module.py").write_text(code)
        return sources.code_digest([tmp_path / "module.py"])

    return digest


def test_comments_docstrings_and_layout_change_no_digest(digest):
    plain = digest("def f(x):\n    return x + 1\n")
    assert (
        digest('"""A module."""\n\n\ndef f(x):\n    """Adds."""\n    return x + 1  # one\n')
        == plain
    )
    assert digest("def f(\n    x,\n):\n    return (x + 1)\n") == plain


@pytest.mark.parametrize(
    "code",
    [
        "def f(x):\n    return x + 2\n",
        "def f(x):\n    return x - 1\n",
        "def f(x, y=None):\n    return x + 1\n",
        "async def f(x):\n    return x + 1\n",
        "def f(x):\n    return x + 1.0\n",
        "def f(x):\n    return 'x + 1'\n",
    ],
)
def test_what_a_module_does_changes_its_digest(digest, code):
    assert digest(code) != digest("def f(x):\n    return x + 1\n")


def test_the_modules_behind_a_suite_are_those_that_it_imports():
    names = {path.name for path in sources.modules_behind("hpo_benchmarks.problems.rough")}
    assert {"rough.py", "terrain.py", "problem.py"} <= names
    assert not names & {"neural.py", "catalogue.py", "scores.py"}


def test_every_suite_names_the_module_that_defines_its_problems():
    assert sources.MODULES.keys() == SUITES.keys()


@pytest.mark.parametrize("suite", SUITES)
def test_the_module_of_a_suite_has_the_code_of_its_problems_behind_it(suite):
    behind = sources.modules_behind(f"hpo_benchmarks.problems.{sources.MODULES[suite]}")
    try:
        problems = SUITES[suite](HPOLIB)
    except FileNotFoundError:
        pytest.skip("HPOLib's tables are not there")
    for problem in problems:
        found = problem.objective
        code = getattr(getattr(found, "func", found), "__code__", None)
        if code is not None:
            assert any(str(path) == code.co_filename for path in behind), problem.name


def test_our_code_counts_for_our_methods_alone(monkeypatch):
    ours, peer = (Cell(a_problem(), METHODS[name], 0, 3).sources for name in ("memory", "tpe"))
    sources.digest_of.cache_clear()
    monkeypatch.setattr(sources, "NOT_PROPOSING", (*sources.NOT_PROPOSING, "policies"))
    try:
        assert Cell(a_problem(), METHODS["tpe"], 0, 3).sources == peer
        assert Cell(a_problem(), METHODS["memory"], 0, 3).sources != ours
    finally:
        sources.digest_of.cache_clear()


def test_what_tells_a_sampler_of_earlier_studies_counts():
    told = METHODS["memory"]
    assert told.sources("transfer") != replace(told, told=None).sources("transfer")


def test_rows_of_other_code_are_run_again(tmp_path, monkeypatch):
    out, cells = tmp_path / "rows.jsonl", [Cell(a_problem(), METHODS["random"], 0, 3)]
    runner.run(cells, out, jobs=1)
    (row,) = read_rows([out])
    assert row.packages["optuna"] and row.machine and len(row.sources) == sources.DIGITS
    assert runner.unfinished(cells, [row]) == []
    assert runner.unfinished(cells, [replace(row, sources="another")]) == cells


@pytest.mark.parametrize("commit", [None, "0123456789ab-dirty"])
def test_code_that_no_commit_holds_is_refused(monkeypatch, commit):
    monkeypatch.setattr(runner, "revision", lambda: commit)
    with pytest.raises(ValueError, match="--dirty"):
        runner.refuse_dirty_tree()
    monkeypatch.setattr(runner, "revision", lambda: "0123456789ab")
    runner.refuse_dirty_tree()


def test_of_a_method_that_is_not_installed_the_code_alone_is_compared():
    absent = replace(METHODS["ax"], version="ax-platform, not installed")
    assert not absent.installed and METHODS["tpe"].installed
    row = a_row("ax", [1.0], commit="0123456789ab", sources=absent.sources("paper"))
    assert runner.stale([row], {"ax": absent}) == []
    old = replace(row, sources="0" * 12)
    assert runner.stale([old], {"ax": absent}) == [old]


def test_only_traceable_rows_are_packed(tmp_path, monkeypatch):
    monkeypatch.setattr(command_line, "PACKED", tmp_path / "packed.jsonl.gz")
    good = a_row("tpe", [1.0], sources="0" * 12, commit="0123456789ab")
    for bad in ({"commit": "0123456789ab-dirty"}, {"sources": None}, {"commit": "unknown"}):
        row = replace(good, seed=1, **bad)
        assert not row.traceable
        (tmp_path / "new.jsonl").write_text(good.to_json() + "\n" + row.to_json() + "\n")
        with pytest.raises(ValueError, match="1 of 2 rows"):
            command_line.pack_rows(tmp_path / "new.jsonl")
    (tmp_path / "new.jsonl").write_text(json.dumps(json.loads(good.to_json())) + "\n")
    command_line.pack_rows(tmp_path / "new.jsonl")
    assert read_rows([command_line.PACKED]) == [good]


def test_rows_below_the_optimum_are_neither_packed_nor_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(command_line, "PACKED", tmp_path / "packed.jsonl.gz")
    row = a_row("tpe", [1.0], optimum=1.0 + 1e-7, sources="0" * 12, commit="0123456789ab")
    command_line.refuse_impossible([row, replace(row, optimum=None)])
    wrong = replace(row, seed=1, optimum=1.1)
    with pytest.raises(ValueError, match="1 of 2 rows end below .* seed 1: 1.0 below 1.1"):
        command_line.refuse_impossible([row, wrong])
    (tmp_path / "new.jsonl").write_text(wrong.to_json() + "\n")
    with pytest.raises(ValueError, match="below the optimum"):
        command_line.pack_rows(tmp_path / "new.jsonl")


def test_packing_leaves_no_rows_of_two_versions_of_a_method_on_a_suite(tmp_path, monkeypatch):
    monkeypatch.setattr(command_line, "PACKED", tmp_path / "packed.jsonl.gz")
    known = {"sources": "0" * 12, "commit": "0123456789ab"}
    same = [a_row("tpe", [1.0], seed=seed, **known) for seed in range(3)]
    other_suite = a_row("tpe", [1.0], suite="rough", sources="1" * 12)
    other_method = a_row("gp", [1.0])
    old = [a_row("tpe", [2.0], seed=4), a_row("tpe", [2.0], seed=5, sources="2" * 12)]
    write_packed([*same[1:], *old, other_suite, other_method], command_line.PACKED)
    (tmp_path / "new.jsonl").write_text(same[0].to_json() + "\n")
    command_line.pack_rows(tmp_path / "new.jsonl")
    kept = read_rows([command_line.PACKED])
    assert len(kept) == 5
    assert all(row in kept for row in [*same, other_suite, other_method])


def test_rows_of_other_code_are_not_reported(tmp_path, monkeypatch, capsys):
    method = METHODS["tpe"]
    today = {"method_version": method.version, "sources": method.sources("paper")}
    row = replace(a_row("tpe", [1.0], commit="0123456789ab"), **today)
    assert runner.stale([row], METHODS) == []
    for change in (
        {"sources": "0" * 12},
        {"sources": None},
        {"commit": "unknown"},
        {"method_version": "another"},
        {"method": "gone"},
    ):
        old = replace(row, **change)
        assert runner.stale([row, old], METHODS) == [old]
        with pytest.raises(ValueError, match="1 of 2 rows .* paper .*--stale"):
            command_line.refuse_stale([row, old])
