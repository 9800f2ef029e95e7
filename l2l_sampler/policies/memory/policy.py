"""The memory policy: the trial table is the memory, so one policy serves every dimension.

It is a function of the set of trials, not of their order; with `every` set, of which ones ended
first, too. From S starting points, one small LSTM takes K steps, see `descent`. The final point
with the best predicted log expected improvement is proposed.

Notation
    B  problems side by side (1 at run time)   n  trials   d  axes of the cube
    S  starting points   G  candidates screened for each
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from l2l_sampler.arrays import Array, array_namespace, clip
from l2l_sampler.history import History
from l2l_sampler.policies.base import SCALARIZATION, Cache, Cube, Params, Policy
from l2l_sampler.policies.limits import check_fields, limited
from l2l_sampler.policies.memory import several, single
from l2l_sampler.policies.memory.objective import choose_map
from l2l_sampler.policies.memory.objective.encodings import TAMED, Encoder, encode, encoder
from l2l_sampler.policies.memory.objective.outliers import tamer
from l2l_sampler.policies.memory.process.rise import Rise
from l2l_sampler.policies.memory.process.settled import Inferred
from l2l_sampler.policies.memory.reads.feasibility import (
    Feasibility,
    foreseen,
    read_feasibility,
    with_bad_results,
)
from l2l_sampler.policies.memory.reads.kernel_read import KernelRead
from l2l_sampler.policies.memory.reads.posterior_read import PosteriorRead
from l2l_sampler.policies.memory.reads.prepared import Prepared
from l2l_sampler.policies.memory.reads.read import Read, Score
from l2l_sampler.policies.memory.search import descent
from l2l_sampler.policies.memory.search.candidates import (
    LOCAL_GROUPS,
    Draws,
    best_first,
    best_of_groups,
    candidates,
)
from l2l_sampler.policies.memory.search.moves import NEAR_STARTS, Moves
from l2l_sampler.policies.memory.search.studies import best_of_next, without_earlier
from l2l_sampler.policies.memory.search.view import View
from l2l_sampler.policies.memory.settings import check_settings
from l2l_sampler.policies.memory.table import Table

READS: dict[str, Read] = {"kernel": KernelRead(), "posterior": PosteriorRead()}

# The constants below were so when the shipped weights were trained: with others these weights
# propose something else. Inputs of the LSTM are scaled to about one.
_SCORES = 2.0**20
"""Where coordinates are rounded, so are scores, by this: equally good points keep their order."""
_FEW_PENDING = 8.0  # workers that do without: with four, a wider margin cost some trials of twenty


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
        caution: weight of the log chance that a proposal neither fails nor violates a constraint,
            see `feasibility`; None to take such trials for bad ones, see `History.plain`.
        crowding: by how much of itself the margin grows with every pending trial past the first
            ones, so that a large batch spreads where a confident model would polish one place;
            None if it does not.
        rise: strength of a mean that rises towards the bounds, see `rise`; None for none.
        fade: results after which it is half as strong; None if it does not fade.
        zoom: results from which on every second proposal looks through a box around the best
            trials, see `view`; None for never. Only those that are inferred from count.
        every: step in which the number of ended trials grows from which hyper-parameters are
            inferred at run time, see `settled`; None to infer them from all trials each time, as
            training does.
        moves: rounds of a local search at run time, see `moves`; None for none.
        first: standard deviation, around the middles of the axes of numbers, of where a trial lies
            before which nothing is known; None for anywhere.
        bits: coordinates to which the LSTM moves a point at run time are whole multiples of
            2^-bits, and scores of 2^-20, so that machines whose arithmetic differs in the last
            digits propose the same; None for no rounding.
    """

    kind: ClassVar[str] = "memory"

    read: str = "posterior"
    hidden: int = limited(32, 1, 1024)
    steps: int = limited(5, 1, 64)
    starts: int = limited(8, LOCAL_GROUPS, 256)
    group: int = limited(12, 1, 256)
    margin_low: float = limited(0.02, 1e-6, 100)
    margin_high: float = limited(0.3, 1e-6, 100)
    n_max: int = limited(160, 2, 1024)
    encoding: str = "zscore-1"
    caution: float | None = limited(None, 0, 100)
    crowding: float | None = limited(None, 0, 100)
    rise: float | None = limited(None, 0, 100)
    fade: float | None = limited(None, 0, 1e6, above=True)
    zoom: int | None = limited(None, 1, 1e6)
    every: int | None = limited(None, 1, 1e6)
    moves: int | None = limited(None, 0, 64)
    first: float | None = limited(None, 0, 10)
    bits: int | None = limited(None, 1, 52)

    def __post_init__(self) -> None:
        """Check what a checkpoint's header may have got wrong."""
        check_fields(self)
        if self.read not in READS:
            raise ValueError(f"unknown read {self.read!r}; choose one of {', '.join(READS)}")
        check_settings(self)

    @property
    def dim(self) -> int | None:
        """None: any dimension."""
        return None

    @property
    def reads_earlier_studies(self) -> bool:
        """Whether it has more than the plain reading of a history, see `History.plain`."""
        return self.caution is not None

    @property
    def reader(self) -> Read:
        """The read of the table."""
        return READS[self.read]

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Untrained parameters."""
        return {**self.reader.init(rng), **descent.init(rng, self.reader, self.hidden)}

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
        """What one search finds, best first; a random point at the very start."""
        rng = np.random.default_rng((seed, number))
        history = history.informative()
        if self.caution is None:
            history = history.plain((seed, number, SCALARIZATION))
        history = history.toward_feasible()
        if history.source.any():
            if (known := best_of_next(history, cube)) is not None:
                return known
            history = without_earlier(history, number)
        if history.others.shape[1] and history.finished.any():
            view = View(int(history.source.max(initial=0)), zooms=False)
            return several.propose(self, params, history, cube, view, rng)
        return single.propose(self, params, history, cube, number=number, rng=rng, cache=cache)

    def table(self, params: Params, history: History, strength: Array | None = None) -> Table:
        """The history as a batch of one; with a map of this strength, if it is known."""
        x, y, known = history.x[None], history.y[None], history.finished[None]
        failed = history.failed[None] if history.failed.any() else None
        present = known | history.pending[None]
        table = self.encoded(params, x, y, known, present, failed, strength)
        feasible, constraints = history.feasible, history.constraints
        if not constraints.shape[1] and not history.source.any():
            return table
        some = feasible if feasible.any() else history.results
        return table._replace(
            eligible=some[None], constraints=constraints[None] if constraints.shape[1] else None
        )

    def encoded(
        self,
        params: Params,
        x: Array,
        y: Array,
        known: Array,
        present: Array,
        failed: Array | None = None,
        strength: Array | None = None,
    ) -> Table:
        """The table of trials x (B, n, d) with objective y (B, n), where it is known."""
        y = self._tamer(y, known)(y)
        if strength is None:
            strength = choose_map.choose(params, self.encoding, x, y, known)
        z = encode(y, known, strength)
        return Table(x, z, known, present, failed, strength=strength)

    def encoder(self, params: Params, x: Array, y: Array, known: Array) -> Encoder:
        """How objectives are seen, given those that are known: (B, m) -> (B, m)."""
        tame = self._tamer(y, known)
        tamed = tame(y)
        seen = encoder(tamed, known, choose_map.choose(params, self.encoding, x, tamed, known))
        return lambda value: seen(tame(value))

    def _tamer(self, y: Array, known: Array) -> Encoder:
        """What the encoding does with outliers, given the objectives that are known."""
        return tamer(y, known) if self.encoding in TAMED else lambda value: value

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
        inferred: Inferred | None = None,
        moves: Moves | None = None,
    ) -> Array:
        """Final and starting points by predicted log EI at their snapped places, best first.

        Training, whose gradients pass through `refine`, calls the parts.

        Args:
            params: the policy's parameters.
            table: the history, of one trial at least.
            draws: random numbers; S is theirs.
            snap: nearest valid points, (B, m, d) -> (B, m, d).
            inferred: hyper-parameters; None to infer them from the table.
            moves: of a single problem in numpy; None for no local search.

        Returns:
            (B, 2 S, d) snapped points, and those of the local search.
        """
        xp = array_namespace(table.x)
        prepared = self.prepare(params, table, draws, inferred)

        def log_ei(p: Array) -> Array:
            score = self.score(params, prepared, p).log_ei
            return score if self.bits is None else xp.round(score * _SCORES) / _SCORES

        starts = self.screen(params, table, prepared, draws, snap)
        near = starts[:, :0] if moves is None else moves.near_trials(log_ei)
        starts = xp.concat([starts, near[:, :NEAR_STARTS]], axis=1)
        final = self.refine(params, table, prepared, starts)
        if self.bits is not None:
            final = xp.round(final * 2.0**self.bits) / 2.0**self.bits
        points = xp.concat([snap(final), starts, near[:, NEAR_STARTS:]], axis=1)
        if moves is not None:
            return moves.climb(points, log_ei)
        return best_first(points, log_ei(points))

    def prepare(
        self, params: Params, table: Table, draws: Draws, inferred: Inferred | None = None
    ) -> Prepared:
        """What the readings need of the table, for a margin of improvement that was drawn.

        Args:
            params: the policy's parameters.
            table: the history.
            draws: of which the margin is used.
            inferred: hyper-parameters; None to infer them from the table.
        """
        return self.read_table(params, table, self.margin_in(table, draws.margin), inferred)

    def read_table(
        self, params: Params, table: Table, margin: Array, inferred: Inferred | None = None
    ) -> Prepared:
        """The readings, for a margin (B, 1); other args as `prepare`."""
        feasibility = self.read_limits(params, table, inferred and inferred.limits)
        if feasibility is not None:
            table = with_bad_results(table, foreseen(table, feasibility))
        theta = inferred and inferred.theta
        return Prepared(self.read_objective(params, table, margin, theta), feasibility)

    def read_limits(
        self, params: Params, table: Table, theta: Array | None = None
    ) -> Feasibility | None:
        """The reading of failures and constraints; None without, or if the policy has none."""
        return None if self.caution is None else read_feasibility(params, table, theta)

    def read_objective(
        self, params: Params, table: Table, margin: Array, theta: Array | None = None
    ) -> Any:
        """What the read prepares of the objective, for a margin (B, 1)."""
        rise = None if self.rise is None else Rise.over(table, self.rise, self.fade)
        return self.reader.prepare(params, table, margin, rise, theta)

    def score(self, params: Params, prepared: Prepared, p: Array) -> Score:
        """What is expected of the points p (B, S, d), the chance that they fail included."""
        score = self.reader.score(params, prepared.objective, p)
        return score._replace(log_ei=self.with_chance(score.log_ei, prepared.feasibility, p))

    def with_chance(self, score: Array, feasibility: Feasibility | None, p: Array) -> Array:
        """Scores (B, S) of points p (B, S, d), with the log chance that they fail in nothing."""
        if feasibility is None or self.caution is None:
            return score
        return score + self.caution * feasibility.log_chance(p)

    def margin(self, uniform: Array) -> Array:
        """Margins of improvement from uniform numbers, both (B, 1)."""
        return self.margin_low * (self.margin_high / self.margin_low) ** uniform

    def margin_in(self, table: Table, uniform: Array) -> Array:
        """The same: wider where many trials are pending, none for half of them with constraints.

        The best feasible point lies on an edge, beyond which a margin leads. Without any, the
        search would stay at the first edge that it finds.
        """
        xp = array_namespace(table.x)
        margin = self.margin(uniform)
        if table.constraints is not None:
            margin = xp.where(uniform < 0.5, 0.0 * margin, margin)
        if self.crowding is None:
            return margin
        pending = xp.astype(table.present & ~table.known, margin.dtype)
        more = clip(xp.sum(pending, axis=-1, keepdims=True) - _FEW_PENDING, 0.0, None)
        return margin * (1.0 + self.crowding * more)

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
        """Final points for the starting points p, both (B, S, d)."""
        return descent.descend(
            params, self.reader, prepared.objective, table.known, p, steps=self.steps
        )
