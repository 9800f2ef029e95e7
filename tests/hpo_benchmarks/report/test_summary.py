"""The small table at the top of the page says what the rows say."""

from hpo_benchmarks.report.summary import duel_summary, summary_table
from tests.hpo_benchmarks.made_up import a_row


def rows_of(suite, problem, methods, trials=50, seeds=3, **more):
    """Constant studies: method -> value."""
    return [
        a_row(name, [value] * trials, suite=suite, problem=problem, seed=seed, optimum=0.0, **more)
        for name, value in methods.items()
        for seed in range(seeds)
    ]


def test_each_kind_of_studies_has_a_line_with_its_differences():
    values = {"memory": 0.5, "tpe": 1.0, "gp": 0.25, "random": 1.0}
    rows = rows_of("paper", "a", values) + rows_of("tables", "b", values)
    rows += rows_of("several", "c", {"memory": 0.5, "tpe": 0.5, "random": 1.0}, seeds=2)
    head, lines = summary_table(rows)
    assert head[3:] == ["TPE @20", "TPE @50", "GPSampler @20", "GPSampler @50"]
    first = ["-0.50 (-0.50 to -0.50)"] * 2 + ["+0.25 (+0.25 to +0.25)"] * 2
    assert lines == [
        ["functions, tables, networks", "2", "3", *first],
        ["of several objectives", "1", "2", "+0.00", "+0.00", "", ""],
    ]


def test_budgets_that_studies_do_not_reach_are_left_empty():
    rows = rows_of("rough", "a", {"memory": 0.5, "tpe": 1.0, "random": 1.0}, trials=30)
    (line,) = summary_table(rows)[1]
    assert line == ["conditional, failing, noisy", "1", "3", "-0.50", "", "", ""]


def test_kinds_that_ours_did_not_run_are_left_out():
    assert summary_table(rows_of("paper", "a", {"tpe": 1.0, "random": 1.0}))[1] == []


def test_problems_are_won_tied_and_lost():
    rows = rows_of("paper", "a", {"memory": 0.5, "tpe": 1.0, "gp": 0.25, "random": 1.0})
    rows += rows_of("paper", "b", {"memory": 0.5, "tpe": 0.5, "random": 1.0})
    head, lines = duel_summary(rows)
    assert head == ["won / tied / lost", "TPE @20", "TPE @50", "GPSampler @20", "GPSampler @50"]
    assert lines == [["functions, tables, networks", *["1 / 1 / 0"] * 2, *["0 / 0 / 1"] * 2]]
