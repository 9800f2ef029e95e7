"""The hidden state of a recurrent policy as a pure function of the trials: replay.

Notation
    n  trials asked so far, so that the next ask is number n (from 0)
    D  unit-cube axes      K  inputs of the network up to its next proposal

The k-th ask is the k-th step of the network. Its input is the oldest finished result that was
not fed yet (o = 1), or the dummy (o = 0) if there is none. Where several results came in since
the last ask they are fed in turn, and only the output after the last one is a proposal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from l2l_sampler.history import History


@dataclass(frozen=True, eq=False)
class Symmetry:
    """One of the 2^D D! symmetries of the unit cube: reflect axes, then reorder them.

    Attributes:
        flip: (D,) True where the axis is reflected.
        order: (D,) a permutation.
    """

    flip: np.ndarray
    order: np.ndarray

    @classmethod
    def draw(cls, rng: np.random.Generator, dim: int) -> Symmetry:
        """A uniformly random symmetry."""
        return cls(rng.random(dim) < 0.5, rng.permutation(dim))

    def apply(self, u: np.ndarray) -> np.ndarray:
        """Points as the policy sees them, (..., D) -> (..., D)."""
        seen: np.ndarray = np.where(self.flip, 1.0 - u, u)[..., self.order]
        return seen

    def undo(self, u: np.ndarray) -> np.ndarray:
        """Inverse of `apply`."""
        back = u[..., np.argsort(self.order)]
        return np.where(self.flip, 1.0 - back, back)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What the network is fed from its (re)start up to its next proposal.

    Attributes:
        x: (K, D) points; 0 in dummy rows.
        y: (K,) objectives; 0 in dummy rows.
        o: (K,) 1 for a result, 0 for a dummy.
    """

    x: np.ndarray
    y: np.ndarray
    o: np.ndarray

    def starts_with(self, other: Inputs) -> bool:
        """Whether `other` is a prefix of these inputs."""
        k = len(other.o)
        return (
            k <= len(self.o)
            and np.array_equal(self.o[:k], other.o)
            and np.array_equal(self.y[:k], other.y)
            and np.array_equal(self.x[:k], other.x)
        )


def fed_at(history: History) -> np.ndarray:
    """(n,) number of the ask by which each result had come in; n + 1 where pending."""
    asked = np.maximum.accumulate(history.asked)
    ask = np.searchsorted(asked, np.nan_to_num(history.told, nan=np.inf), side="left")
    ask = np.maximum(ask, np.arange(1, history.n + 1))
    return np.where(history.finished, ask, history.n + 1)


def inputs_of(history: History, first: int = 0) -> Inputs:
    """Inputs of the asks first, ..., n of a network that starts afresh at ask `first`.

    A start at ask 0 is the paper's. A later one is fed the incumbent at that moment, as if it
    were the result of the network's own first proposal; the results that were known by then are
    otherwise forgotten.
    """
    n, dim = history.x.shape
    ask = fed_at(history)
    dummy = -1
    events = []  # (ask, row of the history or dummy), in the order of feeding
    if first > 0:
        events.append((first, dummy))
        known = np.flatnonzero((ask <= first) & np.isfinite(history.y))
        if len(known):
            events.append((first, int(known[np.argmin(history.y[known])])))
    later = range(first + 1 if first > 0 else 0, n + 1)
    arrived = np.flatnonzero((ask > first) & (ask <= n))
    arrived = arrived[np.lexsort((arrived, history.told[arrived], ask[arrived]))]
    events += zip(ask[arrived].tolist(), arrived.tolist(), strict=True)
    events += [(k, dummy) for k in sorted(set(later).difference(ask[arrived].tolist()))]
    row = np.array([row for _, row in sorted(events, key=lambda event: event[0])], dtype=int)
    o = (row != dummy).astype(np.float64)
    if not n:
        return Inputs(np.zeros((len(row), dim)), np.zeros(len(row)), o)
    x = np.where(o[:, None] > 0.0, history.x[row], 0.0)
    return Inputs(x, np.where(o > 0.0, history.y[row], 0.0), o)
