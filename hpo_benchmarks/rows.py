"""What a finished study leaves behind: one row, kept as one line of JSON."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from train.jsonl import read_lines
from train.revision import holds_code

COMPLETE, FAILED, PRUNED = "c", "f", "p"
_SERIES = ("curve", "clock")
ROUNDING = 1e-5
"""By how much of an optimum, or of 1, a value may lie below it."""

Key: TypeAlias = tuple[str, str, str, int, int]
"""Suite, problem, method, seed and trials: one of each is kept."""


@dataclass(frozen=True)
class Row:
    """One study, or why there is none.

    Attributes:
        suite: of the problem.
        problem: its name in the suite.
        method: name of the optimizer.
        seed: picks the problem's instance.
        trials: budget, T.
        method_version: of the optimizer's code or weights.
        workers: evaluations side by side, in simulated time.
        version: release of this package.
        commit: and its commit, which ends in "-dirty" where files differed from it.
        sources: digest of the code that can change the numbers, see `hpo_benchmarks.sources`.
        packages: versions of the packages behind it.
        machine: what it ran on.
        curve: T best values so far, after each finished trial. A define-by-run problem counts the
            true value, and has None as long as no trial has one.
        clock: T seconds spent in the optimizer until then.
        best_params: of the best trial.
        objective_seconds: spent in the objective.
        optimum: the smallest value there is, if somebody knows it.
        queries: the points asked, of a problem of one parameter.
        outcomes: of a define-by-run problem: how each trial ended, a letter each (COMPLETE,
            FAILED or PRUNED). A trial that completes without a true value, such as one that
            reports a penalty, has failed.
        error: what ended the study; then there are no results.
        where: file and line of the error.
    """

    suite: str
    problem: str
    method: str
    seed: int
    trials: int
    method_version: str
    workers: int = 1
    version: str | None = None
    commit: str | None = None
    sources: str | None = None
    packages: dict[str, str] | None = None
    machine: str | None = None
    curve: list[float | None] | None = None
    clock: list[float] | None = None
    best_params: dict[str, Any] | None = None
    objective_seconds: float | None = None
    optimum: float | None = None
    queries: list[float] | None = None
    outcomes: str | None = None
    error: str | None = None
    where: str | None = None

    @property
    def key(self) -> Key:
        """What was run, apart from the version of the optimizer."""
        return (self.suite, self.problem, self.method, self.seed, self.trials)

    @property
    def place(self) -> str:
        """Suite and problem in one word."""
        return f"{self.suite}/{self.problem}"

    @property
    def traceable(self) -> bool:
        """Whether it says which code it comes from, and a commit holds that code."""
        return self.sources is not None and holds_code(self.commit)

    @property
    def impossible(self) -> bool:
        """Whether it ends below the optimum by more than rounding: one of the two is wrong."""
        if self.optimum is None or not self.curve or self.curve[-1] is None:
            return False
        return self.curve[-1] < self.optimum - ROUNDING * max(1.0, abs(self.optimum))

    def failures(self) -> list[int]:
        """How many trials have failed after each trial; none of a problem of a fixed space."""
        if self.outcomes is None:
            return [0] * self.trials
        return [self.outcomes[: t + 1].count(FAILED) for t in range(len(self.outcomes))]

    def to_json(self) -> str:
        """One line, without the fields that are None."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        known = {name: value for name, value in found.items() if value is not None}
        return json.dumps(known, sort_keys=True)

    @classmethod
    def from_json(cls, line: str) -> Row:
        """Read what `to_json` wrote.

        Raises:
            ValueError: no JSON object, a field that a row does not have or one that is missing, or
                fields that no study can have given.
        """
        found = json.loads(line)
        if not isinstance(found, dict):
            raise ValueError(f"a row is a JSON object, not {line[:40]!r}")
        if unknown := found.keys() - {field.name for field in fields(cls)}:
            raise ValueError(
                f"a row has fields that this version does not know: {', '.join(sorted(unknown))}"
            )
        needed = {field.name for field in fields(cls) if field.default is MISSING}
        if missing := needed - found.keys():
            raise ValueError(f"a row lacks the fields {', '.join(sorted(missing))}")
        row = cls(**found)
        row._check()
        return row

    def _check(self) -> None:
        """Raise a ValueError where a field is none that a study can have given."""
        for name, least in (("seed", 0), ("trials", 1), ("workers", 1)):
            value = getattr(self, name)
            if type(value) is not int or value < least:
                raise ValueError(
                    f"{name} is {value!r}, and must be a whole number from {least} on"
                )
        if self.error is not None:
            return
        letters = {COMPLETE, FAILED, PRUNED}
        if self.outcomes is not None and (
            len(self.outcomes) != self.trials or not letters.issuperset(self.outcomes)
        ):
            raise ValueError(f"outcomes must be {self.trials} letters of {''.join(letters)}")
        curve, clock = (_series(name, getattr(self, name), self.trials) for name in _SERIES)
        without = int(np.isnan(curve).sum())  # trials before the first result
        best = curve[without:]
        if not (np.isfinite(best).all() and (np.diff(best) <= 0).all()) or (
            without and self.outcomes is None
        ):
            raise ValueError(
                "curve must hold the best value so far, which is finite and never rises"
            )
        if not (np.isfinite(clock).all() and (np.diff(clock) >= 0).all()):
            raise ValueError("clock must hold the seconds so far, which are finite and never fall")


def _series(name: str, values: Any, trials: int) -> np.ndarray:
    """(T,) numbers, nan for None.

    Raises:
        ValueError: it is no list of so many numbers.
    """
    found = isinstance(values, list) and len(values) == trials
    if not found or not all(value is None or type(value) in (int, float) for value in values):
        raise ValueError(f"{name} must be a list of {trials} numbers, one a trial")
    return np.array(values, dtype=float)


def read_rows(paths: Iterable[Path]) -> list[Row]:
    """Rows of .jsonl and .jsonl.gz files, the last one of each key; missing files have none.

    A rerun with another version of the method replaces the older row. A last line that was cut
    off by a kill is left out.

    Raises:
        ValueError: a line that is no row; file and line are named.
    """
    latest: dict[Key, Row] = {}
    for path in paths:
        for number, line in enumerate(read_lines(path), start=1):
            try:
                row = Row.from_json(line)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
            latest[row.key] = row
    return list(latest.values())


def write_packed(rows: Iterable[Row], path: Path) -> None:
    """Write rows as one .jsonl.gz whose bytes depend on the rows alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = sorted(row.to_json() + "\n" for row in rows)
    path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
