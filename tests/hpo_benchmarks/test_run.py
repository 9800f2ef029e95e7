"""Cells repeat themselves, failures are recorded, and runs resume."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import optuna
import pytest
from numpy.testing import assert_allclose

from hpo_benchmarks import __main__ as command_line
from hpo_benchmarks import runner
from hpo_benchmarks.methods.catalogue import Method, cube_dim, make_sampler, methods
from hpo_benchmarks.problems import functions, tabular
from hpo_benchmarks.problems.problem import Problem, unit_space
from hpo_benchmarks.runner import Cell, cells_of, read_rows, run, run_cell, unfinished

TIMES = {"clock", "objective_seconds"}
VERSION = {"version": "0", "commit": "0"}
BRANIN = functions.classic_problem("branin")
METHODS = methods()


def sum_of_squares(params, seed):
    return sum((value - 0.3) ** 2 for value in params.values())


def broken(params, seed):
    raise ZeroDivisionError("no such luck")


def a_problem(**changes):
    problem = Problem("squares", "test", unit_space(2), sum_of_squares, "made up", "nothing")
    return replace(problem, **changes)


def without_times(row):
    return {key: value for key, value in row.items() if key not in TIMES}


@pytest.mark.parametrize("workers", [1, 5])
@pytest.mark.parametrize("name", [name for name in METHODS if not name.startswith("smac")])
def test_rerunning_a_cell_gives_the_same_row(name, workers):
    problem = replace(functions.gp_problem(3), workers=workers)
    if not METHODS[name].suits(problem):
        pytest.skip(f"{name} does not run this problem")
    cell = Cell(problem, METHODS[name], seed=1, trials=12)
    first, second = run_cell(cell, VERSION), run_cell(cell, VERSION)
    assert "error" not in first
    assert without_times(first) == without_times(second)


@pytest.mark.slow
def test_rerunning_smac_in_another_process_gives_the_same_rows(tmp_path):
    found = []
    for name in ("first", "second"):
        out = tmp_path / f"{name}.jsonl"
        command = [sys.executable, "-m", "hpo_benchmarks", "run", "control", "--methods", "smac"]
        command += ["--seeds", "1", "--trials", "45", "--jobs", "1", "--out", str(out)]
        subprocess.run(command, check=True, cwd=runner.ROOT, capture_output=True)
        found.append([without_times(row) for row in read_rows([out])])
    assert found[0] == found[1] and len(found[0]) == 1
    assert "error" not in found[0][0]


@pytest.mark.parametrize("name", METHODS)
def test_every_method_takes_mixed_spaces_and_answers_with_plain_values(name):
    table = tabular.load_table(tabular.OWN_TABLES / "sgd-digits.npz")
    problem = tabular.surrogate_problem(table, "tables", "nearest")
    if not METHODS[name].suits(problem):
        pytest.skip(f"{name} does not run this problem")
    study = optuna.create_study(sampler=make_sampler(METHODS[name], 0, problem.space, 4))
    for _ in range(3):
        trial = study.ask(dict(problem.space))
        assert {type(value) for value in trial.params.values()} == {float, int, str}
        study.tell(trial, problem.objective(trial.params, 0))


def test_a_curve_falls_and_has_one_value_a_trial():
    row = run_cell(Cell(BRANIN, METHODS["random"], 0, 15), VERSION)
    assert len(row["curve"]) == len(row["clock"]) == 15
    assert np.all(np.diff(row["curve"]) <= 0) and np.all(np.diff(row["clock"]) >= 0)


def test_five_workers_are_asked_before_the_first_result():
    log = []

    class Spy(optuna.samplers.RandomSampler):
        def sample_independent(self, study, trial, name, distribution):
            if name == "x0":
                log.append(sum(t.state == optuna.trial.TrialState.RUNNING for t in study.trials))
            return super().sample_independent(study, trial, name, distribution)

    method = Method("spy", lambda seed, space, n_trials: Spy(seed=seed), "1")
    row = run_cell(Cell(a_problem(workers=5), method, 0, 20), VERSION)
    assert len(row["curve"]) == 20
    assert log[:5] == [1, 2, 3, 4, 5] and set(log[5:]) == {5}


def test_seeds_differ_and_methods_share_instances():
    rows = [run_cell(Cell(BRANIN, METHODS["random"], seed, 5), VERSION) for seed in (0, 1)]
    assert rows[0]["curve"] != rows[1]["curve"]
    # Random search and TPE's warm-up draw the same points from the same seed.
    tpe = run_cell(Cell(BRANIN, METHODS["tpe"], 0, 5), VERSION)
    assert tpe["curve"] == rows[0]["curve"]


def test_one_dimensional_problems_keep_their_queries():
    row = run_cell(Cell(functions.gp_problem(1), METHODS["random"], 0, 7), VERSION)
    draw = functions.gp_draw(1, 0)
    values = [float(draw(np.array([u]))) for u in row["queries"]]
    assert_allclose(np.minimum.accumulate(values), row["curve"])


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failing_cell_is_recorded_and_stops_no_other(tmp_path, jobs):
    problems = [a_problem(name="bad", objective=broken), a_problem()]
    cells = cells_of(problems, [METHODS["random"]], seeds=2, trials=3)
    assert run(cells, tmp_path / "rows.jsonl", jobs=jobs) == 2
    rows = read_rows([tmp_path / "rows.jsonl"])
    errors = {row["problem"]: row.get("error") for row in rows}
    assert errors == {"bad": "ZeroDivisionError: no such luck", "squares": None}
    assert len(rows) == 4


def test_an_objective_that_is_not_finite_is_an_error():
    row = run_cell(Cell(a_problem(objective=lambda *_: -np.inf), METHODS["random"], 0, 3), VERSION)
    assert "not finite" in row["error"] and "curve" not in row


def test_resuming_skips_finished_cells_and_repeats_failed_ones(tmp_path):
    out = tmp_path / "rows.jsonl"
    method = METHODS["random"]
    run(cells_of([a_problem(objective=broken)], [method], seeds=1, trials=3), out, jobs=1)
    run(cells_of([a_problem()], [method], seeds=2, trials=3)[1:], out, jobs=1)
    todo = unfinished(cells_of([a_problem()], [method], seeds=3, trials=3), read_rows([out]))
    assert [cell.seed for cell in todo] == [0, 2]
    run(todo, out, jobs=1)
    assert unfinished(todo, read_rows([out])) == []
    assert all("error" not in row for row in read_rows([out]))


def test_a_new_version_of_a_method_reruns_and_replaces_its_rows(tmp_path):
    out, old = tmp_path / "rows.jsonl", METHODS["random"]
    cells = cells_of([a_problem()], [old], seeds=1, trials=3)
    run(cells, out, jobs=1)
    retrained = replace(old, version="retrained")
    cells = cells_of([a_problem()], [retrained], seeds=1, trials=3)
    assert unfinished(cells, read_rows([out])) == cells
    run(cells, out, jobs=1)
    assert [row["method_version"] for row in read_rows([out])] == ["retrained"]


def test_a_line_cut_off_by_a_kill_is_run_again(tmp_path):
    out = tmp_path / "rows.jsonl"
    cells = cells_of([a_problem()], [METHODS["random"]], seeds=2, trials=3)
    run(cells, out, jobs=1)
    out.write_text(out.read_text()[:-20])
    todo = unfinished(cells, read_rows([out]))
    assert todo == cells[1:]
    run(todo, out, jobs=1)
    assert len(read_rows([out])) == 2


def test_packed_rows_read_the_same_and_depend_on_the_rows_alone(tmp_path):
    out, packed = tmp_path / "rows.jsonl", tmp_path / "packed" / "rows.jsonl.gz"
    run(cells_of([a_problem()], [METHODS["random"]], seeds=3, trials=3), out, jobs=1)
    rows = read_rows([out])
    runner.write_packed(rows, packed)
    content = packed.read_bytes()
    assert {row["seed"]: row["curve"] for row in read_rows([packed])} == {
        row["seed"]: row["curve"] for row in rows
    }
    runner.write_packed(rows[::-1], packed)
    assert packed.read_bytes() == content


def test_slow_methods_run_fewer_seeds():
    cells = cells_of([BRANIN], [METHODS["random"], METHODS["smac"]], seeds=20, trials=10)
    assert [cell.method.name for cell in cells].count("random") == 20
    assert [cell.method.name for cell in cells].count("smac") == 10


def test_methods_stay_out_of_problems_that_they_cannot_run():
    line, table = functions.gp_problem(1), tabular.own_problems()[0]
    assert not METHODS["cmaes"].suits(line)
    assert METHODS["gp-ei-true"].suits(line)
    assert not METHODS["gp-ei-true"].suits(table)
    assert not METHODS["gp-ei-true"].suits(replace(line, workers=5))


def test_a_categorical_parameter_counts_one_axis_for_each_choice():
    space = {
        "a": optuna.distributions.CategoricalDistribution(["x", "y", "z"]),
        "b": optuna.distributions.FloatDistribution(0, 1),
        "c": optuna.distributions.IntDistribution(3, 3),
    }
    assert cube_dim(space) == 4


def test_knowing_the_kernel_beats_random_search_on_gp_draws():
    def mean_best(name):
        cells = [Cell(functions.gp_problem(3), METHODS[name], seed, 25) for seed in range(4)]
        return np.mean([run_cell(cell, VERSION)["curve"][-1] for cell in cells])

    assert mean_best("gp-ei-true") < mean_best("random") - 0.3


def test_smac_names_a_parameter_that_it_cannot_take():
    space = {"a": optuna.distributions.FloatDistribution(0, 1, step=0.1)}
    with pytest.raises(ValueError, match="parameter a .* step"):
        make_sampler(METHODS["smac"], 0, space, 10)


def test_smac_learns_from_enqueued_trials_and_not_from_failed_ones():
    space = unit_space(2)
    sampler = make_sampler(METHODS["smac"], 0, space, 20)
    study = optuna.create_study(sampler=sampler)
    study.enqueue_trial(dict.fromkeys(space, 0.25))
    study.tell(study.ask(space), 3.0)
    study.tell(study.ask(space), state=optuna.trial.TrialState.FAIL)
    study.tell(study.ask(space), 4.0)
    history = sampler._smac.runhistory
    costs = {tuple(c.values()): history.get_cost(c) for c in history.get_configs()}
    known = {point: cost for point, cost in costs.items() if np.isfinite(cost)}
    assert known == {(0.25, 0.25): 3.0, tuple(study.trials[2].params.values()): 4.0}


def test_the_command_line_runs_a_suite_and_names_unknown_methods(tmp_path, monkeypatch, capsys):
    out = tmp_path / "rows.jsonl"
    monkeypatch.setattr(command_line, "PACKED", tmp_path / "none.jsonl.gz")
    base = ["hpo_benchmarks", "run", "control", "--out", str(out), "--seeds", "1", "--trials", "3"]
    monkeypatch.setattr(sys, "argv", [*base, "--jobs", "1", "--methods", "random", "sobol"])
    assert command_line.main() == 0
    assert {row["method"] for row in read_rows([out])} == {"random", "sobol"}
    assert command_line.main() == 0
    assert "2 of 2 cells are finished" in capsys.readouterr().out
    monkeypatch.setattr(command_line, "PACKED", out)
    again = [*base, "--again", "--jobs", "1", "--methods", "random", "--out"]
    for finished in (0, 1):  # then the new row counts, so that a run cut short goes on
        monkeypatch.setattr(sys, "argv", [*again, str(tmp_path / "new.jsonl")])
        assert command_line.main() == 0
        assert f"{finished} of 1 cells are finished" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", [*base, "--methods", "hyperopt"])
    assert command_line.main() == 1
    assert "hyperopt" in capsys.readouterr().err


def test_without_hpolibs_tables_the_suite_is_skipped_with_a_message(tmp_path, monkeypatch, capsys):
    out = tmp_path / "rows.jsonl"
    arguments = ["hpo_benchmarks", "run", "hpolib", "--data", str(tmp_path), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", arguments)
    assert command_line.main() == 0
    assert "skipped" in capsys.readouterr().err
    assert read_rows([out]) == []


@pytest.mark.slow
def test_cells_run_on_ray(tmp_path):
    pytest.importorskip("ray")
    cells = cells_of([BRANIN], [METHODS["random"]], seeds=3, trials=3)
    assert run(cells, tmp_path / "rows.jsonl", jobs=2, ray_address="local") == 0
    assert {row["seed"] for row in read_rows([tmp_path / "rows.jsonl"])} == {0, 1, 2}
