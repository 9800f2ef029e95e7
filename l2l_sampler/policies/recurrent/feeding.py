"""What a network is fed of a history, so that its hidden state is a pure function of the trials.

Notation
    n  trials asked so far, so that the next ask is number n (from 0)
    D  unit-cube axes      K  inputs of the network up to its next proposal
    P  pending trials shown at each

The k-th ask is the k-th step of the network. Its input is the oldest finished result that was
not fed yet (o = 1), or the dummy (o = 0) if there is none. Where several results came in since
the last ask they are fed in turn, and only the output after the last one is a proposal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from l2l_sampler.history import History


@dataclass(frozen=True, eq=False)
class Inputs:
    """What the network is fed from its (re)start up to its next proposal.

    Attributes:
        x: (K, D) points; 0 in dummy rows.
        y: (K,) objectives; 0 in dummy rows.
        o: (K,) 1 for a result, 0 for a dummy.
        pending: (K, P, D) the last points asked of which no result was fed, latest first.
        busy: (K, P) 1 where there is such a point.
    """

    x: np.ndarray
    y: np.ndarray
    o: np.ndarray
    pending: np.ndarray
    busy: np.ndarray

    def starts_with(self, other: Inputs) -> bool:
        """Whether `other` is a prefix of these inputs."""
        k = len(other.o)
        return (
            k <= len(self.o)
            and np.array_equal(self.o[:k], other.o)
            and np.array_equal(self.y[:k], other.y)
            and np.array_equal(self.x[:k], other.x)
            and np.array_equal(self.busy[:k], other.busy)
            and np.array_equal(self.pending[:k], other.pending)
        )


def fed_at(history: History) -> np.ndarray:
    """(n,) number of the ask by which each result had come in; n + 1 where pending."""
    asked = np.maximum.accumulate(history.asked)
    ask = np.searchsorted(asked, np.nan_to_num(history.told, nan=np.inf), side="left")
    ask = np.maximum(ask, np.arange(1, history.n + 1))
    return np.where(history.finished, ask, history.n + 1)


def episode_of(history: History, horizon: int, patience: int | None) -> tuple[int, int]:
    """Which episode the next ask belongs to, and the number of the ask that began it.

    An episode ends after `horizon` asks or, with a patience, when as many results of its own
    trials have come in since the last improvement among them.
    """
    if patience is None:
        episode = history.n // horizon
        return episode, episode * horizon
    ask, episode, first = fed_at(history), 0, 0
    while True:
        end = min(first + horizon, _lost_patience(history, ask, first, patience))
        if end > history.n:
            return episode, first
        episode, first = episode + 1, end


def _lost_patience(history: History, ask: np.ndarray, first: int, patience: int) -> int:
    """The ask at which the trials from `first` on have disappointed; past all if they have not."""
    own = first + np.flatnonzero(ask[first:] <= history.n)
    own = own[np.lexsort((own, history.told[own], ask[own]))]
    lowest = np.minimum.accumulate(np.append(np.inf, history.y[own]))
    place = np.arange(1, len(own) + 1)
    improved = np.maximum.accumulate(np.where(lowest[1:] < lowest[:-1], place, 0))
    late = np.flatnonzero(place - improved >= patience)
    return int(ask[own[late[0]]]) if len(late) else history.n + 1


def inputs_of(history: History, first: int = 0, n_pending: int = 0) -> Inputs:
    """Inputs of the asks first, ..., n of a network that starts afresh at ask `first`.

    A start at ask 0 is the paper's. A later one is fed the incumbent at that moment, as if it
    were the result of the network's own first proposal; the results that were known by then are
    otherwise forgotten.

    Args:
        history: trials so far, in the coordinates of the network.
        first: the ask at which it starts.
        n_pending: how many pending trials P to show at each input.
    """
    n, dim = history.x.shape
    ask, dummy = fed_at(history), -1
    start = [dummy]  # row of the history or dummy, fed at ask `first`
    if first > 0:
        known = np.flatnonzero((ask <= first) & np.isfinite(history.y))
        if len(known):
            start.append(int(known[np.argmin(history.y[known])]))
    arrived = np.flatnonzero((ask > first) & (ask <= n))
    arrived = arrived[np.lexsort((arrived, history.told[arrived], ask[arrived]))]
    empty = np.ones(n + 1, dtype=bool)  # asks from which on nothing came in
    empty[: first + 1] = empty[ask[arrived]] = False
    none = np.flatnonzero(empty)
    at = np.concatenate([np.full(len(start), first), ask[arrived], none])
    row = np.concatenate([start, arrived, np.full(len(none), dummy)])
    order = np.argsort(at, kind="stable")
    at, row = at[order], row[order]
    o = (row != dummy).astype(np.float64)
    shown = _pending(history, at, row, (first > 0) & (ask <= first), n_pending)
    if not n:
        return Inputs(np.zeros((len(row), dim)), np.zeros(len(row)), o, *shown)
    x = np.where(o[:, None] > 0.0, history.x[row], 0.0)
    return Inputs(x, np.where(o > 0.0, history.y[row], 0.0), o, *shown)


def _pending(
    history: History, at: np.ndarray, row: np.ndarray, forgotten: np.ndarray, n_pending: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pending trials at each input, see `Inputs`.

    Args:
        history: trials so far.
        at: (K,) the ask of each input.
        row: (K,) the trial whose result it is; negative for a dummy.
        forgotten: (n,) trials that had ended before the network started.
        n_pending: P.
    """
    n, dim = history.x.shape
    pending, busy = np.zeros((len(at), n_pending, dim)), np.zeros((len(at), n_pending))
    most = min(n, n_pending)
    if most:
        fed = np.full(n, len(at))  # input that held the result; len(at) if none did
        fed[row[row >= 0]] = np.flatnonzero(row >= 0)
        fed[forgotten] = -1
        open_ = (np.arange(n) < at[:, None]) & (fed > np.arange(len(at))[:, None])
        latest = n - 1 - np.argsort(~open_[:, ::-1], axis=1, kind="stable")[:, :most]
        busy[:, :most] = np.take_along_axis(open_, latest, axis=1)
        pending[:, :most] = history.x[latest] * busy[:, :most, None]
    return pending, busy
