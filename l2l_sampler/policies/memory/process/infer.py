"""Hyper-parameters of a Gaussian process, inferred from its likelihood by a small LSTM.

The network takes a few steps on the gradient of the log marginal likelihood. All hyper-parameters
(the log length scale of every axis, the log noise variance, the logit of the kernel's smoothness)
share it, told apart by flags, so that one network serves any dimension. The constant mean and
the signal variance have closed forms and need no network, see `posterior`.

Notation
    B  problems   n  trials   d  axes   J = d + 2  hyper-parameters   theta  (B, J)
    H  width of the LSTM
Features are scaled to about one. What is a constant here was so when the shipped weights were
trained; with another value they propose something else.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import device

from l2l_sampler.arrays import Array, array_namespace, clip, detach, take_rows
from l2l_sampler.policies.base import Params
from l2l_sampler.policies.memory.process.posterior import (
    Posterior,
    condition,
    kernel,
    likelihood_slope,
)
from l2l_sampler.policies.memory.process.rise import Rise
from l2l_sampler.policies.memory.table import Table, representatives
from l2l_sampler.policies.nets import init_linear, init_lstm, linear, lstm_cell

STEPS = 4
"""Each costs a factorisation, and the proposal waits for them one after the other."""
INFORMATIVE = 64
"""Trials whose likelihood is looked at: a factorisation costs the cube of their number."""
HIDDEN = 24
_MESSAGE = 4
_FEATURES = 8 + _MESSAGE
_SCALE, _NOISE, _SMOOTHNESS = range(3)  # kinds of hyper-parameters
_START = (-1.0, -7.0, 0.0)
"""Where untrained parameters start: a third of an axis in three dimensions, little noise, half of
each kernel; in units of theta, by kind."""
_LONGEST_STEPS = (0.6, 1.5, 2.0)
"""By kind; four steps reach a length scale eleven times as long or as short."""


class _Task(NamedTuple):
    """What stays the same while the hyper-parameters move.

    Attributes:
        origin: (J,) where they start.
        stride: (J,) their longest steps.
        context: (B, J, 4) features of the table and of the kind of a hyper-parameter.
    """

    origin: Array
    stride: Array
    context: Array


class _State(NamedTuple):
    """What moves: theta (B, J) and the state h, c (B, J, H) of the LSTM."""

    theta: Array
    h: Array
    c: Array


def init(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Untrained parameters: starting hyper-parameters and the network that moves them."""
    return {
        "hyper.start": np.array(_START),
        **init_lstm(rng, "hyper.cell", _FEATURES, HIDDEN),
        **init_linear(rng, "hyper.message", HIDDEN, _MESSAGE),
        **init_linear(rng, "hyper.out", HIDDEN, 1, scale=0.05),
    }


def infer(
    params: Params, table: Table, rise: Rise | None = None, theta: Array | None = None
) -> Posterior:
    """Infer hyper-parameters from the known trials and condition on all that are present.

    A pending trial counts as evaluated at its posterior mean: it takes uncertainty away and
    moves no mean.

    Args:
        params: parameters with the names of `init`.
        table: the history, of any float type.
        rise: part of the mean; None for none.
        theta: (B, J) hyper-parameters that were inferred before; None to infer them here.
    """
    xp = array_namespace(table.x)
    x, z = xp.astype(table.x, xp.float64), xp.astype(table.z, xp.float64)
    weight = xp.astype(table.known, xp.float64)
    if theta is None:
        above = z if rise is None else z - rise.at(x) * weight
        theta = _hyper_parameters(params, x, above, weight)
    pairs = kernel(xp.astype(theta, xp.float64), x, slopes=False)
    model = condition(pairs, x, z, weight, rise, table.eligible)._replace(theta=theta)
    if bool(xp.all(table.known == table.present)):
        return model
    believed, _ = model.moments(x)
    z = xp.where(table.known, z, believed)
    both = condition(pairs, x, z, xp.astype(table.present, xp.float64), rise)
    return both._replace(best=model.best, deviation=model.deviation, theta=theta)


