"""The paper's LSTM policy: a stack of LSTM cells over an embedding of the last result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from l2l_sampler.arrays import Array, array_namespace, sigmoid, zeros
from l2l_sampler.policies.base import Params
from l2l_sampler.policies.limits import limited
from l2l_sampler.policies.nets import init_linear, init_lstm, linear, lstm_cell
from l2l_sampler.policies.recurrent.policy import RecurrentPolicy
from l2l_sampler.policies.recurrent.state import Hidden


@dataclass(frozen=True)
class LSTMPolicy(RecurrentPolicy):
    """Hochreiter and Schmidhuber's network as an optimizer of one dimension.

    Attributes:
        hidden: units H of each cell.
        layers: cells L on top of each other.
    """

    kind: ClassVar[str] = "lstm"
    input_layer: ClassVar[str] = "embed"

    hidden: int = limited(160, 1, 1024)
    layers: int = limited(2, 1, 16)

    @property
    def n_features(self) -> int:
        """The hidden states of all cells, L H."""
        return self.layers * self.hidden

    def init_core(self, rng: np.random.Generator, n_inputs: int) -> dict[str, np.ndarray]:
        """Embedding and cells."""
        params = init_linear(rng, "embed", n_inputs, self.hidden)
        for layer in range(self.layers):
            params |= init_lstm(rng, f"cell{layer}", self.hidden, self.hidden)
        return params

    def initial_hidden(self, params: Params, batch: int) -> Hidden:
        """(h, c) of each cell in turn, each (B, H), zero."""
        return (zeros((batch, self.hidden), params["out.bias"]),) * (2 * self.layers)

    def core(self, params: Params, hidden: Hidden, inputs: Array) -> tuple[Hidden, Array]:
        """Embed the inputs and step each cell on the one below; (B, n_inputs) -> (B, L H)."""
        xp = array_namespace(inputs)
        below = linear(params, "embed", inputs)
        below = below * sigmoid(below)
        states: list[Array] = []
        for layer in range(self.layers):
            h, c = hidden[2 * layer : 2 * layer + 2]
            h, c = lstm_cell(params, f"cell{layer}", below, h, c)
            states += [h, c]
            below = h
        return tuple(states), xp.concat(states[::2], axis=-1)
