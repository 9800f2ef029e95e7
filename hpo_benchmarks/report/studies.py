"""What all sections of the report are made from: rows, regrets, and who is compared where."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hpo_benchmarks.report.labels import PEERS, in_order
from hpo_benchmarks.report.scores import (
    Runs,
    budgets_of,
    in_common,
    regrets_of,
    select,
    well_seeded,
)
from hpo_benchmarks.rows import Row

COMPARED = ("gp", "smac", "tpe", "cmaes", "sobol", "random")
"""Peers that run every kind of problem with a fixed space."""


@dataclass(frozen=True)
class Studies:
    """Successful rows of problems with a fixed space, all of one budget."""

    rows: list[Row]

    @property
    def trials(self) -> int:
        """The budget."""
        return self.rows[0].trials

    @property
    def budgets(self) -> list[int]:
        """Numbers of trials that tables show."""
        return budgets_of(self.trials)

    @cached_property
    def regrets(self) -> Runs:
        """Normalised regret of all rows."""
        return regrets_of(self.rows)

    @property
    def names(self) -> list[str]:
        """All methods in the order of legends."""
        return in_order(row.method for row in self.rows)

    @property
    def mine(self) -> str:
        """The default policy, which is first in the order of legends."""
        return self.names[0]

    @property
    def ours(self) -> list[str]:
        """All shipped policies."""
        return [name for name in self.names if name not in PEERS]

    @property
    def compared(self) -> list[str]:
        """The default policy and the peers."""
        return [name for name in self.names if name == self.mine or name in COMPARED]

    @property
    def sequential(self) -> list[str]:
        """Problems with one evaluation at a time, those that are only timed apart."""
        return [*{row.place: 0 for row in self.rows if row.workers == 1 and row.suite != "speed"}]

    @property
    def parallel(self) -> list[str]:
        """Problems with several evaluations at a time."""
        return [*{row.place: 0 for row in self.rows if row.workers > 1}]

    @property
    def there(self) -> set[str]:
        """All problems."""
        return {row.place for row in self.rows}

    def of(self, problems: list[str], methods: list[str]) -> Runs:
        """Regrets of these methods on these problems, as far as there are rows."""
        return {p: found for p, found in select(self.regrets, problems, methods).items() if found}

    def on_equal_terms(self, problems: list[str], methods: list[str]) -> Runs:
        """The same, of methods with enough seeds, on problems and seeds that all of them have."""
        chosen = self.of(problems, methods)
        return in_common(select(chosen, chosen, well_seeded(chosen))) if chosen else {}

    def milliseconds(self) -> dict[str, float]:
        """Median time a trial in the optimizer; from the suite `speed` where a method ran it."""
        timed = {}
        for name in self.names:
            rows = [row for row in self.rows if row.method == name]
            alone = [row for row in rows if row.suite == "speed"] or rows
            timed[name] = float(np.median([1e3 * row.clock[-1] / row.trials for row in alone]))
        return timed
