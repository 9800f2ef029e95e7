"""The descent of the memory policy: from starting points, one small LSTM takes a few steps.

All axes share it. At each step it reads the table at the current point, the axes exchange a
mean-pooled message, and it moves the point.

Notation
    B  problems side by side (1 at run time)   n  trials   d  axes of the cube
    S  starting points   H  LSTM width
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from array_api_compat import device

from l2l_sampler.arrays import Array, array_namespace, clamp_unit
from l2l_sampler.policies.base import Params
from l2l_sampler.policies.memory.reads.read import Read
from l2l_sampler.policies.nets import init_linear, init_lstm, linear, lstm_cell

# The constants below were so when the shipped weights were trained: with others these weights
# propose something else. Inputs of the LSTM are scaled to about one.
_MESSAGE = 8  # numbers that the axes tell each other
_SHARED = 4  # position, progress, number of axes, number of trials
_LONGEST_STEP = 0.5  # in natural lengths of the read, so that a few steps leave a basin
_STEERING = 0.3  # scales an output of about one to a change of a log bandwidth


def init(rng: np.random.Generator, reader: Read, hidden: int) -> dict[str, np.ndarray]:
    """Untrained parameters of an LSTM of width `hidden`, for what `reader` gives."""
    n_in = _SHARED + reader.n_axis + reader.n_point + _MESSAGE
    return {
        **init_lstm(rng, "cell", n_in, hidden),
        **init_linear(rng, "message", hidden, _MESSAGE),
        **init_linear(rng, "out", hidden, 1 + reader.n_control, scale=0.05),
    }


def descend(
    params: Params, reader: Read, prepared: Any, known: Array, p: Array, *, steps: int
) -> Array:
    """Move the points p (B, S, d).

    Args:
        params: parameters with the names of `init`.
        reader: reads the table.
        prepared: what it prepared.
        known: (B, n) bool, rows of the table whose objective is known.
        p: starting points.
        steps: of the LSTM.

    Returns:
        (B, S, d) final points.
    """
    xp = array_namespace(p)
    batch, s, d = p.shape
    hidden = params["message.weight"].shape[0]
    h = xp.zeros((batch, s, d, hidden), dtype=p.dtype, device=device(p))
    c = xp.zeros_like(h)
    zero = xp.zeros_like(p)[..., None]  # (B, S, d, 1), spreads what axes or points share
    count = xp.sum(xp.astype(known, p.dtype), axis=-1)
    trials = (xp.log(count + 1.0) / 3.0)[:, None, None, None] + zero
    sizes = xp.concat([math.log(d) + zero, trials], axis=-1)
    control = None
    for step in range(steps):
        look = reader.look(params, prepared, p, control)
        message = xp.mean(xp.tanh(linear(params, "message", h)), axis=2, keepdims=True)
        shared = xp.concat([look.point[:, :, None], message], axis=-1) + zero
        place, progress = 2.0 * p[..., None] - 1.0, step / steps + zero
        inputs = xp.concat([place, progress, sizes, look.axis, shared], axis=-1)
        h, c = lstm_cell(params, "cell", inputs, h, c)
        out = linear(params, "out", h)
        p = clamp_unit(p + _LONGEST_STEP * xp.tanh(out[..., 0]) * look.stride)
        if reader.n_control:
            steering = _STEERING * out[..., 1:]
            control = steering if control is None else control + steering
    return p
