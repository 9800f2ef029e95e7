"""Failures are recorded, and runs resume."""

from dataclasses import replace

import pytest

from hpo_benchmarks.problems import functions
from hpo_benchmarks.rows import read_rows
from hpo_benchmarks.runner import cells_of, run, unfinished
from tests.hpo_benchmarks.made_up import METHODS, a_problem

BRANIN = functions.classic_problem("branin")


def broken(params, seed):
    raise ZeroDivisionError("no such luck")


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failing_cell_is_recorded_and_stops_no_other(tmp_path, jobs):
    problems = [a_problem(name="bad", objective=broken), a_problem()]
    cells = cells_of(problems, [METHODS["random"]], seeds=2, trials=3)
    assert run(cells, tmp_path / "rows.jsonl", jobs=jobs) == 2
    rows = read_rows([tmp_path / "rows.jsonl"])
    errors = {row.problem: row.error for row in rows}
    assert errors == {"bad": "ZeroDivisionError: no such luck", "squares": None}
    assert len(rows) == 4


def test_resuming_skips_finished_cells_and_repeats_failed_ones(tmp_path):
    out = tmp_path / "rows.jsonl"
    method = METHODS["random"]
    run(cells_of([a_problem(objective=broken)], [method], seeds=1, trials=3), out, jobs=1)
    run(cells_of([a_problem()], [method], seeds=2, trials=3)[1:], out, jobs=1)
    todo = unfinished(cells_of([a_problem()], [method], seeds=3, trials=3), read_rows([out]))
    assert [cell.seed for cell in todo] == [0, 2]
    run(todo, out, jobs=1)
    assert unfinished(todo, read_rows([out])) == []
    assert all(row.error is None for row in read_rows([out]))


def test_a_new_version_of_a_method_reruns_and_replaces_its_rows(tmp_path):
    out, old = tmp_path / "rows.jsonl", METHODS["random"]
    cells = cells_of([a_problem()], [old], seeds=1, trials=3)
    run(cells, out, jobs=1)
    retrained = replace(old, version="retrained")
    cells = cells_of([a_problem()], [retrained], seeds=1, trials=3)
    assert unfinished(cells, read_rows([out])) == cells
    run(cells, out, jobs=1)
    assert [row.method_version for row in read_rows([out])] == ["retrained"]


def test_a_line_cut_off_by_a_kill_is_run_again(tmp_path):
    out = tmp_path / "rows.jsonl"
    cells = cells_of([a_problem()], [METHODS["random"]], seeds=2, trials=3)
    run(cells, out, jobs=1)
    out.write_text(out.read_text()[:-20])
    todo = unfinished(cells, read_rows([out]))
    assert todo == cells[1:]
    run(todo, out, jobs=1)
    assert len(read_rows([out])) == 2


def test_every_method_runs_the_same_seeds():
    cells = cells_of([BRANIN], METHODS.values(), seeds=20, trials=10)
    seeds = {}
    for cell in cells:
        seeds.setdefault(cell.method.name, []).append(cell.seed)
    assert {"random", "gp", "smac", "memory"} <= seeds.keys()
    assert all(found == list(range(20)) for found in seeds.values())


@pytest.mark.slow
def test_cells_run_on_ray(tmp_path):
    pytest.importorskip("ray")
    cells = cells_of([BRANIN], [METHODS["random"]], seeds=3, trials=3)
    assert run(cells, tmp_path / "rows.jsonl", jobs=2, ray_address="local") == 0
    assert {row.seed for row in read_rows([tmp_path / "rows.jsonl"])} == {0, 1, 2}
