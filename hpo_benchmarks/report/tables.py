"""Tables of scores, as Markdown for the page and as text for the screen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeAlias

import numpy as np

from hpo_benchmarks.report.labels import in_order, label_of, span_of
from hpo_benchmarks.report.scores import (
    Difference,
    Estimate,
    Runs,
    difference,
    means_of,
    over_problems,
    ranks_of,
)

Table: TypeAlias = tuple[Sequence[str], list[Sequence[str]]]
"""Head and lines, all of one length."""


def markdown(table: Table) -> str:
    """A Markdown table, numbers to the right of their column's first."""
    head, lines = table
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *lines]) + "\n"


def folded(title: str, table: Table) -> str:
    """A Markdown table that readers open by its title."""
    return f"<details markdown><summary>{title}</summary>\n\n{markdown(table)}\n</details>\n"


def text(table: Table) -> str:
    """The same with spaces between the columns."""
    head, lines = table
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    return "\n".join(
        line[0].ljust(widths[0])
        + "".join(cell.rjust(width + 2) for cell, width in zip(line[1:], widths[1:], strict=True))
        for line in [head, *lines]
    )


def score_table(regrets: Runs, budgets: Sequence[int], *, ranks: bool) -> Table:
    """Mean regret, or mean rank, over problems with its 95 % bootstrap interval."""
    score: Callable[[Runs, int], dict[str, dict[str, float]]] = ranks_of if ranks else means_of
    found = [over_problems(score(regrets, t)) for t in budgets]
    return ["method", "problems", *(f"@{t}" for t in budgets)], [
        [
            label_of(name),
            str(found[0][name].problems),
            *(_with_interval(estimates[name]) for estimates in found),
        ]
        for name in in_order(found[0])
    ]


def difference_table(
    regrets: Runs, mine: str, others: Iterable[str], budgets: Sequence[int]
) -> Table:
    """Regret of `mine` minus that of every other method with its 95 % interval."""
    lines = []
    for other in others:
        found = [difference(regrets, mine, other, t) for t in budgets]
        shared = [gap for gap in found if gap is not None]
        if shared:
            seeds = span_of(seeds_shared(regrets, mine, other))
            lines.append(
                [label_of(other), str(shared[0].problems), seeds, *map(_with_bounds, shared)]
            )
    return ["against", "problems", "seeds", *(f"@{t}" for t in budgets)], lines


def duel_table(regrets: Runs, mine: str, others: Iterable[str], budgets: Sequence[int]) -> Table:
    """Problems that `mine` has won, tied and lost against every other method."""
    lines = []
    for other in others:
        found = [difference(regrets, mine, other, t) for t in budgets]
        cells = [f"{gap.won} / {gap.tied} / {gap.lost}" for gap in found if gap is not None]
        if cells:
            lines.append([label_of(other), *cells])
    return ["against", *(f"@{t}" for t in budgets)], lines


def problem_table(regrets: Runs, t: int, names: Sequence[str]) -> Table:
    """Regret on every problem, the lowest in bold."""
    return [f"normalised regret @{t}", *map(label_of, names)], [
        [problem, *best_in_bold([found.get(name) for name in names])]
        for problem, found in means_of(regrets, t).items()
    ]


def failure_table(failures: Runs, names: Sequence[str]) -> Table:
    """Failed trials of a study, averaged over seeds, on the problems where any trial failed."""
    trials = max(curve.size for m in failures.values() for c in m.values() for curve in c.values())
    means = {p: found for p, found in means_of(failures, trials).items() if any(found.values())}
    return [f"failed trials of {trials}", *map(label_of, names)], [
        [problem, *(f"{found[name]:.1f}" if name in found else "" for name in names)]
        for problem, found in means.items()
    ]


def best_in_bold(values: Sequence[float | None]) -> list[str]:
    """The values, the smallest in bold; nothing for None."""
    known = [value for value in values if value is not None]
    return [
        "" if value is None else f"**{value:.2g}**" if value == min(known) else f"{value:.2g}"
        for value in values
    ]


def seeds_shared(regrets: Runs, mine: str, other: str) -> list[int]:
    """How many seeds two methods have in common on each problem that both ran."""
    return [
        len(methods[mine].keys() & methods[other].keys())
        for methods in regrets.values()
        if mine in methods and other in methods
    ]


def too_few(names: Sequence[str]) -> str:
    """Why methods of few seeds are in no table of all; nothing if there are none."""
    few = " and ".join(map(label_of, names))
    return f"{few} ran on too few seeds, and stands among the differences only.\n" if names else ""


def names_of(runs: Runs, among: Collection[str] | None = None) -> list[str]:
    """The methods that ran, in the order of legends."""
    found = {name for methods in runs.values() for name in methods}
    return in_order(found if among is None else found & set(among))


def _with_interval(estimate: Estimate) -> str:
    return f"{estimate.mean:.3g} ({estimate.low:.2g} to {estimate.high:.2g})"


def _with_bounds(gap: Difference) -> str:
    bounds = "" if np.isnan(gap.low) else f" ({gap.low:+.3f} to {gap.high:+.3f})"
    return f"{gap.mean:+.3f}{bounds}, {gap.lower} lower"
