"""Problems and rows that tests make up."""

from dataclasses import replace

import numpy as np

from hpo_benchmarks.methods.catalogue import methods
from hpo_benchmarks.problems.problem import Problem, unit_space
from hpo_benchmarks.rows import Row

METHODS = methods()
VERSION = {"version": "0", "commit": "0", "packages": {}, "machine": "none"}


def sum_of_squares(params, seed):
    return sum((value - 0.3) ** 2 for value in params.values())


def a_problem(**changes):
    problem = Problem("squares", "test", unit_space(2), sum_of_squares, "made up", "nothing")
    return replace(problem, **changes)


def a_row(method, values, *, problem="squares", suite="paper", seed=0, **more):
    """A row whose trials had these values."""
    curve = np.minimum.accumulate(np.asarray(values, dtype=float)).tolist()
    found = {
        "trials": len(curve),
        "curve": curve,
        "clock": np.linspace(0.001, 0.1, len(curve)).tolist(),
        **more,
    }
    return Row(suite, problem, method, seed, method_version="1", **found)


def without_times(row):
    return replace(row, clock=None, objective_seconds=None)
