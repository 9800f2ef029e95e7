"""The comparison of methods on one suite as text, for a look at rows that were just made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from hpo_benchmarks.report.labels import label_of
from hpo_benchmarks.report.scores import (
    Runs,
    budgets_of,
    common_seeds,
    failures_of,
    in_common,
    means_of,
    regrets_of,
    select,
    successful,
    trials_to_level,
    well_seeded,
)
from hpo_benchmarks.report.tables import (
    Table,
    difference_table,
    duel_table,
    names_of,
    score_table,
    text,
)
from hpo_benchmarks.rows import Row

BEFORE = " before"


def renamed(rows: Iterable[Row]) -> list[Row]:
    """Rows of an earlier state of the code, under names of their own."""
    return [replace(row, method=row.method + BEFORE) for row in rows]


def comparison(rows: Iterable[Row], suite: str, mine: str | None = None) -> str:
    """What every method reaches on every problem, and how `mine` differs from the others.

    Args:
        rows: of any suites; those of other suites and failed ones are left out.
        suite: the one to compare on.
        mine: the method to compare with the others; the first in the order of legends if None.

    Raises:
        ValueError: there are no rows of the suite, or none of `mine`.
    """
    chosen = successful(row for row in rows if row.suite == suite)
    if not chosen:
        raise ValueError(
            f"there are no rows of the suite {suite}; make some with "
            f"`python -m hpo_benchmarks run {suite}`"
        )
    regrets = regrets_of(chosen)
    names = names_of(regrets)
    mine = mine or names[0]
    if mine not in names:
        raise ValueError(f"no rows of {mine} on {suite}; there are rows of {', '.join(names)}")
    budgets = budgets_of(chosen[0].trials)
    others = [name for name in names if name != mine]
    shown = " / ".join(f"@{t}" for t in budgets)
    seeded = well_seeded(regrets)
    equal = select(regrets, regrets, seeded)
    failed = means_of(select(failures_of(chosen), regrets, seeded), chosen[0].trials)
    parts = [
        f"Normalised regret {shown}, mean over common seeds (methods of few seeds\n"
        "are left out here); in brackets failed trials:",
        text(_regret_table(equal, failed, [name for name in names if name in seeded], budgets)),
        f"Regret of {mine} minus that of the others, 95 % interval over problems and seeds:",
        text(difference_table(regrets, mine, others, budgets)),
        "Mean rank on the problems and seeds that all ran, 1 is best:",
        text(score_table(in_common(equal), budgets, ranks=True)),
        "Problems won / tied / lost by two standard errors over seeds:",
        text(duel_table(regrets, mine, others, budgets)),
        *_trials_saved(regrets, mine, others),
    ]
    return "\n\n".join(parts)


def _trials_saved(regrets: Runs, mine: str, others: list[str]) -> list[str]:
    """How soon each method is where `mine` is at the end without the studies before it."""
    alone = f"{mine}-alone"
    if alone not in others:
        return []
    names = [name for name in (mine, *others) if name != alone]
    levels = {name: trials_to_level(regrets, name, alone) for name in names}
    lines = [
        [problem.split("/")[1], *(f"{levels[n].get(problem, np.nan):.4g}" for n in names)]
        for problem in levels[mine]
    ]
    title = f"Trials to where {label_of(alone)} is at the end, median over seeds:"
    return [title, text((["problem", *map(label_of, names)], lines))]


def _regret_table(
    regrets: Runs, failed: dict[str, dict[str, float]], names: list[str], budgets: list[int]
) -> Table:
    """Regrets at all budgets in one cell, and the mean over the problems that all ran.

    Args:
        regrets: to show.
        failed: problem -> method -> failed trials.
        names: of the methods, in the order of columns.
        budgets: trials used.
    """
    at = [means_of(regrets, t) for t in budgets]
    everywhere = in_common(regrets)
    some = any(value for methods in failed.values() for value in methods.values())

    def cell(values: list[float], failures: float) -> str:
        brackets = f" ({failures:.1f})" if some else ""
        return " / ".join(f"{value:.2g}" for value in values) + brackets

    lines = [
        [
            problem.split("/")[1],
            str(len(common_seeds(regrets[problem]))),
            *(
                cell([m[problem][name] for m in at], failed[problem][name])
                if name in failed[problem]
                else ""
                for name in names
            ),
        ]
        for problem in failed
    ]
    means = [
        cell(
            [float(np.mean([m[problem][name] for problem in everywhere])) for m in at],
            float(np.mean([failed[problem][name] for problem in everywhere])),
        )
        for name in names
        if everywhere
    ]
    if means:
        lines.append([f"mean of {len(everywhere)}", "", *means])
    return ["problem", "seeds", *names], lines
