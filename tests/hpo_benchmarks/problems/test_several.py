"""Problems of several objectives have the fronts that they claim."""

import numpy as np
import optuna
import pytest

from hpo_benchmarks.methods.catalogue import methods
from hpo_benchmarks.problems import several
from hpo_benchmarks.problems.problem import Volume
from hpo_benchmarks.study import Cell, run_cell

KNOWN = [name for name, problem in several.PROBLEMS.items() if problem.known]
PROBLEMS = {problem.name: problem for problem in several.problems()}


def front(name):
    """Many points of the front, (n, M)."""
    t = np.linspace(0.0, 1.0, 4001)
    if name == "dtlz2":
        a, b = (v.ravel() for v in np.meshgrid(*[0.5 * np.pi * np.linspace(0.0, 1.0, 31)] * 2))
        return np.column_stack([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)])
    shapes = {
        "zdt1": 1.0 - np.sqrt(t),
        "zdt2": 1.0 - t**2,
        "zdt3": 1.0 - np.sqrt(t) - t * np.sin(10.0 * np.pi * t),
    }
    return np.column_stack([t, shapes[name]])


@pytest.mark.parametrize("name", KNOWN)
def test_the_volume_of_the_front_is_the_one_that_is_stated(name):
    problem = several.PROBLEMS[name]
    found = Volume(problem.reference, problem.best).of(front(name))
    assert found == pytest.approx(problem.best, rel=1e-2 if name == "dtlz2" else 1e-3)


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("seed", range(3))
def test_the_front_is_reached_by_some_points_and_passed_by_none(name, seed):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    turned = several._point(optuna.trial.FixedTrial(dict.fromkeys(AXES, 0.0)), name, seed) > 0.5
    best = 0.5 if name == "dtlz2" else 0.0
    rng = np.random.default_rng(seed)
    for _ in range(20):
        u = np.full(len(AXES), best)
        u[: 2 if name == "dtlz2" else 1] = rng.random()
        trial = optuna.trial.FixedTrial(dict(zip(AXES, np.where(turned, 1.0 - u, u), strict=True)))
        values = np.array(several.PROBLEMS[name].evaluate(trial, seed))
        if name == "dtlz2":
            assert (values**2).sum() == pytest.approx(1.0)
        else:
            assert values[1] == pytest.approx(np.interp(values[0], *front(name).T), abs=1e-3)


AXES = [f"x{i}" for i in range(several.AXES)]


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=lambda problem: problem.name)
def test_a_row_has_the_share_of_the_volume_that_is_missing(problem):
    version = {"version": "0", "commit": "0"}
    row = run_cell(Cell(problem, methods()["nsga2"], 0, 12), version)
    assert row.error is None and len(row.curve) == 12
    assert (np.diff(row.curve) <= 0.0).all() and 0.0 <= row.curve[-1] <= row.curve[0] <= 1.0
    assert row.curve[-1] < 1.0


def test_what_lies_beyond_the_reference_counts_for_nothing():
    volume = Volume((1.0, 1.0), 1.0)
    assert volume.missing([]) == 1.0
    assert volume.missing([[2.0, 0.0]]) == 1.0
    assert volume.missing([[0.5, 0.5], [0.5, 2.0]]) == 0.75
