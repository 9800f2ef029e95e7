"""The memory policy: the trial table is the memory, so one policy serves every dimension.

It is a function of the set of trials, not of their order. From S starting points, one small
LSTM shared by all axes takes K steps: it reads the table at the current point, the axes
exchange a mean-pooled message, and the LSTM moves the point. The final point with the best
predicted log expected improvement is proposed.

Notation
    B  problems side by side (1 at run time)   n  trials   d  axes of the cube
    S  starting points   G  candidates screened for each   H  LSTM width
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from array_api_compat import device

from l2l_sampler.arrays import Array, array_namespace, clamp_unit, clip, take_rows
from l2l_sampler.history import History
from l2l_sampler.policies.base import Cube, Params, Policy
from l2l_sampler.policies.memory import choose_map as output_warp
from l2l_sampler.policies.memory.encodings import encode, strengths
from l2l_sampler.policies.memory.reads import READS, Read, Table
from l2l_sampler.policies.nets import init_linear, init_lstm, linear, lstm_cell

_MESSAGE = 8
_SHARED = 4  # position, progress, number of axes, number of trials
_LONGEST_STEP = 0.5
_STEERING = 0.3
_LOCAL_GROUPS = 3  # of the S groups of candidates lie around the best trials


@dataclass(frozen=True)
class MemoryPolicy(Policy):
    """Any dimension, any horizon, any scale, any order of the history.

    Attributes:
        read: "posterior" or "kernel", see `reads`.
        hidden: width H of the LSTM that moves the points.
        steps: inner steps K.
        starts: starting points S at run time.
        group: candidates G screened for each starting point.
        margin_low: smallest and
        margin_high: largest improvement, in units of the encoded objective, that a proposal
            aims at; drawn log-uniformly for each. Without it, expected improvement polishes the
            incumbent to digits that nobody needs, while other basins wait.
        n_max: trials that are read; of a longer history a subset, see `readable`.
        encoding: name of the encoding of the objective, see `encodings`; one of several maps needs
            the read "posterior", whose likelihood chooses among them.
    """

    kind: ClassVar[str] = "memory"

    read: str = "posterior"
    hidden: int = 32
    steps: int = 5
    starts: int = 8
    group: int = 12
    margin_low: float = 0.02
    margin_high: float = 0.3
    n_max: int = 160
    encoding: str = "zscore-1"

    def __post_init__(self) -> None:
        """Check what a checkpoint's header may have got wrong."""
        if self.read not in READS:
            raise ValueError(f"unknown read {self.read!r}; choose one of {', '.join(READS)}")
        if len(strengths(self.encoding)) > 1 and self.read != "posterior":
            raise ValueError(
                f"the encoding {self.encoding!r} chooses a map by the likelihood, which the read "
                f"{self.read!r} has not; take the read 'posterior', or the encoding 'zscore-1'"
            )
        if not 0.0 < self.margin_low <= self.margin_high:
            raise ValueError(
                "margin_low must be positive and at most margin_high; "
                f"got {self.margin_low} and {self.margin_high}"
            )
        if self.starts < _LOCAL_GROUPS or min(self.hidden, self.steps, self.group) < 1:
            raise ValueError(
                f"starts must be at least {_LOCAL_GROUPS} and hidden, steps and group at least 1; "
                f"got {self.starts}, {self.hidden}, {self.steps} and {self.group}"
            )

    @property
    def dim(self) -> int | None:
        """None: any dimension."""
        return None

    @property
    def reader(self) -> Read:
        """The read of the table."""
        return READS[self.read]

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Untrained parameters."""
        reader = self.reader
        n_in = _SHARED + reader.n_axis + reader.n_point + _MESSAGE
        return {
            **reader.init(rng),
            **init_lstm(rng, "cell", n_in, self.hidden),
            **init_linear(rng, "message", self.hidden, _MESSAGE),
            **init_linear(rng, "out", self.hidden, 1 + reader.n_control, scale=0.05),
        }

    def refine(self, params: Params, table: Table, memory: Any, p: Array) -> Array:
        """Move the points p (B, S, d) by K steps of the shared LSTM.

        Args:
            params: the policy's parameters.
            table: the history.
            memory: what the read prepared from it.
            p: (B, S, d) starting points.

        Returns:
            (B, S, d) final points.
        """
        xp = array_namespace(p)
        batch, s, d = p.shape
        h = xp.zeros((batch, s, d, self.hidden), dtype=p.dtype, device=device(p))
        c = xp.zeros_like(h)
        zero = xp.zeros_like(p)[..., None]  # (B, S, d, 1), spreads what axes or points share
        count = xp.sum(xp.astype(table.known, p.dtype), axis=-1)
        trials = (xp.log(count + 1.0) / 3.0)[:, None, None, None] + zero
        sizes = xp.concat([math.log(d) + zero, trials], axis=-1)
        control = None
        for step in range(self.steps):
            look = self.reader.look(params, memory, p, control)
            message = xp.mean(xp.tanh(linear(params, "message", h)), axis=2, keepdims=True)
            shared = xp.concat([look.point[:, :, None], message], axis=-1) + zero
            place, progress = 2.0 * p[..., None] - 1.0, step / self.steps + zero
            inputs = xp.concat([place, progress, sizes, look.axis, shared], axis=-1)
            h, c = lstm_cell(params, "cell", inputs, h, c)
            out = linear(params, "out", h)
            p = clamp_unit(p + _LONGEST_STEP * xp.tanh(out[..., 0]) * look.stride)
            if self.reader.n_control:
                steering = _STEERING * out[..., 1:]
                control = steering if control is None else control + steering
        return p

    def propose(
        self, params: Params, history: History, *, cube: Cube, rng: np.random.Generator
    ) -> np.ndarray:
        """Final and starting points by predicted log EI at their snapped places, best first."""
        history = readable(history, self.n_max)
        if history.n == 0:
            return cube.sample(rng, 1)
        table = self.table(params, history)
        memory = self.reader.prepare(params, table, self.margin(rng.random((1, 1))))
        starts = self._screen(params, table, memory, cube, rng)
        final = self.refine(params, table, memory, starts)
        points = np.concatenate([cube.snap(final), starts], axis=1)
        score = self.reader.score(params, memory, points).log_ei[0]
        ranked: np.ndarray = points[0, np.argsort(-score, kind="stable")]
        return ranked

    def margin(self, uniform: Array) -> Array:
        """Margins of improvement from uniform numbers, both (B, 1)."""
        return self.margin_low * (self.margin_high / self.margin_low) ** uniform

    def table(self, params: Params, history: History) -> Table:
        """The history as a batch of one."""
        x, y, known = history.x[None], history.y[None], history.finished[None]
        z = encode(y, known, self.warp(params, x, y, known))
        return Table(x, z, known, np.ones_like(known))

    def warp(self, params: Params, x: Array, y: Array, known: Array) -> Array:
        """Strengths (B, 1) of the map of the objective, see `output_warp.choose`."""
        return output_warp.choose(params, self.encoding, x, y, known)

    def _screen(
        self,
        params: Params,
        table: Table,
        memory: Any,
        cube: Cube,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """The best of each group of candidates, (1, S, d)."""
        shape = (1, self.starts, self.group, table.x.shape[-1])
        fresh = cube.sample(rng, self.starts * self.group).reshape(shape)
        noise, chance = rng.standard_normal(shape), rng.random(shape)
        moved = candidates(table, fresh, noise, chance, rng.random((*shape[:3], 1)))
        snapped = cube.snap(moved)
        score = self.reader.score(params, memory, snapped.reshape(1, -1, shape[-1]))
        return np.asarray(best_of_groups(snapped, score.log_ei))


def candidates(table: Table, fresh: Array, noise: Array, chance: Array, radius: Array) -> Array:
    """Groups of points to screen: some around the best trials, the others space-filling.

    The first groups move from a good trial by a step of random length; every second member
    also takes some axes from a fresh point, as a local search in a discrete space does.

    Args:
        table: the history.
        fresh: (B, S, G, d) uniform valid points.
        noise: (B, S, G, d) standard normal numbers.
        chance: (B, S, G, d) uniform numbers.
        radius: (B, S, G, 1) uniform numbers.

    Returns:
        (B, S, G, d) points in [0, 1], not snapped.
    """
    xp = array_namespace(fresh)
    batch, _, group, d = fresh.shape
    n = table.x.shape[1]
    worst = xp.where(table.known, table.z, xp.ones_like(table.z) * xp.inf)
    ranked = xp.argsort(worst, axis=-1, stable=True)
    last = clip(xp.sum(xp.astype(table.known, xp.int64), axis=-1, keepdims=True) - 1, 0, None)
    member = xp.arange(group, device=device(fresh))
    rank = xp.stack([0 * member, 0 * member, member % min(5, n)])  # (_LOCAL_GROUPS, G)
    rank = xp.broadcast_to(xp.reshape(rank, (1, -1)), (batch, _LOCAL_GROUPS * group))
    index = xp.take_along_axis(ranked, xp.minimum(rank, last), axis=-1)
    centre = xp.reshape(take_rows(table.x, index), (batch, _LOCAL_GROUPS, group, d))
    moved, swap = fresh[:, :_LOCAL_GROUPS], chance[:, :_LOCAL_GROUPS] * d < 1.0
    near = xp.where(swap & (member % 2 == 1)[:, None], moved, centre)
    length = 10.0 ** (2.0 * radius[:, :_LOCAL_GROUPS] - 2.5)
    near = clip(near + length * noise[:, :_LOCAL_GROUPS], 0.0, 1.0)
    return xp.concat([near, fresh[:, _LOCAL_GROUPS:]], axis=1)


def best_of_groups(points: Array, score: Array) -> Array:
    """The member of the highest score of each group: (B, S, G, d), (B, S * G) -> (B, S, d)."""
    xp = array_namespace(points)
    batch, s, group, d = points.shape
    index = xp.argmax(xp.reshape(score, (batch, s, group)), axis=-1, keepdims=True)
    index = xp.broadcast_to(index[..., None], (batch, s, 1, d))
    return xp.take_along_axis(points, index, axis=2)[:, :, 0]


def readable(history: History, n_max: int) -> History:
    """The history itself, or a subset of `n_max` trials that does not depend on their order.

    It keeps the latest pending trials (a quarter at most), then the best half of what is left
    of the budget, then trials evenly spaced by rank, so that the whole range of values is seen.
    """
    if history.n <= n_max:
        return history
    pending = np.flatnonzero(~history.finished)[-(n_max // 4) :]
    finished = np.flatnonzero(history.finished)
    x = history.x[finished]
    tie_break = x @ np.sqrt(np.arange(1.0, 1.0 + x.shape[1]))  # differs for different points
    order = finished[np.lexsort((tie_break, history.y[finished]))]
    budget = n_max - len(pending)
    best = budget // 2
    rest = np.linspace(best, len(order) - 1, min(budget - best, len(order) - best))
    chosen = np.concatenate([order[:best], order[rest.astype(np.intp)], pending])
    return history.take(np.sort(chosen))
