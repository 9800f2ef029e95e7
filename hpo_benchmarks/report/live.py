"""The report's sections on live problems: conditional parameters, failures, noise and pruning."""

from __future__ import annotations

from hpo_benchmarks.report.labels import label_of
from hpo_benchmarks.report.scores import budgets_of, failures_of, regrets_of, select, well_seeded
from hpo_benchmarks.report.tables import (
    difference_table,
    duel_table,
    failure_table,
    folded,
    markdown,
    names_of,
    problem_table,
    score_table,
)
from hpo_benchmarks.rows import Row

TITLES = {
    "conditional": "Conditional parameters",
    "rough": "Failures, outliers, noise and pruning",
    "constrained": "Constraints",
    "several": "Several objectives",
    "transfer": "After studies of similar objectives",
}
"""Suite of live problems -> title of its section."""
TEXT = """\
{studies} studies of {trials} trials, as a user writes them: no method is told the space or the
budget. Each seed draws an instance with an optimum and scales of its own. What counts is the true
value of trials that complete, without noise, penalties or scale; all others count as failed. A
study without a result counts as the worst first one of any.

{mine} minus each other method, paired over seeds: the mean over problems, its 95 % bootstrap
interval over problems and seeds, and on how many problems {mine} is lower.
"""


def live_sections(rows: list[Row]) -> list[str]:
    """A section for every suite of live problems that has rows."""
    parts = []
    for suite in dict.fromkeys(row.suite for row in rows):
        parts += _section(suite, [row for row in rows if row.suite == suite])
    return parts


def _section(suite: str, rows: list[Row]) -> list[str]:
    regrets, failures = regrets_of(rows), failures_of(rows)
    names, budgets = names_of(regrets), budgets_of(rows[0].trials)
    mine, others = names[0], names[1:]
    seeded = well_seeded(regrets)
    shown = [name for name in names if name in seeded]
    equal = select(regrets, regrets, shown)
    text = TEXT.format(studies=len(rows), trials=rows[0].trials, mine=label_of(mine))
    parts = [f"## {TITLES[suite]}\n", text]
    if others:
        parts += [
            markdown(difference_table(regrets, mine, others, budgets)),
            "Problems won / tied / lost by two standard errors over seeds:\n",
            markdown(duel_table(regrets, mine, others, budgets)),
        ]
    parts += [
        "Normalised regret, with a 95 % bootstrap interval over problems:\n",
        markdown(score_table(equal, budgets, ranks=False)),
        *(folded(f"After {t} trials", problem_table(equal, t, shown)) for t in budgets),
    ]
    failed = failure_table(select(failures, failures, shown), shown)
    return [*parts, markdown(failed)] if failed[1] else parts
