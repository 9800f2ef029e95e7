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
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from array_api_compat import device

from l2l_sampler.arrays import Array, array_namespace, clamp_unit, clip
from l2l_sampler.history import History
from l2l_sampler.policies.base import Cache, Cube, Params, Policy
from l2l_sampler.policies.memory import choose_map
from l2l_sampler.policies.memory.candidates import (
    LOCAL_GROUPS,
    Draws,
    best_first,
    best_of_groups,
    candidates,
)
from l2l_sampler.policies.memory.encodings import TAMED, Encoder, encoder, strengths
from l2l_sampler.policies.memory.feasibility import (
    Feasibility,
    read_failures,
    with_bad_results,
)
from l2l_sampler.policies.memory.kernel_read import KernelRead
from l2l_sampler.policies.memory.moves import NEAR_STARTS, Moves
from l2l_sampler.policies.memory.outliers import tamer
from l2l_sampler.policies.memory.posterior_read import PosteriorRead
from l2l_sampler.policies.memory.read import Read, Score
from l2l_sampler.policies.memory.rise import Rise
from l2l_sampler.policies.memory.table import Table, readable
from l2l_sampler.policies.memory.view import Box
from l2l_sampler.policies.nets import init_linear, init_lstm, linear, lstm_cell

READS: dict[str, Read] = {"kernel": KernelRead(), "posterior": PosteriorRead()}

# The constants below were so when the shipped weights were trained: with others these weights
# propose something else. Inputs of the LSTM are scaled to about one.
_MESSAGE = 8  # numbers that the axes tell each other
_SHARED = 4  # position, progress, number of axes, number of trials
_LONGEST_STEP = 0.5  # in natural lengths of the read, so that a few steps leave a basin
_FEW_PENDING = 8.0  # workers that do without: with four, a wider margin cost some trials of twenty
_STEERING = 0.3  # scales an output of about one to a change of a log bandwidth


class Prepared(NamedTuple):
    """What is worked out once a proposal.

    Attributes:
        objective: what the read prepared.
        feasibility: the reading of failures; None without any, or if the policy has none.
    """

    objective: Any
    feasibility: Feasibility | None


