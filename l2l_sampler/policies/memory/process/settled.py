"""What is inferred from the first results of a study only, so that most proposals find it known.

Hyper-parameters and the strength of the encoding's map change little with one more result, and to
infer them takes most of a proposal's time. So they are inferred from the first m trials that have
ended, in the order in which their results were told, where m grows in steps. What these say is a
function of them alone: whether it comes from a cache or is inferred anew changes nothing.

Notation
    m  trials inferred from   d  axes of the cube   J = d + 2  hyper-parameters
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from l2l_sampler.history import History
from l2l_sampler.policies.base import Cache

_AT_ONCE = 4
"""Steps of trials below which all are inferred from: the first results change what is believed,
and to infer from few is cheap."""
_WIDER = 8
"""Steps of trials from which on steps are twice as wide, since each says less."""


class Inferred(NamedTuple):
    """What was inferred.

    Attributes:
        strength: (1, 1) of the encoding's map.
        theta: (1, J) hyper-parameters of the objective's process, lengths in units of the cube.
        limits: (R, J) the same of failures and constraints, see `feasibility`; None if there are
            neither.
    """

    strength: np.ndarray
    theta: np.ndarray
    limits: np.ndarray | None

    def stretched(self, width: np.ndarray) -> Inferred:
        """The same with all lengths so many times (d,) as long, of other units that is."""

        def longer(theta: np.ndarray) -> np.ndarray:
            offset = np.append(np.log(width), [0.0, 0.0])
            moved = theta + offset.astype(theta.dtype)
            moved[:, :-2] = np.maximum(moved[:, :-2], math.log(_SHORTEST))
            return np.asarray(moved)

        limits = None if self.limits is None else longer(self.limits)
        return self._replace(theta=longer(self.theta), limits=limits)


_SHORTEST = 1e-3
"""Length scale, in units of an axis, below which squares of scaled coordinates are so large that
their differences lose the digits which keep K positive definite."""


def settled(history: History, every: int) -> History | None:
    """The first m trials that have ended, in the order of their results.

    Args:
        history: trials of any order.
        every: step in which m grows; twice as many from `_WIDER` steps on.

    Returns:
        None while there are fewer than `_AT_ONCE` steps.
    """
    ended = np.flatnonzero(history.finished | history.failed)
    if len(ended) < _AT_ONCE * every:
        return None
    step = every if len(ended) < _WIDER * every else 2 * every
    order = np.argsort(history.told[ended], kind="stable")
    return history.take(ended[order[: len(ended) - len(ended) % step]])


class _Entry(NamedTuple):
    """An entry of a `Cache`."""

    key: tuple[Any, ...]
    inferred: Inferred


def remembered(
    cache: Cache | None, history: History, view: tuple[Any, ...], infer: Callable[[], Inferred]
) -> Inferred:
    """What `infer` gives, from the cache if it has been asked before.

    Args:
        cache: of the policy with its parameters; None to infer in any case.
        history: what is inferred from.
        view: all else that it depends on.
        infer: a function of these.
    """
    cache = Cache() if cache is None else cache
    columns = history.x, history.y, history.failed, history.constraints
    key = (*view, *(column.tobytes() for column in columns))
    for entry in cache.entries:
        if entry.key == key:
            found: Inferred = entry.inferred
            return found
    entry = _Entry(key, infer())
    cache.add(entry)
    return entry.inferred
