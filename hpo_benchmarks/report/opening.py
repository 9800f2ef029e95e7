"""How the page of benchmarks begins: what a reader can trust in a minute."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hpo_benchmarks.report import figures
from hpo_benchmarks.report.labels import in_order, label_of, span_of
from hpo_benchmarks.report.paper_figures import figure
from hpo_benchmarks.report.studies import Studies
from hpo_benchmarks.report.summary import duel_summary, summary_table
from hpo_benchmarks.report.tables import markdown, score_table, too_few
from hpo_benchmarks.rows import Row

SUMMARY = """\
Normalised regret of `LearnedSampler(seed=)` less that of Optuna's `TPESampler(seed=)` and
`GPSampler(seed=)` after 20 and 50 trials, on the seeds that both have: negative is better, in
brackets the 95 % bootstrap interval over problems and seeds. 0 is the optimum; 1 is a first guess,
anything worse, or no result yet.
"""
WON = """\
The same by problems; a tie is less than two standard errors over the seeds that both have:
"""


def summary(rows: Sequence[Row]) -> list[str]:
    """The page in two small tables: how far ours is ahead or behind, and how often."""
    kinds = summary_table(rows)
    return [SUMMARY, markdown(kinds), WON, markdown(duel_summary(rows))] if kinds[1] else []


def opening(studies: Studies, rows: Sequence[Row], folder: Path) -> list[str]:
    """What the page was made from, what a study costs, and all peers on equal terms."""
    compared = studies.on_equal_terms(studies.sequential, studies.compared)
    seeds = span_of(len(curves) for m in compared.values() for curves in m.values())
    few = [name for name in studies.compared if not any(name in m for m in compared.values())]
    parts = [
        f"`python -m hpo_benchmarks report` wrote this page from {len(rows)} studies; "
        "[benchmarks/curves.html](benchmarks/curves.html) shows the curves of those with a fixed "
        "space interactively. Regret is normalised: 1 is the median first trial of random search, "
        "and the most that a study counts; 0 is the optimum or, where nobody knows it, the best "
        "value that any method found. All methods share instances and seeds, and their warm-up "
        "counts as trials.\n",
        _seconds(studies),
        _traces(rows),
        "## Summary\n",
    ]
    if compared:
        last = studies.budgets[-1]
        parts += [
            figure(
                folder,
                "overview",
                "normalised regret by trial and by time",
                lambda path: figures.draw_overview(compared, studies.milliseconds(), last, path),
            ),
            f"Normalised regret on the {len(compared)} problems and {seeds} seeds that all of "
            "these methods ran, with a 95 % bootstrap interval over problems.\n",
            too_few(few),
            markdown(score_table(compared, studies.budgets, ranks=False)),
            "Mean rank there:\n",
            markdown(score_table(compared, studies.budgets, ranks=True)),
        ]
    return parts


def _seconds(studies: Studies) -> str:
    """What a study costs each peer; nothing if none was timed."""
    timed = {row.method for row in studies.rows if row.suite == "speed"}
    costs = [
        f"{label_of(name)} {milliseconds * studies.trials / 1e3:.2g} s"
        for name, milliseconds in studies.milliseconds().items()
        if name in timed and name in studies.compared
    ]
    return (
        f"{studies.trials} trials of a classic function take in the optimizer, median on an idle "
        f"machine and one thread: {', '.join(costs)}.\n"
        if costs
        else ""
    )


def _traces(rows: Sequence[Row]) -> str:
    """How many rows say which code they come from, and whose do not."""
    lost = [row for row in rows if not row.traceable]
    if not lost:
        return f"All {len(rows)} rows were made from commits, and name code and packages.\n"
    names = in_order(row.method for row in lost)
    whole = [name for name in in_order(row.method for row in rows) if name not in names]
    return (
        f"{len(lost)} of the {len(rows)} rows do not say which code they come from; they belong "
        f"to {', '.join(map(label_of, names))}. All rows of "
        f"{', '.join(map(label_of, whole)) or 'no method'} can be traced.\n"
    )
