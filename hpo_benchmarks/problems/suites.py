"""Which problems belong to which suite of `python -m hpo_benchmarks run`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hpo_benchmarks.problems import (
    conditional,
    constrained,
    control,
    functions,
    held_out,
    landscapes,
    neural,
    rough,
    several,
    tabular,
    transfer,
)
from hpo_benchmarks.problems.problem import AnyProblem, Problem

PARALLEL_WORKERS = 5


def _speed(data: Path) -> list[Problem]:
    """Table 1: the four classics, timed on their own."""
    return [replace(functions.classic_problem(name), suite="speed") for name in functions.CLASSICS]


def _parallel(data: Path) -> list[Problem]:
    """The suite `paper` with five evaluations at a time (section 2.3)."""
    return [
        replace(problem, suite="parallel", workers=PARALLEL_WORKERS)
        for problem in functions.problems()
    ]


SUITES: dict[str, Callable[[Path], list[AnyProblem]]] = {
    "paper": lambda data: functions.problems(),
    "hpolib": tabular.hpolib_problems,
    "tables": lambda data: tabular.own_problems(),
    "control": lambda data: control.problems(),
    "parallel": _parallel,
    "neural": lambda data: neural.problems(),
    "speed": _speed,
    "conditional": lambda data: conditional.problems(),
    "rough": lambda data: rough.problems(),
    "constrained": lambda data: constrained.problems(),
    "several": lambda data: several.problems(),
    "transfer": lambda data: transfer.problems(),
    "long": lambda data: landscapes.problems(),
    "held-out": lambda data: held_out.problems(),
}
TRIALS = {"conditional": 50, "rough": 50, "transfer": 30, "long": 500, "held-out": 50}
"""Trials of a study, where they are not 100."""
