"""Scores of methods from rows: normalised regret, mean rank, wins and losses.

Notation
    problem  "suite/name"      T  trials of a study      t  trials used, 1 to T

Regret is the best value so far minus the best known, divided by the median over seeds of the
same difference for random search's first trial: 1 is a first guess, 0 the optimum.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from hpo_benchmarks.runner import Row

Runs: TypeAlias = dict[str, dict[str, dict[int, np.ndarray]]]
"""Problem -> method -> seed -> (T,) curve"""

BUDGETS = (10, 20, 50, 100)
RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """A mean over problems with its 95 % bootstrap interval, and how many problems."""

    mean: float
    low: float
    high: float
    problems: int


def successful(rows: Iterable[Row]) -> list[Row]:
    """Rows with results, of the longest budget among them, so that curves compare."""
    good = [row for row in rows if "error" not in row]
    trials = max((row["trials"] for row in good), default=0)
    return [row for row in good if row["trials"] == trials]


def problem_of(row: Row) -> str:
    """Suite and problem in one word."""
    return f"{row['suite']}/{row['problem']}"


def kind_of(problem: str) -> str:
    """What sort of problem it is, for readers."""
    suite, name = problem.split("/")
    if suite == "paper":
        return "GP draws" if name.startswith("gp-") else "classic functions"
    return {
        "hpolib": "HPOLib tables",
        "tables": "own tables",
        "neural": "neural network",
        "parallel": "functions, five at a time",
        "speed": "functions, timed alone",
    }.get(suite, suite)


def runs_of(rows: Iterable[Row], field: str = "curve") -> Runs:
    """The curves of all rows, or another field of one number a trial."""
    runs: Runs = {}
    for row in rows:
        methods = runs.setdefault(problem_of(row), {})
        methods.setdefault(row["method"], {})[row["seed"]] = np.array(row[field], dtype=float)
    return runs


def regrets_of(rows: Iterable[Row]) -> Runs:
    """Normalised regret of every row.

    Where the optimum is unknown, the smallest value in any row of the problem stands for it.
    """
    rows = list(rows)
    runs = runs_of(rows)
    optimum = {(problem_of(row), row["seed"]): row["optimum"] for row in rows if "optimum" in row}
    regrets: Runs = {}
    for problem, methods in runs.items():
        best_seen = min(curve[-1] for seeds in methods.values() for curve in seeds.values())
        gaps = {
            method: {
                seed: curve - min(optimum.get((problem, seed), best_seen), curve[-1])
                for seed, curve in seeds.items()
            }
            for method, seeds in methods.items()
        }
        first = [
            gap[0]
            for method, seeds in gaps.items()
            if method == "random" or "random" not in gaps
            for gap in seeds.values()
        ]
        scale = max(float(np.median(first)), 1e-12)
        regrets[problem] = {
            method: {seed: gap / scale for seed, gap in seeds.items()}
            for method, seeds in gaps.items()
        }
    return regrets


def select(runs: Runs, problems: Collection[str], methods: Collection[str]) -> Runs:
    """The part of `runs` on these problems and of these methods."""
    return {
        problem: {method: seeds for method, seeds in found.items() if method in methods}
        for problem, found in runs.items()
        if problem in problems
    }


def ranks_of(regrets: Runs, t: int) -> dict[str, dict[str, float]]:
    """Problem -> method -> expected rank after t trials, 1 is best.

    The rank is 1 plus the chance of each other method to do better, ties counted half, estimated
    on the seeds that the two have in common: slow methods may have fewer seeds.
    """
    ranks: dict[str, dict[str, float]] = {}
    for problem, methods in regrets.items():
        ranks[problem] = {}
        for method, mine in methods.items():
            rank = 1.0
            for other, theirs in methods.items():
                common = mine.keys() & theirs.keys()
                if other != method and common:
                    gap = np.array([mine[seed][t - 1] - theirs[seed][t - 1] for seed in common])
                    rank += np.mean(gap > 0) + 0.5 * np.mean(gap == 0)
            ranks[problem][method] = float(rank)
    return ranks


def means_of(regrets: Runs, t: int) -> dict[str, dict[str, float]]:
    """Problem -> method -> regret after t trials, averaged over seeds."""
    return {
        problem: {
            method: float(np.mean([curve[t - 1] for curve in seeds.values()]))
            for method, seeds in methods.items()
        }
        for problem, methods in regrets.items()
    }


def over_problems(table: dict[str, dict[str, float]]) -> dict[str, Estimate]:
    """Method -> mean over its problems, with a bootstrap interval over problems."""
    rng = np.random.default_rng(0)
    values: dict[str, list[float]] = {}
    for methods in table.values():
        for method, value in methods.items():
            values.setdefault(method, []).append(value)
    estimates = {}
    for method, found in values.items():
        sample = np.array(found)
        means = rng.choice(sample, size=(RESAMPLES, len(sample))).mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        estimates[method] = Estimate(float(sample.mean()), float(low), float(high), len(sample))
    return estimates


def duels(regrets: Runs, mine: str, other: str, t: int) -> dict[str, float]:
    """Problem -> how clearly `mine` beats `other` after t trials, in standard errors.

    Positive where `mine` has the lower regret; over paired seeds. Problems that the two do not
    have in common, or have with one seed only, are left out.
    """
    clearness = {}
    for problem, methods in regrets.items():
        first, second = methods.get(mine, {}), methods.get(other, {})
        common = first.keys() & second.keys()
        if len(common) > 1:
            gap = np.array([second[seed][t - 1] - first[seed][t - 1] for seed in common])
            error = gap.std(ddof=1) / np.sqrt(len(gap))
            clearness[problem] = float(gap.mean() / max(error, 1e-12))
    return clearness


def wins_ties_losses(regrets: Runs, mine: str, other: str, t: int) -> tuple[int, int, int]:
    """Problems won, tied and lost; a tie is a difference of less than two standard errors."""
    clearness = np.array(list(duels(regrets, mine, other, t).values()))
    won, lost = int(np.sum(clearness > 2)), int(np.sum(clearness < -2))
    return won, len(clearness) - won - lost, lost
