"""The report's sections on suites that stand on their own, one after the other."""

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
    too_few,
)
from hpo_benchmarks.rows import Row

AS_WRITTEN = """\
{studies} studies of {trials} trials, as a user writes them: no method is told the space or the
budget. Each seed draws an instance with an optimum and scales of its own. What counts is the true
value of trials that complete, without noise, penalties or scale; all others count as failed.
"""
VOLUME = """\
{studies} studies of {trials} trials. What counts is the share of the best hypervolume that the
trials of a study do not dominate.
"""
FEASIBLE = """\
{studies} studies of {trials} trials. What counts is the best value of trials that meet all
constraints; those that do not count as failed.
"""
AFTER = """\
{studies} studies of {trials} trials, after three studies of 30 trials each. "alone" is told
nothing of them; to "enqueued" the best trial of each is given first.
"""
LONG = """\
{studies} studies of {trials} trials on classic test functions in 2, 5 and 10 axes.
"""
DRAWS = """\
{studies} studies of {trials} trials on functions that no training run draws; each seed draws one
of each prior. What counts is the value without noise.
"""
DIFFERENCES = """\
{mine} minus each other method, paired over seeds: the mean over problems, its 95 % bootstrap
interval over problems and seeds, and on how many problems {mine} is lower.
"""
SECTIONS = {
    "conditional": ("Conditional parameters", AS_WRITTEN),
    "rough": ("Failures, outliers, noise and pruning", AS_WRITTEN),
    "constrained": ("Constraints", FEASIBLE),
    "several": ("Several objectives", VOLUME),
    "transfer": ("After studies of similar objectives", AFTER),
    "held-out": ("Draws from named priors", DRAWS),
    "long": ("Long studies", LONG),
}
"""Suite whose studies stand on their own -> title of its section, and what counts."""


def live_sections(rows: list[Row]) -> list[str]:
    """A section for every one of these suites that has rows."""
    parts = []
    for suite in SECTIONS:
        if found := [row for row in rows if row.suite == suite]:
            parts += _section(suite, found)
    return parts


def _section(suite: str, rows: list[Row]) -> list[str]:
    title, text = SECTIONS[suite]
    regrets, failures = regrets_of(rows), failures_of(rows)
    names, budgets = names_of(regrets), budgets_of(rows[0].trials)
    mine, others = names[0], names[1:]
    seeded = well_seeded(regrets)
    shown = [name for name in names if name in seeded]
    equal = select(regrets, regrets, shown)
    parts = [f"## {title}\n", text.format(studies=len(rows), trials=rows[0].trials)]
    if others:
        parts += [
            DIFFERENCES.format(mine=label_of(mine)),
            markdown(difference_table(regrets, mine, others, budgets)),
            "Problems won / tied / lost by two standard errors over seeds:\n",
            markdown(duel_table(regrets, mine, others, budgets)),
        ]
    parts += [
        "Normalised regret, with a 95 % bootstrap interval over problems, then mean rank:\n",
        markdown(score_table(equal, budgets, ranks=False)),
        markdown(score_table(equal, budgets, ranks=True)),
        too_few([name for name in names if name not in seeded]),
        *(folded(f"After {t} trials", problem_table(equal, t, shown)) for t in budgets),
    ]
    failed = failure_table(select(failures, failures, shown), shown)
    return [*parts, markdown(failed)] if failed[1] else parts
