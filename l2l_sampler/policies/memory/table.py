"""The history as a table, and the part of it that is read.

Notation
    B  problems side by side (1 at run time)   n  trials in the table   d  axes of the cube
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from array_api_compat import device

from l2l_sampler.arrays import Array, array_namespace, clip, take_rows
from l2l_sampler.history import History, joined


class Table(NamedTuple):
    """The history as arrays; padding rows are neither present nor known.

    Attributes:
        x: (B, n, d) points.
        z: (B, n) encoded objective, 0 where it is not known.
        known: (B, n) bool, the objective is known.
        present: (B, n) bool, the row holds a trial; present but not known is a pending one.
        failed: (B, n) bool, the row holds a trial that failed, which is neither present nor known
            for the objective; None if there is none.
        numeric: (B, d) bool, the axis is of a number, not of a choice; None if all are.
        strength: (B, 1) of the map that z was seen through, see `choose_map`; None if unknown.
        eligible: (B, n) bool, known rows of which the best one is to be improved on; None for all.
        constraints: (B, n, C) values of constraints, see `History`; None if there are none.
    """

    x: Array
    z: Array
    known: Array
    present: Array
    failed: Array | None = None
    numeric: Array | None = None
    strength: Array | None = None
    eligible: Array | None = None
    constraints: Array | None = None

    @property
    def candidates(self) -> Array:
        """(B, n) bool, rows that may be the incumbent."""
        return self.known if self.eligible is None else self.eligible

    def of_first(self, times: int = 1) -> Table:
        """The first problem, so many times."""

        def first(v: Array | None) -> Array | None:
            if v is None:
                return None
            return array_namespace(v).broadcast_to(v[:1], (times, *v.shape[1:]))

        return Table(*map(first, self))

    def incumbent(self) -> tuple[Array, Array]:
        """Best known point (B, 1, d) and its z (B, 1); the table's first row if none is known."""
        xp = array_namespace(self.z)
        ranked = xp.where(self.candidates, self.z, xp.inf + xp.zeros_like(self.z))
        index = xp.argmin(ranked, axis=-1, keepdims=True)
        return take_rows(self.x, index), xp.take_along_axis(self.z, index, axis=-1)


def readable(history: History, n_max: int) -> History:
    """The history itself, or a subset of `n_max` trials that does not depend on their order.

    Trials of earlier studies may take half of the places, and of the rest pending and failed
    trials a quarter each, the latest first; all of them more where there are not enough results.
    Of the results the best half of their places is for the best, the others are evenly spaced by
    rank, so that the whole range of values is seen.
    """
    if history.n <= n_max:
        return history
    earlier = history.source > 0
    if earlier.any():
        own = readable(history.take(~earlier), max(n_max // 2, n_max - int(earlier.sum())))
        return joined(own, _of_each(history.take(earlier), n_max - own.n))
    pending, failed = np.flatnonzero(history.pending), np.flatnonzero(history.failed)
    quarter, results = n_max // 4, int(history.finished.sum())
    reserved = min(len(pending), quarter) + min(len(failed), quarter)
    n_known = min(results, n_max - reserved)
    left = n_max - n_known
    n_failed = min(len(failed), max(quarter, left - len(pending)))
    n_pending = min(len(pending), left - n_failed)
    chosen = [_by_rank(history, n_known)]
    chosen += [pending[len(pending) - n_pending :], failed[len(failed) - n_failed :]]
    return history.take(np.sort(np.concatenate(chosen)))


def _by_rank(history: History, most: int) -> np.ndarray:
    """Indices of so many results, the best half of them and others evenly spaced by rank."""
    different = np.sqrt(np.arange(1.0, 1.0 + history.x.shape[1]))
    order = history.ranked(ties=history.x @ different)  # different for different points
    best = most // 2
    rest = np.linspace(best, max(len(order) - 1, best), most - best)
    return np.concatenate([order[:best], order[rest.astype(np.intp)]])


def _of_each(history: History, most: int) -> History:
    """At most so many trials of earlier studies, as many of each."""
    studies = np.unique(history.source)
    parts = []
    for study in studies:
        part = history.take(history.source == study)
        own = replace(part, source=np.zeros(part.n, dtype=int))
        parts.append(
            replace(kept := readable(own, most // len(studies)), source=kept.source + study)
        )
    return joined(*parts)


def representatives(z: Array, weight: Array, most: int) -> tuple[Array, Array]:
    """At most `most` known trials, the best half and others evenly spaced by rank.

    The likelihood of these costs a fraction of that of all trials and says nearly as much.

    Args:
        z: (B, n) objective, n >= most.
        weight: (B, n) 1 where it is known.
        most: an even number.

    Returns:
        Which trials (B, most), and 1 where there is one (B, most): padding comes last.
    """
    xp = array_namespace(z)
    n, half = z.shape[1], most // 2
    order = xp.argsort(xp.where(weight > 0.0, z, xp.inf + xp.zeros_like(z)), axis=-1, stable=True)
    count = xp.sum(weight, axis=-1, keepdims=True)
    place = xp.arange(most, dtype=z.dtype, device=device(z))[None]
    spacing = clip((count - half - 1.0) / (half - 1.0), 1.0, None)
    rank = xp.where(place < half, place, half + xp.floor((place - half) * spacing))
    index = xp.take_along_axis(order, xp.astype(clip(rank, 0.0, n - 1.0), xp.int64), axis=-1)
    return index, xp.astype(rank < count, z.dtype)
