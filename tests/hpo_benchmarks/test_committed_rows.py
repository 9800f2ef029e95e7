"""The committed rows are what today's code gives: a sample of them is run again."""

import numpy as np
import pytest

from hpo_benchmarks.__main__ import PACKED
from hpo_benchmarks.problems.suites import SUITES
from hpo_benchmarks.problems.tabular import HPOLIB
from hpo_benchmarks.rows import read_rows
from hpo_benchmarks.study import Cell, run_cell
from tests.hpo_benchmarks.made_up import METHODS

QUICK = ("paper", "tables", "rough", "conditional")
"""Suites whose cells take a second or two."""
FIRST = 30
"""Trials that are compared."""
REPEATED = ("memory", "memory-told", "tpe", "tpe-group", "cmaes", "random", "sobol")


def sample():
    """One traceable row a method, of whatever cell the order of problems and seeds brings up."""
    rows = [row for row in read_rows([PACKED]) if row.traceable and row.suite in QUICK]
    for i, method in enumerate(REPEATED):
        found = sorted((r for r in rows if r.method == method), key=lambda r: (r.seed, r.place))
        if found:
            yield pytest.param(found[(997 * (i + 1)) % len(found)], id=method)


@pytest.mark.parametrize("row", list(sample()))
def test_a_committed_row_comes_out_again(row):
    problems = {problem.name: problem for problem in SUITES[row.suite](HPOLIB)}
    cell = Cell(problems[row.problem], METHODS[row.method], row.seed, row.trials)
    again = run_cell(cell, {})
    assert again.error is None
    # Machines round differently, and a search carries that further from trial to trial.
    now, then = (np.array(curve[:FIRST], dtype=float) for curve in (again.curve, row.curve))
    np.testing.assert_allclose(now, then, rtol=1e-4, atol=1e-6)
    assert (again.outcomes or "")[:FIRST] == (row.outcomes or "")[:FIRST]


def test_rows_of_the_default_policy_can_all_be_traced():
    rows = [row for row in read_rows([PACKED]) if row.method in ("memory", "memory-told")]
    assert rows and all(row.traceable for row in rows)
