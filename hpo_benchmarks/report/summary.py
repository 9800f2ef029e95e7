"""The comparison in one small table: kinds of studies, and how ours differs from two samplers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import isnan

from hpo_benchmarks.report.labels import span_of
from hpo_benchmarks.report.scores import Difference, Runs, difference, regrets_of, select
from hpo_benchmarks.report.tables import Table, seeds_shared
from hpo_benchmarks.rows import Row

MINE = "memory"
PEERS = {"tpe": "TPE", "gp": "GPSampler"}
"""Method -> its name here, where columns are narrow."""
BUDGETS = (20, 50)
KINDS = {
    "functions, tables, networks": ("paper", "hpolib", "tables", "control", "neural"),
    "conditional, failing, noisy": ("conditional", "rough"),
    "with constraints": ("constrained",),
    "of several objectives": ("several",),
}
"""Kind of studies, for readers -> suites."""


def summary_table(rows: Sequence[Row]) -> Table:
    """Regret of ours minus that of each peer, by kind of studies, with 95 % intervals.

    Problems with several evaluations at a time have a section of their own. Kinds without rows of
    ours are left out, and a cell is empty where a peer has none.
    """
    return ["studies", "problems", "seeds", *_columns()], [
        [kind, str(sum(MINE in methods for methods in runs.values())), _seeds(runs), *cells]
        for kind, runs, cells in _by_kind(rows, _with_bounds)
    ]


def duel_summary(rows: Sequence[Row]) -> Table:
    """Problems that ours has won, tied and lost against each peer, by kind of studies."""
    return ["won / tied / lost", *_columns()], [
        [kind, *cells] for kind, _, cells in _by_kind(rows, _score)
    ]


def _columns() -> list[str]:
    return [f"{label} @{t}" for label in PEERS.values() for t in BUDGETS]


def _by_kind(
    rows: Sequence[Row], cell: Callable[[Difference], str]
) -> Iterator[tuple[str, Runs, list[str]]]:
    """Each kind of studies that ours has run, its regrets, and a cell for each column."""
    for kind, suites in KINDS.items():
        regrets: Runs = {}
        for suite in suites:
            regrets |= regrets_of(row for row in rows if row.suite == suite and row.workers == 1)
        runs = select(regrets, regrets, [MINE, *PEERS])
        if any(MINE in methods for methods in runs.values()):
            gaps = [_gap(runs, peer, t) for peer in PEERS for t in BUDGETS]
            yield kind, runs, ["" if gap is None else cell(gap) for gap in gaps]


def _gap(runs: Runs, peer: str, t: int) -> Difference | None:
    """None where a peer has no studies, or they end before."""
    trials = min(curve.size for m in runs.values() for c in m.values() for curve in c.values())
    return difference(runs, MINE, peer, t) if t <= trials else None


def _seeds(runs: Runs) -> str:
    """Seeds that ours shares with each peer, `10`, or `10–20`."""
    shared = (n for peer in PEERS for n in seeds_shared(runs, MINE, peer))
    return span_of(shared, "–")


def _with_bounds(gap: Difference) -> str:
    known = f" ({gap.low:+.2f} to {gap.high:+.2f})" if not isnan(gap.low) else ""
    return f"{gap.mean:+.2f}{known}"


def _score(gap: Difference) -> str:
    return f"{gap.won} / {gap.tied} / {gap.lost}"
