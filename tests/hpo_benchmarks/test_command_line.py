"""The commands of `python -m hpo_benchmarks`, in an environment that makes them repeat."""

import os
import subprocess
import sys

import pytest

from hpo_benchmarks import __main__ as command_line
from hpo_benchmarks import environment
from hpo_benchmarks.problems.suites import SUITES
from hpo_benchmarks.rows import read_rows, write_packed
from hpo_benchmarks.sources import ROOT
from tests.hpo_benchmarks.made_up import a_row, without_times


@pytest.fixture
def call(monkeypatch):
    """Calls the command line and returns its exit status."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["hpo_benchmarks", *map(str, arguments)])
        return command_line.main()

    return call


def test_a_suite_is_run_once_and_unknown_methods_are_named(tmp_path, monkeypatch, capsys, call):
    out = tmp_path / "rows.jsonl"
    monkeypatch.setattr(command_line, "PACKED", tmp_path / "none.jsonl.gz")
    base = ("run", "control", "--dirty", "--out", out, "--seeds", 1, "--trials", 3)
    two = ("--jobs", 1, "--methods", "random", "sobol")
    assert call(*base, *two) == 0
    assert {row.method for row in read_rows([out])} == {"random", "sobol"}
    assert call(*base, *two) == 0
    assert "2 of 2 cells are finished" in capsys.readouterr().out
    monkeypatch.setattr(command_line, "PACKED", out)
    for finished in (0, 1):  # then the new row counts, so that a run cut short goes on
        again = ("--again", "--jobs", 1, "--methods", "random", "--out", tmp_path / "new.jsonl")
        assert call(*base, *again) == 0
        assert f"{finished} of 1 cells are finished" in capsys.readouterr().out
    assert call(*base, "--methods", "hyperopt") == 1
    assert "hyperopt" in capsys.readouterr().err


def test_live_suites_run_by_the_same_command(tmp_path, monkeypatch, capsys, call):
    out = tmp_path / "rows.jsonl"
    monkeypatch.setattr(command_line, "PACKED", tmp_path / "none.jsonl.gz")
    one = ("--methods", "random", "--seeds", 1, "--trials", 2, "--jobs", 1, "--out", out)
    assert call("run", "rough", "--dirty", *one) == 0
    rows = read_rows([out])
    assert len(rows) == len({row.problem for row in rows}) >= 8
    assert all(row.error is None and len(row.outcomes) == 2 for row in rows)


def test_methods_are_compared_with_earlier_rows(tmp_path, monkeypatch, capsys, call):
    monkeypatch.setattr(command_line, "PACKED", tmp_path / "packed.jsonl.gz")
    write_packed([a_row("memory", [4.0, 3.0]), a_row("tpe", [4.0, 2.0])], command_line.PACKED)
    write_packed([a_row("memory", [4.0, 1.0])], tmp_path / "new.jsonl.gz")
    files = ("--out", tmp_path / "new.jsonl.gz", "--before", command_line.PACKED)
    assert call("compare", "paper", *files, "--methods", "memory", "memory before") == 0
    text = capsys.readouterr().out
    assert "memory before" in text and "TPE" not in text
    assert call("compare", "rough", *files) == 1
    assert "run rough" in capsys.readouterr().err


def test_without_hpolibs_tables_the_suite_is_refused_and_left_out_of_all(
    tmp_path, monkeypatch, capsys, call
):
    out = tmp_path / "rows.jsonl"
    given = ("--dirty", "--data", tmp_path, "--out", out, "--methods", "random")
    assert call("run", "hpolib", *given) == 1
    assert "give the folder" in capsys.readouterr().err
    monkeypatch.setattr(
        command_line, "SUITES", {name: SUITES[name] for name in ("hpolib", "control")}
    )
    assert call("run", "all", *given, "--seeds", 1, "--trials", 2, "--jobs", 1) == 0
    assert "hpolib: skipped" in capsys.readouterr().err
    assert [row.suite for row in read_rows([out])] == ["control"]


@pytest.mark.parametrize("option", ["--seeds", "--trials", "--jobs"])
@pytest.mark.parametrize("number", ["0", "-1", "1.5", "many"])
def test_numbers_below_one_are_refused(option, number, capsys, call):
    with pytest.raises(SystemExit):
        call("run", "control", option, number)
    assert "from 1 on" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["pack", "report", "compare paper", "compare paper --before"])
def test_files_that_are_not_there_are_named(command, tmp_path, capsys, call):
    option = [] if command.endswith("--before") else ["--out"]
    with pytest.raises(SystemExit):
        call(*command.split(), *option, tmp_path / "rows.jsonl")
    assert "rows.jsonl" in capsys.readouterr().err


def test_methods_without_problems_or_rows_are_named(tmp_path, monkeypatch, capsys, call):
    monkeypatch.setattr(command_line, "PACKED", tmp_path / "packed.jsonl.gz")
    write_packed([a_row("memory", [4.0, 3.0])], command_line.PACKED)
    assert call("run", "several", "--dirty", "--methods", "gp-ei-true") == 1
    assert "gp-ei-true cannot run" in capsys.readouterr().err
    assert call("compare", "paper", "--methods", "memory", "hyperopt") == 1
    assert "no rows of hyperopt on paper; there are rows of memory" in capsys.readouterr().err


def test_ctrl_c_says_how_to_go_on(monkeypatch, capsys, call):
    def press(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "run_suites", press)
    assert call("run", "control") == 130
    assert "the same command goes on" in capsys.readouterr().err


def test_a_method_named_twice_runs_once(tmp_path, monkeypatch, call):
    monkeypatch.setattr(command_line, "PACKED", tmp_path / "none.jsonl.gz")
    out = tmp_path / "rows.jsonl"
    given = ("--dirty", "--out", out, "--seeds", 1, "--trials", 2, "--jobs", 1)
    assert call("run", "control", *given, "--methods", "random", "random") == 0
    assert len(out.read_text().splitlines()) == 1


def test_rows_that_cannot_be_written_end_without_a_traceback(tmp_path, capsys, call):
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "rows.jsonl"
    few = ("--methods", "random", "--seeds", 1, "--trials", 2, "--jobs", 1)
    assert call("run", "control", "--dirty", *few, "--out", out) == 1
    assert str(out.parent) in capsys.readouterr().err


def test_a_process_is_replaced_until_threads_and_hashes_are_fixed(monkeypatch):
    started = []
    monkeypatch.setattr(environment.os, "execve", lambda *arguments: started.append(arguments))
    monkeypatch.setattr(sys, "argv", ["program", "--seeds", "3"])
    for name in environment.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    environment.run_in_fixed_environment("some.module")
    ((_, command, variables),) = started
    assert command == [sys.executable, "-m", "some.module", "--seeds", "3"]
    assert environment.VARIABLES.items() <= variables.items()
    monkeypatch.setattr(os, "environ", variables)
    environment.run_in_fixed_environment("some.module")
    assert len(started) == 1


def test_programs_run_on_one_thread():
    code = (
        "from hpo_benchmarks.environment import run_in_fixed_environment as fix\n"
        "import sys; sys.argv = ['x', '--help']\n"
        "fix('hpo_benchmarks.held_out.parallel_gain')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "OMP_NUM_THREADS": "2"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--draws" in done.stdout


@pytest.mark.slow
def test_rerunning_smac_in_another_process_gives_the_same_rows(tmp_path):
    found = []
    for name in ("first", "second"):
        out = tmp_path / f"{name}.jsonl"
        command = [sys.executable, "-m", "hpo_benchmarks", "run", "control", "--methods", "smac"]
        command += ["--seeds", "1", "--trials", "45", "--jobs", "1", "--dirty", "--out", str(out)]
        subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
        found.append([without_times(row) for row in read_rows([out])])
    assert found[0] == found[1] and len(found[0]) == 1
    assert found[0][0].error is None