@dataclass(frozen=True)
class MemoryPolicy(Policy):
    """Any dimension, any horizon, any scale, any order of the history.

    Attributes:
        read: "posterior" or "kernel", see `read`.
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
        caution: weight of the log chance that a proposal does not fail, see `feasibility`; None
            to take every failed trial for an infinitely bad one.
        crowding: by how much of itself the margin grows with every pending trial past the first
            ones, so that a large batch spreads where a confident model would polish one place;
            None if it does not.
        zoom: results from which on every second proposal looks through a box around the best
            trials, see `view`; None for never.
        rise: strength of a mean that rises towards the bounds, see `rise`; None for none.
        moves: rounds of a local search at run time, see `moves`; None for none.
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
    caution: float | None = None
    crowding: float | None = None
    rise: float | None = None
    zoom: int | None = None
    moves: int | None = None

    def __post_init__(self) -> None:
        """Check what a checkpoint's header may have got wrong."""
        if self.read not in READS:
            raise ValueError(f"unknown read {self.read!r}; choose one of {', '.join(READS)}")
        if len(strengths(self.encoding)) > 1 and self.read != "posterior":
            raise ValueError(
                f"the encoding {self.encoding!r} chooses a map by the likelihood, which the read "
                f"{self.read!r} has not; take the read 'posterior', or the encoding 'zscore-1'"
            )
        for name in ("caution", "rise"):
            value = getattr(self, name)
            if value is not None and not (0.0 <= value < math.inf and self.read == "posterior"):
                raise ValueError(
                    f"{name} must be at least 0, with the read 'posterior', or None; got "
                    f"{value} with the read {self.read!r}"
                )
        if self.crowding is not None and not 0.0 <= self.crowding < math.inf:
            raise ValueError(f"crowding must be at least 0, or None; got {self.crowding}")
        if self.moves is not None and self.moves < 0:
            raise ValueError(f"moves must be at least 0, or None; got {self.moves}")
        if not 0.0 < self.margin_low <= self.margin_high:
            raise ValueError(
                "margin_low must be positive and at most margin_high; "
                f"got {self.margin_low} and {self.margin_high}"
            )
        if self.starts < LOCAL_GROUPS or min(self.hidden, self.steps, self.group) < 1:
            raise ValueError(
                f"starts must be at least {LOCAL_GROUPS} and hidden, steps and group at least 1; "
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

    def propose(
        self,
        params: Params,
        history: History,
        *,
        cube: Cube,
        seed: int,
        number: int,
        cache: Cache | None = None,
    ) -> np.ndarray:
        """Final and starting points of one search, best first; a uniform one at the very start."""
        rng = np.random.default_rng((seed, number))
        history = history.informative()
        if self.caution is None:
            history = history.failures_as_worst()
        box = None
        if self.zoom is not None and number % 2 and history.finished.sum() >= self.zoom:
            box = Box.around_best(history, cube)
            history, cube = box.seen(history), box
        history = readable(history, self.n_max)
        if history.n == 0:
            return cube.sample(rng, 1)
        table = self.table(params, history)._replace(numeric=cube.numeric[None])
        moves = None
        if self.moves is not None and history.finished.any():
            moves = Moves(cube, history, rng, self.moves)
        ranked = self.search(params, table, self.draws(cube, rng), cube.snap, moves)
        return np.asarray(ranked[0] if box is None else box.out(ranked[0]))

    def table(self, params: Params, history: History) -> Table:
        """The history as a batch of one."""
        x, y, known = history.x[None], history.y[None], history.finished[None]
        failed = history.failed[None] if history.failed.any() else None
        return self.encoded(params, x, y, known, known | history.pending[None], failed)

    def encoded(
        self,
        params: Params,
        x: Array,
        y: Array,
        known: Array,
        present: Array,
        failed: Array | None = None,
    ) -> Table:
        """The table of trials x (B, n, d) with objective y (B, n), where it is known."""
        xp = array_namespace(y)
        filled = xp.where(known, y, xp.zeros_like(y))
        z = xp.where(known, self.encoder(params, x, y, known)(filled), xp.zeros_like(y))
        return Table(x, z, known, present, failed)

    def encoder(self, params: Params, x: Array, y: Array, known: Array) -> Encoder:
        """How objectives are seen, given those that are known: (B, m) -> (B, m)."""
        if self.encoding not in TAMED:
            return encoder(y, known, choose_map.choose(params, self.encoding, x, y, known))
        tame = tamer(y, known)
        tamed = tame(y)
        seen = encoder(tamed, known, choose_map.choose(params, self.encoding, x, tamed, known))
        return lambda value: seen(tame(value))

    def draws(self, cube: Cube, rng: np.random.Generator) -> Draws:
        """The random numbers of one search; their order is part of what a released file means."""
        shape = (1, self.starts, self.group, cube.dim)
        margin = rng.random((1, 1))
        fresh = cube.sample(rng, self.starts * self.group).reshape(shape)
        noise, chance = rng.standard_normal(shape), rng.random(shape)
        return Draws(margin, fresh, noise, chance, rng.random((*shape[:3], 1)))

    def search(
        self,
        params: Params,
        table: Table,
        draws: Draws,
        snap: Callable[[Array], Array],
        moves: Moves | None = None,
    ) -> Array:
        """Final and starting points by predicted log EI at their snapped places, best first.

        Training, whose gradients pass through `refine`, calls the parts.

        Args:
            params: the policy's parameters.
            table: the history, of one trial at least.
            draws: random numbers; S is theirs.
            snap: nearest valid points, (B, m, d) -> (B, m, d).
            moves: of a single problem in numpy; None for no local search.

        Returns:
            (B, 2 S, d) snapped points, and those of the local search.
        """
        xp = array_namespace(table.x)
        prepared = self.prepare(params, table, draws)

        def log_ei(p: Array) -> Array:
            return self.score(params, prepared, p).log_ei

        starts = self.screen(params, table, prepared, draws, snap)
        near = starts[:, :0] if moves is None else moves.near_trials(log_ei)
        starts = xp.concat([starts, near[:, :NEAR_STARTS]], axis=1)
        final = self.refine(params, table, prepared, starts)
        points = xp.concat([snap(final), starts, near[:, NEAR_STARTS:]], axis=1)
        if moves is not None:
            points = moves.climb(points, log_ei)
        return best_first(points, log_ei(points))

    def prepare(self, params: Params, table: Table, draws: Draws) -> Prepared:
        """What the readings need of the table, for a margin of improvement that was drawn."""
        xp, margin = array_namespace(table.x), self.margin(draws.margin)
        if self.crowding is not None:
            pending = xp.astype(table.present & ~table.known, margin.dtype)
            more = clip(xp.sum(pending, axis=-1, keepdims=True) - _FEW_PENDING, 0.0, None)
            margin = margin * (1.0 + self.crowding * more)
        rise = None
        if self.rise is not None:
            everywhere = xp.ones_like(table.x[:, 0], dtype=xp.bool)
            rise = Rise(self.rise, everywhere if table.numeric is None else table.numeric)
        if self.caution is None or (failures := read_failures(params, table)) is None:
            return Prepared(self.reader.prepare(params, table, margin, rise), None)
        table = with_bad_results(table, failures)
        return Prepared(self.reader.prepare(params, table, margin, rise), failures)

    def score(self, params: Params, prepared: Prepared, p: Array) -> Score:
        """What is expected of the points p (B, S, d), the chance of a failure included."""
        score = self.reader.score(params, prepared.objective, p)
        if prepared.feasibility is None or self.caution is None:
            return score
        chance = prepared.feasibility.log_chance(p)
        return score._replace(log_ei=score.log_ei + self.caution * chance)

    def margin(self, uniform: Array) -> Array:
        """Margins of improvement from uniform numbers, both (B, 1)."""
        return self.margin_low * (self.margin_high / self.margin_low) ** uniform

    def screen(
        self,
        params: Params,
        table: Table,
        prepared: Prepared,
        draws: Draws,
        snap: Callable[[Array], Array],
    ) -> Array:
        """Starting points: the best of each group of candidates, snapped, (B, S, d)."""
        xp = array_namespace(table.x)
        moved = candidates(table, draws)  # (B, S, G, d)
        snapped = snap(xp.reshape(moved, (moved.shape[0], -1, moved.shape[-1])))
        log_ei = self.score(params, prepared, snapped).log_ei
        return best_of_groups(xp.reshape(snapped, moved.shape), log_ei)

    def refine(self, params: Params, table: Table, prepared: Prepared, p: Array) -> Array:
        """Move the points p (B, S, d) by K steps of the shared LSTM.

        Args:
            params: the policy's parameters.
            table: the history.
            prepared: what the read prepared from it.
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
            look = self.reader.look(params, prepared.objective, p, control)
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
