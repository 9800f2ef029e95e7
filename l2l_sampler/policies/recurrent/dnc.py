"""The paper's DNC policy: an LSTM controller with an external memory (Graves et al., 2016).

Notation
    B  runs side by side    H  controller units   N  slots   W  word size   R  read heads
    r  (B, R W) words read  v  interface vector, see `dnc_memory`
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from l2l_sampler.arrays import Array, array_namespace, zeros
from l2l_sampler.policies.base import Params
from l2l_sampler.policies.limits import limited
from l2l_sampler.policies.nets import init_linear, init_lstm, linear, lstm_cell
from l2l_sampler.policies.recurrent.dnc_memory import (
    Memory,
    empty_memory,
    interface_size,
    parse_interface,
    step_memory,
)
from l2l_sampler.policies.recurrent.policy import RecurrentPolicy
from l2l_sampler.policies.recurrent.state import Hidden


@dataclass(frozen=True)
class DNCPolicy(RecurrentPolicy):
    """Differentiable neural computer as an optimizer of one dimension.

    Attributes:
        hidden: units H of the LSTM controller.
        slots: memory slots N.
        width: word size W.
        heads: read heads R.
    """

    kind: ClassVar[str] = "dnc"
    input_layer: ClassVar[str] = "controller"

    hidden: int = limited(160, 1, 1024)
    slots: int = limited(32, 1, 1024)
    width: int = limited(16, 1, 256)
    heads: int = limited(2, 1, 64)

    @property
    def n_features(self) -> int:
        """Controller state and the words read, H + R W."""
        return self.hidden + self.heads * self.width

    def init_core(self, rng: np.random.Generator, n_inputs: int) -> dict[str, np.ndarray]:
        """Controller and its interface to the memory."""
        words = self.heads * self.width
        v = interface_size(self.width, self.heads)
        return {
            **init_lstm(rng, "controller", n_inputs + words, self.hidden),
            **init_linear(rng, "interface", self.hidden, v),
        }

    def initial_hidden(self, params: Params, batch: int) -> Hidden:
        """(h, c, r) and the six arrays of an empty memory."""
        like = params["out.bias"]
        h, r = zeros((batch, self.hidden), like), zeros((batch, self.heads * self.width), like)
        return (h, h, r, *empty_memory(batch, self.slots, self.width, self.heads, like))

    def core(self, params: Params, hidden: Hidden, inputs: Array) -> tuple[Hidden, Array]:
        """Step the controller on the inputs and the last words read, then the memory."""
        xp = array_namespace(inputs)
        h, c, r, *memory = hidden
        h, c = lstm_cell(params, "controller", xp.concat([inputs, r], axis=-1), h, c)
        ask = parse_interface(linear(params, "interface", h), self.width, self.heads)
        after, words = step_memory(Memory(*memory), ask)
        r = xp.reshape(words, (words.shape[0], self.heads * self.width))
        return (h, c, r, *after), xp.concat([h, r], axis=-1)
