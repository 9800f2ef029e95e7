"""What a recurrent policy carries from step to step, and the replays that it goes on from."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np

from l2l_sampler.arrays import Array
from l2l_sampler.policies.base import Cache
from l2l_sampler.policies.recurrent.feeding import Inputs
from l2l_sampler.policies.recurrent.statistics import Statistics
from l2l_sampler.policies.recurrent.surroundings import Surroundings

Hidden: TypeAlias = tuple[Array, ...]
"""The network's own arrays, each (B, ...); B runs side by side."""


class State(NamedTuple):
    """All that a run carries from step to step.

    Attributes:
        statistics: of the results fed so far.
        around: results around the incumbent; None if the encoding does not look at them.
        hidden: the network's own arrays.
    """

    statistics: Statistics
    around: Surroundings | None
    hidden: Hidden


class Replayed(NamedTuple):
    """The outcome of one replay, an entry of a `Cache`.

    Attributes:
        inputs: what the network was fed.
        state: its state after them.
        x: (1, D) its proposal then.
    """

    inputs: Inputs
    state: State
    x: np.ndarray


def longest_prefix(cache: Cache, inputs: Inputs) -> Replayed | None:
    """The longest replay in the cache whose inputs `inputs` begin with, if any."""
    entry: Replayed
    for entry in sorted(cache.entries, key=lambda entry: -len(entry.inputs.o)):
        if inputs.starts_with(entry.inputs):
            return entry
    return None
