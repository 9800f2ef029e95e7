"""The comparison in one small table: kinds of studies, and how ours differs from two samplers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan

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

    Kinds without rows of ours are left out, and a cell is empty where a peer has none.
    """
    head = ["studies", "problems", "seeds"]
    head += [f"{label} @{t}" for label in PEERS.values() for t in BUDGETS]
    lines = []
    for kind, suites in KINDS.items():
        regrets: Runs = {}
        for suite in suites:
            regrets |= regrets_of(row for row in rows if row.suite == suite)
        ours = select(regrets, regrets, [MINE, *PEERS])
        if not any(MINE in methods for methods in ours.values()):
            continue
        problems = sum(MINE in methods for methods in ours.values())
        lines.append([kind, str(problems), _seeds(ours), *_cells(ours)])
    return head, lines


def _seeds(regrets: Runs) -> str:
    """Seeds that ours shares with each peer, `10`, or `10–20`."""
    there = {name for methods in regrets.values() for name in methods}
    counts = {int(n) for peer in PEERS if peer in there for n in _numbers(regrets, peer)}
    few, many = min(counts, default=0), max(counts, default=0)
    return str(few) if few == many else f"{few}–{many}"


def _numbers(regrets: Runs, peer: str) -> Iterable[str]:
    return seeds_shared(regrets, MINE, peer).split(" to ")


def _cells(regrets: Runs) -> Iterable[str]:
    trials = min(curve.size for m in regrets.values() for c in m.values() for curve in c.values())
    for peer in PEERS:
        for t in BUDGETS:
            gap = difference(regrets, MINE, peer, t) if t <= trials else None
            yield "" if gap is None else _cell(gap)


def _cell(gap: Difference) -> str:
    known = f" ({gap.low:+.2f} to {gap.high:+.2f})" if not isnan(gap.low) else ""
    return f"{gap.mean:+.2f}{known}"
