"""External memory of the differentiable neural computer (Graves et al., 2016, Methods).

Notation, as in the paper
    B  runs side by side   N  slots     W  word size    R  read heads
    M  (B, N, W) memory    u  (B, N) usage in [0, 1]    p  (B, N) precedence
    L  (B, N, N) temporal links; L[i, j] is near 1 if i was written right after j
    ww (B, N) write weighting           wr (B, R, N) read weightings
Weightings are non-negative and sum to at most 1.
"""

from __future__ import annotations

from typing import NamedTuple

from array_api_compat import device

from l2l_sampler.arrays import Array, array_namespace, sigmoid, zeros

_NORM_FLOOR = 1e-6
"""What is added to squared norms: an empty slot then is like no key, with a finite gradient."""
_TIE = 2.0**-20
"""Usages that differ by less are ties.

Rounding in single precision differs from machine to machine, and must not decide which slot is
written to.
"""


class Memory(NamedTuple):
    """Contents and book-keeping of the memory; the notation is at the top of the module."""

    M: Array
    u: Array
    p: Array
    L: Array
    ww: Array
    wr: Array


class Interface(NamedTuple):
    """What the controller asks of the memory in one step.

    Attributes:
        read_key: (B, R, W).
        read_strength: (B, R), at least 1.
        write_key: (B, W).
        write_strength: (B,), at least 1.
        erase: (B, W) in [0, 1].
        write: (B, W).
        free: (B, R) in [0, 1].
        allocate: (B,) in [0, 1], g_a.
        write_gate: (B,) in [0, 1], g_w.
        modes: (B, R, 3) backward, content and forward; sums to 1.
    """

    read_key: Array
    read_strength: Array
    write_key: Array
    write_strength: Array
    erase: Array
    write: Array
    free: Array
    allocate: Array
    write_gate: Array
    modes: Array


def interface_size(width: int, heads: int) -> int:
    """Length of the controller's interface vector."""
    return heads * width + 3 * width + 5 * heads + 3


def parse_interface(v: Array, width: int, heads: int) -> Interface:
    """Split the interface vector and bring each part into its range; v is (B, interface_size)."""
    xp = array_namespace(v)
    keys = heads * width + 2 * width
    gates_start = keys + heads + 1
    gates_end = gates_start + width + heads + 2
    strength = one_plus(v[:, keys:gates_start])
    gates = sigmoid(v[:, gates_start:gates_end])
    modes = xp.reshape(v[:, gates_end:], (v.shape[0], heads, 3))
    return Interface(
        read_key=xp.reshape(v[:, : heads * width], (v.shape[0], heads, width)),
        read_strength=strength[:, :heads],
        write_key=v[:, heads * width : (heads + 1) * width],
        write_strength=strength[:, heads],
        erase=gates[:, :width],
        write=v[:, (heads + 1) * width : keys],
        free=gates[:, width : width + heads],
        allocate=gates[:, -2],
        write_gate=gates[:, -1],
        modes=softmax(modes),
    )


def one_plus(x: Array) -> Array:
    """1 + log(1 + exp(x)), for strengths."""
    xp = array_namespace(x)
    return 1.0 + xp.logaddexp(x, 0.0 * x)


def softmax(x: Array) -> Array:
    """Over the last axis."""
    xp = array_namespace(x)
    e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)


def empty_memory(batch: int, slots: int, width: int, heads: int, like: Array) -> Memory:
    """All zero, in the dtype and on the device of `like`."""
    weighting = zeros((batch, slots), like)
    return Memory(
        M=zeros((batch, slots, width), like),
        u=weighting,
        p=weighting,
        L=zeros((batch, slots, slots), like),
        ww=weighting,
        wr=zeros((batch, heads, slots), like),
    )


def content_weighting(M: Array, key: Array, strength: Array) -> Array:
    """Softmax over the slots of strength times cosine similarity.

    Args:
        M: (B, N, W).
        key: (B, R, W).
        strength: (B, R).

    Returns:
        (B, R, N), sums to 1.
    """
    xp = array_namespace(M)
    dot = key @ xp.matrix_transpose(M)
    norm_M = xp.sqrt(xp.sum(M * M, axis=-1) + _NORM_FLOOR)
    norm_key = xp.sqrt(xp.sum(key * key, axis=-1) + _NORM_FLOOR)
    return softmax(dot * (strength / norm_key)[..., None] / norm_M[:, None])


def usage_after(memory: Memory, free: Array) -> Array:
    """Usage once the last writes are counted and the slots last read are freed; free is (B, R)."""
    xp = array_namespace(free)
    retention = xp.prod(1.0 - free[..., None] * memory.wr, axis=1)  # (B, N)
    return (memory.u + memory.ww - memory.u * memory.ww) * retention


def allocation_weighting(u: Array) -> Array:
    """Weighting of the slots that are free, the least used first; u is (B, N).

    Ties go to the lower index, and usages that differ by rounding alone count as ties.
    """
    xp = array_namespace(u)
    order = xp.argsort(xp.round(u / _TIE), axis=-1, stable=True)
    ascending = xp.take_along_axis(u, order, axis=-1)
    below = xp.cumulative_prod(ascending, axis=-1, include_initial=True)[:, :-1]
    sorted_weighting = (1.0 - ascending) * below
    return xp.take_along_axis(sorted_weighting, xp.argsort(order, axis=-1), axis=-1)


def link_after(L: Array, p: Array, ww: Array) -> Array:
    """Temporal links after writing with `ww`, given the precedence `p` before it."""
    xp = array_namespace(L)
    row, column = ww[:, :, None], ww[:, None, :]
    off_diagonal = 1.0 - xp.eye(L.shape[-1], dtype=L.dtype, device=device(L))
    return ((1.0 - row - column) * L + row * p[:, None, :]) * off_diagonal


def step_memory(memory: Memory, ask: Interface) -> tuple[Memory, Array]:
    """Free, write, link and read once.

    Returns:
        The next memory and (B, R, W) the words read.
    """
    xp = array_namespace(memory.M)
    u = usage_after(memory, ask.free)
    content = content_weighting(memory.M, ask.write_key[:, None], ask.write_strength[:, None])
    allocate, gate = ask.allocate[:, None], ask.write_gate[:, None]
    ww = gate * (allocate * allocation_weighting(u) + (1.0 - allocate) * content[:, 0])

    M = memory.M * (1.0 - ww[..., None] * ask.erase[:, None]) + ww[..., None] * ask.write[:, None]
    L = link_after(memory.L, memory.p, ww)
    p = (1.0 - xp.sum(ww, axis=-1, keepdims=True)) * memory.p + ww

    forward = memory.wr @ xp.matrix_transpose(L)
    backward = memory.wr @ L
    content = content_weighting(M, ask.read_key, ask.read_strength)
    wr = (
        ask.modes[..., 0:1] * backward
        + ask.modes[..., 1:2] * content
        + ask.modes[..., 2:3] * forward
    )
    return Memory(M, u, p, L, ww, wr), wr @ M
