"""The trials of a study as a policy sees them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from l2l_sampler.objectives import chebyshev, on_front, random_weights

_PATIENCE, _MOST_OVERTAKEN = 3, 20
"""A pending trial is given up when it was overtaken by so many times as many results as the most
that ever came in while a trial ran, and so many more. A slow trial that is given up too early
costs little: when it ends, it counts like any other."""


@dataclass(frozen=True, eq=False)
class History:
    """Evaluated and pending points, in the order in which they were asked.

    Attributes:
        x: (n, D) points in [0, 1], float64.
        y: (n,) minimised objective; NaN where there is none. Infinities are allowed.
        asked: (n,) moments of asking, on any clock, in order.
        told: (n,) moments of the results on the same clock; inf while pending.
        failed: (n,) bool, the trial has ended and yielded no value. A trial that has ended with
            no value and has not failed is one of which nothing is known but its point.
        constraints: (n, C) values of C constraints, each violated above 0; NaN where it is not
            known, which counts as not violated.
        others: (n, M - 1) the other ones of M minimised objectives, known where `y` is.
        source: (n,) int, 0 for trials of this study, and k for those of the k-th earlier one. An
            earlier study has objectives on scales of its own.
    """

    x: np.ndarray
    y: np.ndarray
    asked: np.ndarray
    told: np.ndarray
    failed: np.ndarray = None  # type: ignore[assignment]
    constraints: np.ndarray = None  # type: ignore[assignment]
    others: np.ndarray = None  # type: ignore[assignment]
    source: np.ndarray = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        """Check the shapes, which come from adapters and users alike."""
        n = len(self.y)
        if self.failed is None:
            object.__setattr__(self, "failed", np.zeros(n, dtype=bool))
        if self.source is None:
            object.__setattr__(self, "source", np.zeros(n, dtype=int))
        for name in ("constraints", "others"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, np.zeros((n, 0)))
        names = ("y", "asked", "told", "failed", "source")
        columns = {name: getattr(self, name) for name in names}
        tables = {"x": self.x, "constraints": self.constraints, "others": self.others}
        wrong = [name for name, v in columns.items() if v.shape != (n,)]
        wrong += [name for name, v in tables.items() if v.ndim != 2 or len(v) != n]
        if wrong:
            shapes = ", ".join(f"{name} {v.shape}" for name, v in (tables | columns).items())
            raise ValueError(
                f"a History of {n} trials needs x of shape ({n}, D), constraints ({n}, C), others "
                f"({n}, M - 1) and all else ({n},); got {shapes}"
            )

    @classmethod
    def sequential(cls, x: np.ndarray, y: np.ndarray) -> History:
        """Trials that ran one after the other; NaN in `y` marks one that is still running."""
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        moment = np.arange(len(y), dtype=np.float64)
        return cls(x, y, moment, np.where(np.isnan(y), np.inf, moment + 0.5))

    @property
    def n(self) -> int:
        """Number of trials, pending ones included."""
        return len(self.y)

    @property
    def finished(self) -> np.ndarray:
        """(n,) True where the objective is known."""
        finished: np.ndarray = ~np.isnan(self.y)
        return finished

    @property
    def results(self) -> np.ndarray:
        """(n,) True where the objective is known of a trial of this study."""
        results: np.ndarray = self.finished & (self.source == 0)
        return results

    @property
    def pending(self) -> np.ndarray:
        """(n,) True where the trial is still running."""
        pending: np.ndarray = np.isinf(self.told)
        return pending

    def take(self, index: np.ndarray) -> History:
        """The trials at `index`, an integer or boolean array."""
        return History(*(getattr(self, field.name)[index] for field in fields(self)))

    @property
    def objectives(self) -> np.ndarray:
        """(n, M) all objectives."""
        return np.column_stack([self.y, self.others])

    @property
    def violation(self) -> np.ndarray:
        """(n,) by how much constraints are violated, in all: 0 where none is.

        Each is measured in units of its own: the median of what violates it.
        """
        total = np.zeros(self.n)
        for values in self.constraints.T:
            excess = np.where(values > 0.0, values, 0.0)
            usual = np.isfinite(excess) & (excess > 0.0)
            total += excess / (np.median(excess[usual]) if usual.any() else 1.0)
        return total

    @property
    def feasible(self) -> np.ndarray:
        """(n,) bool, a result that violates no constraint."""
        feasible: np.ndarray = self.results & ~(self.constraints > 0.0).any(axis=1)
        return feasible

    def ranked(self, ties: np.ndarray | None = None) -> np.ndarray:
        """Indices of the results, the best first: feasible ones, then those that violate least.

        Of several objectives the front comes first, and then what is best by their worst one.

        Args:
            ties: (n,) by which equal results are ranked; None for the order of asking.
        """
        known = np.flatnonzero(self.results)
        y, violation = self.y[known], self.violation[known]
        ties = np.arange(self.n) if ties is None else ties
        behind = np.zeros(len(known), dtype=bool)
        if self.others.shape[1] and len(known):
            f = self.objectives[known]
            feasible = violation <= 0.0
            behind[feasible] = ~on_front(f[feasible])
            (y,) = chebyshev(f, np.ones((1, f.shape[1])))
        return known[np.lexsort((ties[known], y, behind, violation))]

    @property
    def stale(self) -> np.ndarray:
        """(n,) True where a trial is pending that will hardly end: its worker is gone.

        Far more results have come in since it was asked than while any other trial ran.
        """
        tells = np.sort(self.told[~self.pending])
        overtaken = np.searchsorted(tells, self.told) - np.searchsorted(tells, self.asked)
        usual = overtaken[~self.pending].max(initial=0)
        stale: np.ndarray = self.pending & (overtaken > _PATIENCE * usual + _MOST_OVERTAKEN)
        return stale

    def informative(self) -> History:
        """The trials that tell more than that their points need not be tried again."""
        return self.take(self.finished | (self.pending & ~self.stale) | self.failed)

    def toward_feasible(self) -> History:
        """The trials with what to minimise now: the violation, while no result is feasible."""
        if not self.results.any() or self.feasible.any():
            return self
        # Of an earlier study that had no constraints, nothing is known of how to meet them.
        some = self.results | (self.finished & ~np.isnan(self.constraints).all(axis=1))
        y = np.where(some, self.violation, np.nan)
        return replace(self, y=y, others=np.zeros((self.n, 0)))

    def plain(self, seed: Any) -> History:
        """The trials of this study to readers that know one objective and pending trials only.

        Of several objectives it is a random scalarisation. A result that violates constraints is
        worse than all that do not, by how much it does; a failed trial is infinitely bad.

        Args:
            seed: of that scalarisation, as for `numpy.random.default_rng`.
        """
        known = self.take(self.source == 0).toward_feasible()
        y, some = known.y, known.finished
        if known.others.shape[1]:
            weights = random_weights(np.random.default_rng(seed), 1, 1 + known.others.shape[1])
            y = np.full(known.n, np.nan)
            (y[some],) = chebyshev(known.objectives[some], weights)
        violation = known.violation
        if known.feasible.any() and violation.any():
            fine = y[known.feasible & np.isfinite(y)]
            worst, spread = (fine.max(), np.ptp(fine)) if len(fine) else (0.0, 0.0)
            beyond = worst + (spread or 1.0) * (2.0 - 1.0 / (1.0 + violation))
            y = np.where(some & (violation > 0.0), beyond, y)
        y = np.where(known.failed, np.inf, y)
        return History(known.x, y, known.asked, known.told)


def preceded(history: History, *earlier: History) -> History:
    """The history after those of earlier studies, of which only what has ended is known."""
    parts = []
    for k, study in enumerate(earlier, start=1):
        ended = study.take(study.finished | study.failed)
        parts.append(replace(ended, source=np.full(ended.n, k)))
    count = sum(part.n for part in parts)
    together = joined(*parts, history)
    asked, told = together.asked.copy(), together.told.copy()
    asked[:count] = np.arange(-count, 0)
    told[:count] = asked[:count] + 0.5
    return replace(together, asked=asked, told=told)


def joined(*parts: History) -> History:
    """The trials of all parts, one part after the other."""
    columns = (np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(History))
    return History(*columns)
