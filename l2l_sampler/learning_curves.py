"""What trials that were stopped early would have come to, judged by the others at the same step.

A last reported value cannot be compared with final ones: losses fall, sums grow, and annealed
losses rise before they fall. What can be compared is what all trials had at the step at which
one was stopped. There its rank among them is known, and their final values say what that rank
is worth. Trials stopped earlier are judged by those stopped later, too.

Notation
    n  trials      y  (n,) final objective, minimised; NaN where a trial was stopped early
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping

import numpy as np

_FEWEST = 3
"""Trials at the same step from which on ranks say something of final values."""
_UNKNOWN = 0.75
"""Quantile of the final values that a trial gets of which nothing can be said: it was stopped,
so that somebody thought it worse than most."""


class LearningCurves:
    """Reported values of trials by step, minimised; rows are numbered as the caller likes."""

    def __init__(self) -> None:
        """Start without trials."""
        self._curves: dict[int, tuple[list[int], list[float]]] = {}
        self._columns: dict[int, tuple[list[int], list[float]]] = {}

    def add(self, row: int, reports: Mapping[int, float]) -> None:
        """Take in the reports of an ended trial; without reports it has no curve."""
        steps = sorted(reports)
        if not steps:
            return
        self._curves[row] = steps, [reports[step] for step in steps]
        for step, (rows, values) in self._columns.items():
            if step <= steps[-1]:
                rows.append(row)
                values.append(self._value(row, step))

    def last(self, row: int) -> tuple[int, float] | None:
        """Last step of a trial and its value there; None if it reported nothing."""
        curve = self._curves.get(row)
        return None if curve is None else (curve[0][-1], curve[1][-1])

    def at(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows that got as far as `step`, and their latest values by then, each (m,)."""
        if step not in self._columns:
            rows = [row for row, (steps, _) in self._curves.items() if steps[-1] >= step]
            self._columns[step] = rows, [self._value(row, step) for row in rows]
        rows, values = self._columns[step]
        return np.array(rows, dtype=np.intp), np.array(values)

    def _value(self, row: int, step: int) -> float:
        """Latest value of a trial by `step`; NaN if it reported nothing until then."""
        steps, values = self._curves[row]
        k = bisect_right(steps, step)
        return values[k - 1] if k else math.nan


def final_values(y: np.ndarray, stopped: np.ndarray, curves: LearningCurves) -> np.ndarray:
    """The objective with an estimate for every trial that was stopped early.

    Args:
        y: (n,) final objective by row; NaN for rows without one.
        stopped: (n,) bool, rows of trials that were stopped early.
        curves: reports by row.

    Returns:
        (n,) the same, with values where a trial was stopped. They are NaN still if no trial of
        all has reported or returned anything.
    """
    y = np.where(stopped, math.nan, y)
    groups: dict[int, list[int]] = {}
    for row in np.flatnonzero(stopped).tolist():
        last = curves.last(row)
        groups.setdefault(-1 if last is None else last[0], []).append(row)
    for step in sorted(groups, reverse=True):
        rows = np.array(groups[step])
        if step < 0:
            y[rows] = _unknown(y)
            continue
        column, values = curves.at(step)
        reported = np.full(len(y), math.nan)
        reported[column] = values
        if np.isnan(y).all():  # nobody got farther: what they reported last is all there is
            y[rows] = reported[rows]
        else:
            y[rows] = _ranked(reported[rows], reported, y)
    return y


def _ranked(values: np.ndarray, reported: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Final values (m,) of trials that had `values` where others had `reported` (n,)."""
    others = np.isfinite(reported) & np.isfinite(y)
    at_step, final = np.sort(reported[others]), np.sort(y[others])
    unknown = np.full(len(values), _unknown(y))
    if not len(final):
        return unknown
    with np.errstate(over="ignore", invalid="ignore"):
        if len(final) < _FEWEST:  # as far behind at the end as at the step, and none is ahead
            behind = values - at_step.mean()
            found = np.maximum(final.mean() + np.where(np.isfinite(behind), behind, 0.0), final[0])
        elif _rank_correlation(reported[others], y[others]) <= 0.0:
            found = unknown
        else:
            spread = np.std(at_step)
            rise = np.std(final) / spread if spread > 0.0 else 0.0
            above = np.maximum(values - at_step[-1], 0.0) * rise
            found = np.interp(values, at_step, final) + np.where(np.isfinite(above), above, 0.0)
    return np.where(np.isnan(values), unknown, found)


def _unknown(y: np.ndarray) -> float:
    known = y[~np.isnan(y)]
    if not len(known):
        return math.nan
    return float(np.sort(known)[math.ceil(_UNKNOWN * (len(known) - 1))])


def _rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's coefficient of (m,) values, up to a positive factor; 0 if one is constant."""

    def centred(v: np.ndarray) -> np.ndarray:
        _, inverse, count = np.unique(v, return_inverse=True, return_counts=True)
        rank = (np.cumsum(count) - 0.5 * (count - 1))[inverse]
        return np.asarray(rank - rank.mean())

    return float(centred(a) @ centred(b))
