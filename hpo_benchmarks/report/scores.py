"""Scores of methods from rows: normalised regret, mean rank, paired differences, wins and losses.

Notation
    problem  "suite/name"      T  trials of a study      t  trials used, 1 to T

Regret is the best value so far minus the best known, divided by the median over seeds of the
same difference for random search's first result, or all methods' where random search seldom has
one: 0 is the optimum, and 1 a first guess or worse, or no result yet, so that one study that goes
wrong is no more than one study. Methods are only ever compared on the seeds that they have
in common. Forms of one problem, such as two interpolations of a table, are a family that counts
once: what is averaged over problems is averaged over a family's first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from hpo_benchmarks.report.groups import by_family
from hpo_benchmarks.rows import Row

Curves: TypeAlias = dict[int, np.ndarray]
"""Seed -> (T,) curve"""
Runs: TypeAlias = dict[str, dict[str, Curves]]
"""Problem -> method -> seed -> (T,) curve"""

BUDGETS = (10, 20, 50, 100)
LATE = (200, 500)
"""Budgets of suites of long studies, besides."""
SHORT = (1, 3, 5, 10, 20, 30)
"""Budgets of suites whose studies are no longer than the last of them."""
RESAMPLES = 2000
CLEAR = 2.0  # standard errors that make a difference a win or a loss


@dataclass(frozen=True)
class Estimate:
    """A mean over families of problems with its 95 % bootstrap interval, and how many problems."""

    mean: float
    low: float
    high: float
    problems: int


@dataclass(frozen=True)
class Difference:
    """Regret of one method minus that of another, over the seeds that both have.

    Attributes:
        mean: over families of problems; negative where the first is better.
        low: lower end of the 95 % bootstrap interval over families and seeds; nan of one family.
        high: its upper end.
        problems: how many.
        lower: on how many of them the first method's mean is lower.
        won: problems on which it is lower by CLEAR standard errors over seeds.
        lost: problems on which it is higher by as much; the others are tied.
    """

    mean: float
    low: float
    high: float
    problems: int
    lower: int
    won: int
    lost: int

    @property
    def tied(self) -> int:
        """Problems on which the seeds do not tell, or there is one only."""
        return self.problems - self.won - self.lost


def budgets_of(trials: int) -> list[int]:
    """The budgets that studies of so many trials reach."""
    budgets = SHORT if trials <= SHORT[-1] else (*BUDGETS, *LATE)
    return [t for t in budgets if t <= trials]


def successful(rows: Iterable[Row]) -> list[Row]:
    """Rows with results, of the longest budget among those of their suite, so that curves compare.

    Smaller runs, such as those made to try something out, do not count.
    """
    good = [row for row in rows if row.error is None]
    longest: dict[str, int] = {}
    for row in good:
        longest[row.suite] = max(row.trials, longest.get(row.suite, 0))
    return [row for row in good if row.trials == longest[row.suite]]


def curves_of(rows: Iterable[Row]) -> Runs:
    """The best values by trial; NaN where no trial has one yet."""
    return _by_cell((row, row.curve) for row in rows)


def clocks_of(rows: Iterable[Row]) -> Runs:
    """Seconds in the optimizer by trial."""
    return _by_cell((row, row.clock) for row in rows)


def failures_of(rows: Iterable[Row]) -> Runs:
    """Failed trials so far, by trial."""
    return _by_cell((row, row.failures()) for row in rows)


def _by_cell(found: Iterable[tuple[Row, Collection[float | None] | None]]) -> Runs:
    runs: Runs = {}
    for row, values in found:
        methods = runs.setdefault(row.place, {})
        methods.setdefault(row.method, {})[row.seed] = np.array(values, dtype=float)
    return runs


def regrets_of(rows: Iterable[Row]) -> Runs:
    """Normalised regret of every row.

    Where the optimum is unknown, the smallest value in any row of the problem stands for it: of a
    live problem, whose seeds are instances with optima of their own, any row of that seed. Where a
    row of the seed ends below a stated optimum, it counts in its place, for all methods.
    """
    rows = list(rows)
    optimum = {(row.place, row.seed): row.optimum for row in rows if row.optimum is not None}
    live = {row.place for row in rows if row.outcomes is not None}
    regrets: Runs = {}
    for problem, methods in curves_of(rows).items():
        stated = {seed: value for (place, seed), value in optimum.items() if place == problem}
        zero = _zeros(methods, stated, apart=problem in live)
        gaps = {
            method: {seed: curve - zero[seed] for seed, curve in curves.items()}
            for method, curves in methods.items()
        }
        firsts = {name: _firsts(curves) for name, curves in gaps.items()}
        every = [gap for found in firsts.values() for gap in found] or [1.0]
        random = firsts.get("random", [])
        # One lucky first result of random search is no scale.
        chosen = random if random and 2 * len(random) >= len(gaps["random"]) else every
        scale = max(float(np.median(chosen)), 1e-12)
        regrets[problem] = {
            method: {seed: np.fmin(gap / scale, 1.0) for seed, gap in curves.items()}
            for method, curves in gaps.items()
        }
    return regrets


def _zeros(
    methods: dict[str, Curves], stated: Mapping[int, float], *, apart: bool
) -> dict[int, float]:
    """Seed -> the value whose regret is 0.

    Args:
        methods: of one problem.
        stated: seed -> optimum, where it is known.
        apart: whether seeds are instances with optima of their own.
    """
    lowest: dict[int, float] = {}
    for curves in methods.values():
        for seed, curve in curves.items():
            lowest[seed] = np.fmin(lowest.get(seed, np.nan), curve[-1])
    overall = min(lowest.values())
    return {
        seed: np.fmin(stated[seed], low) if seed in stated else low if apart else overall
        for seed, low in lowest.items()
    }


def _firsts(gaps: Curves) -> list[float]:
    """How far the first result of every study with one lies from the optimum."""
    known = [gap[np.isfinite(gap)] for gap in gaps.values()]
    return [float(gap[0]) for gap in known if gap.size]


def select(runs: Runs, problems: Collection[str], methods: Collection[str]) -> Runs:
    """The part of `runs` on these problems and of these methods."""
    return {
        problem: {method: curves for method, curves in found.items() if method in methods}
        for problem, found in runs.items()
        if problem in problems
    }


def common_seeds(methods: dict[str, Curves]) -> list[int]:
    """The seeds that all of these methods have."""
    return sorted(set.intersection(*(set(curves) for curves in methods.values())))


def in_common(runs: Runs) -> Runs:
    """The part that compares all methods: problems that all of them ran, on the common seeds."""
    names = {name for methods in runs.values() for name in methods}
    chosen: Runs = {}
    for problem, methods in runs.items():
        if methods.keys() == names and (seeds := common_seeds(methods)):
            chosen[problem] = {
                name: {seed: curves[seed] for seed in seeds} for name, curves in methods.items()
            }
    return chosen


def well_seeded(runs: Runs) -> list[str]:
    """Methods with at least half as many seeds as the one that has most.

    The means of a table are over common seeds, so a method of very few would make those of all
    others uncertain; it is compared with ours alone.
    """
    seeds: dict[str, list[int]] = {}
    for methods in runs.values():
        for name, curves in methods.items():
            seeds.setdefault(name, []).append(len(curves))
    least = {name: min(counts) for name, counts in seeds.items()}
    return [name for name, count in least.items() if 2 * count >= max(least.values())]


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
                if other != method and (gap := _gaps(mine, theirs, t)).size:
                    rank += np.mean(gap > 0) + 0.5 * np.mean(gap == 0)
            ranks[problem][method] = float(rank)
    return ranks


def means_of(regrets: Runs, t: int) -> dict[str, dict[str, float]]:
    """Problem -> method -> value after t trials, averaged over the seeds that all of them have.

    Problems whose methods have no seed in common are left out.
    """
    return {
        problem: {
            method: float(np.mean([curves[seed][t - 1] for seed in seeds]))
            for method, curves in methods.items()
        }
        for problem, methods in regrets.items()
        if methods and (seeds := common_seeds(methods))
    }


def mean_over_families(values: Mapping[str, float | np.ndarray]) -> np.ndarray:
    """Mean of the values, or of curves (T,), of problems; forms of one problem count once."""
    means = [np.mean(found, axis=0) for found in by_family(values)]
    return np.asarray(np.mean(means, axis=0))


def over_problems(table: dict[str, dict[str, float]]) -> dict[str, Estimate]:
    """Method -> mean over families of problems, with a bootstrap interval over these."""
    rng = np.random.default_rng(0)
    values: dict[str, dict[str, float]] = {}
    for problem, methods in table.items():
        for method, value in methods.items():
            values.setdefault(method, {})[problem] = value
    estimates = {}
    for method, found in values.items():
        sample = np.array([np.mean(family) for family in by_family(found)])
        means = rng.choice(sample, size=(RESAMPLES, len(sample))).mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        estimates[method] = Estimate(float(sample.mean()), float(low), float(high), len(found))
    return estimates


def _gaps(mine: Curves, other: Curves, t: int) -> np.ndarray:
    """(n,) `mine` minus `other` after t trials, on each seed that both have."""
    return np.array([mine[s][t - 1] - other[s][t - 1] for s in mine if s in other])


def difference(regrets: Runs, mine: str, other: str, t: int) -> Difference | None:
    """How the regrets of two methods differ after t trials; None if they share no problem."""
    gaps = {
        problem: gap
        for problem, methods in regrets.items()
        if (gap := _gaps(methods.get(mine, {}), methods.get(other, {}), t)).size
    }
    if not gaps:
        return None
    means = {problem: gap.mean() for problem, gap in gaps.items()}
    clear = np.array([_clearness(gap) for gap in gaps.values()])
    low, high = _interval(by_family(gaps))
    return Difference(
        mean=float(mean_over_families(means)),
        low=low,
        high=high,
        problems=len(gaps),
        lower=sum(bool(mean < 0) for mean in means.values()),
        won=int(np.sum(clear < -CLEAR)),
        lost=int(np.sum(clear > CLEAR)),
    )


def _interval(families: list[list[np.ndarray]]) -> tuple[float, float]:
    """95 % bootstrap interval of the mean over families, which draws these and their seeds."""
    if len(families) == 1:
        return float("nan"), float("nan")
    rng = np.random.default_rng(0)
    means = np.array(  # (families, RESAMPLES), each a mean over seeds drawn anew
        [
            np.mean([rng.choice(gap, (RESAMPLES, len(gap))).mean(axis=1) for gap in found], axis=0)
            for found in families
        ]
    )
    drawn = rng.integers(len(families), size=(len(families), RESAMPLES))
    low, high = np.quantile(np.take_along_axis(means, drawn, axis=0).mean(axis=0), [0.025, 0.975])
    return float(low), float(high)


def _clearness(gap: np.ndarray) -> float:
    """Mean of the gaps (n,) in standard errors; 0 of a single seed, which tells nothing."""
    if len(gap) == 1:
        return 0.0
    return float(gap.mean() / max(gap.std(ddof=1) / np.sqrt(len(gap)), 1e-12))


def trials_to_level(regrets: Runs, mine: str, other: str) -> dict[str, float]:
    """Problem -> trials that `mine` needs to where `other` is at its end, median over seeds.

    Where it never comes there, that is one trial more than there were.
    """
    found = {}
    for problem, methods in regrets.items():
        ours, theirs = methods.get(mine, {}), methods.get(other, {})
        needed = [
            1 + int(np.sum(np.minimum.accumulate(ours[seed]) > theirs[seed][-1]))
            for seed in ours
            if seed in theirs
        ]
        if needed:
            found[problem] = float(np.median(needed))
    return found