def _hyper_parameters(params: Params, x: Array, z: Array, weight: Array) -> Array:
    """Where theta (B, J) ends, for trials in float64 of which those of weight 1 are known."""
    task = _task(params, x, weight)
    if x.shape[1] > INFORMATIVE:
        xp = array_namespace(z)
        index, kept = representatives(z, weight, INFORMATIVE)
        x, z, weight = take_rows(x, index), xp.take_along_axis(z, index, axis=-1), kept
    state = _begin(task)
    for step in range(STEPS):
        gradient = _gradient(state.theta, x, z, weight)
        state = _move(params, task, state, gradient, step / STEPS)
    return state.theta


def _task(params: Params, x: Array, weight: Array) -> _Task:
    """What stays the same, in the float type of the parameters."""
    xp = array_namespace(x)
    start = params["hyper.start"]
    batch, _, d = x.shape
    like: dict[str, Any] = {"dtype": start.dtype, "device": device(x)}
    kind = np.array([_SCALE] * d + [_NOISE, _SMOOTHNESS])
    flags = xp.asarray(np.eye(3)[kind][:, 1:], **like)  # (J, 2)
    # The distance of random points grows with sqrt(d), and length scales should with it.
    offset = xp.asarray(np.where(kind == _SCALE, 0.5 * math.log(d), 0.0), **like)
    zero = xp.zeros((batch, d + 2, 1), **like)  # spreads what hyper-parameters share
    count = xp.sum(weight, axis=-1, keepdims=True)
    trials = xp.astype(xp.log(count + 1.0) / 3.0, start.dtype)[..., None]
    return _Task(
        origin=start[kind] + offset,
        stride=xp.asarray(np.array(_LONGEST_STEPS)[kind], **like),
        context=xp.concat([trials + zero, math.log(d) + zero, flags + zero], axis=-1),
    )


def _begin(task: _Task) -> _State:
    """The state before the first step."""
    xp = array_namespace(task.context)
    zero = xp.zeros_like(task.context[..., 0])
    like: dict[str, Any] = {"dtype": zero.dtype, "device": device(zero)}
    h = xp.zeros((*zero.shape, HIDDEN), **like)
    return _State(task.origin + zero, h, xp.zeros_like(h))


def _gradient(theta: Array, x: Array, z: Array, weight: Array) -> Array:
    """Gradient of the log likelihood a trial with respect to theta, (B, J).

    As usual in learned optimizers there are no second derivatives: it counts as an input.
    """
    xp = array_namespace(x)
    pairs = kernel(xp.astype(detach(theta), x.dtype), x)
    model = condition(pairs, x, z, weight)
    slope = likelihood_slope(model, pairs) / (xp.sum(weight, axis=-1, keepdims=True) + 1.0)
    return xp.astype(slope, theta.dtype)


def _move(params: Params, task: _Task, state: _State, gradient: Array, progress: float) -> _State:
    """One step of the network; `progress` is the share of steps taken."""
    xp = array_namespace(gradient)
    theta, h, c = state
    zero = xp.zeros_like(theta)[..., None]  # (B, J, 1)
    message = xp.mean(xp.tanh(linear(params, "hyper.message", h)), axis=1, keepdims=True)
    inputs = xp.concat(
        [
            clip(gradient, -3.0, 3.0)[..., None],
            # The same on a logarithmic scale, from a hundredth on: gradients span decades.
            (xp.sign(gradient) * xp.log1p(100.0 * xp.abs(gradient)))[..., None] * 0.3,
            ((theta - task.origin) * 0.5)[..., None],
            progress + zero,
            task.context,
            message + zero,
        ],
        axis=-1,
    )  # (B, J, _FEATURES)
    h, c = lstm_cell(params, "hyper.cell", inputs, h, c)
    theta = theta + task.stride * xp.tanh(linear(params, "hyper.out", h)[..., 0])
    return _State(theta, h, c)
