"""Layers as functions of a flat dictionary of parameters, over the array API.

Notation
    B  batch axes (any number)   n_in, n_out, n_hidden  feature counts
Weights are stored (n_in, n_out), so that a layer is `x @ weight + bias`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from l2l_sampler.arrays import Array, array_namespace, sigmoid


def init_linear(
    rng: np.random.Generator, name: str, n_in: int, n_out: int, scale: float | None = None
) -> dict[str, np.ndarray]:
    """Normal weights of standard deviation `scale` (default 1 / sqrt(n_in)), zero bias."""
    scale = 1.0 / math.sqrt(n_in) if scale is None else scale
    return {
        f"{name}.weight": rng.normal(0.0, scale, (n_in, n_out)),
        f"{name}.bias": np.zeros(n_out),
    }


def init_lstm(
    rng: np.random.Generator, name: str, n_in: int, n_hidden: int
) -> dict[str, np.ndarray]:
    """LSTM cell with a forget bias of 1 (gate order: input, forget, cell, output)."""
    params = init_linear(rng, name, n_in + n_hidden, 4 * n_hidden)
    params[f"{name}.bias"][n_hidden : 2 * n_hidden] = 1.0
    return params


def linear(params: Mapping[str, Array], name: str, x: Array) -> Array:
    """Affine map of the last axis: (B, n_in) -> (B, n_out)."""
    return x @ params[f"{name}.weight"] + params[f"{name}.bias"]


def lstm_cell(
    params: Mapping[str, Array], name: str, x: Array, h: Array, c: Array
) -> tuple[Array, Array]:
    """One step of an LSTM (Hochreiter and Schmidhuber, 1997, with a forget gate).

    Args:
        params: holds the cell under `name`.
        name: prefix of the cell's parameters.
        x: (B, n_in) input.
        h: (B, n_hidden) hidden state.
        c: (B, n_hidden) cell state.

    Returns:
        The next (h, c), each (B, n_hidden).
    """
    xp = array_namespace(x)
    gates = linear(params, name, xp.concat([x, h], axis=-1))
    n = h.shape[-1]
    through = sigmoid(gates)  # of the cell's gate too, which is cheaper than to leave it out
    c = through[..., n : 2 * n] * c + through[..., :n] * xp.tanh(gates[..., 2 * n : 3 * n])
    return through[..., 3 * n :] * xp.tanh(c), c
