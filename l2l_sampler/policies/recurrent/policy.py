"""Recurrent policies, the paper's: the network's state is all that it keeps of the trials.

h_t, x_t = RNN(h_{t-1}, o_{t-1}, x_{t-1}, y_{t-1})   (equations 1 and 6)

Notation
    B  runs side by side (1 at inference)   D  unit-cube axes
    h  hidden state                         x  (B, D) proposed or evaluated point
    y  (B,) minimised objective             o  (B,) 1 for a result, 0 for the dummy input
    F  features of the core that the output layer sees
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from l2l_sampler.arrays import Array, array_namespace, clamp_unit, sigmoid
from l2l_sampler.history import History
from l2l_sampler.policies.base import SCALARIZATION, Cache, Cube, Params, Policy
from l2l_sampler.policies.limits import check_fields, limited
from l2l_sampler.policies.nets import init_linear, linear
from l2l_sampler.policies.recurrent.encodings import PENDING, Encoding, Seen, encoding_of
from l2l_sampler.policies.recurrent.feeding import Inputs, episode_of, inputs_of
from l2l_sampler.policies.recurrent.state import Hidden, Replayed, State, longest_prefix
from l2l_sampler.policies.recurrent.statistics import empty_statistics, update_statistics
from l2l_sampler.policies.recurrent.surroundings import empty_surroundings, update_surroundings
from l2l_sampler.policies.recurrent.symmetry import Symmetry

_JITTER = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Standard deviations of the points proposed around the network's own, the nearest first.

They are for those who repeat no point. A network that has settled wants a point close by, and in a
space of few values the widest step still leads to another one.
"""


@dataclass(frozen=True)
class RecurrentPolicy(Policy):
    """A policy of one dimension that sees each result once, when it comes in.

    Up to `horizon` trials it is the paper's. From there it starts afresh every `horizon` trials
    in another symmetry of the cube: the first trial is a random point, and the network is fed
    the incumbent before it goes on. One with a `patience` starts afresh sooner, and is told
    nothing of what was before, so that it settles in another basin.

    Attributes:
        dim: unit-cube axes D.
        horizon: trials T that it was trained for.
        workers: parallel workers N that it was trained for.
        encoding: name of the encoding of the results, see `encodings`.
        patience: results without improvement after which it starts afresh; None for never.
    """

    precision = np.float32
    """A step of one run does little but read weights, of which single precision has half."""
    input_layer: ClassVar[str]
    """Prefix of the parameters that meet the inputs first."""

    dim: int = limited(1, 1, 1024)
    horizon: int = limited(100, 1, 1e6)
    workers: int = limited(1, 1, 1024)
    encoding: str = "running-1"
    patience: int | None = limited(None, 1, 1e6)

    def __post_init__(self) -> None:
        """Check what a checkpoint's header may have got wrong."""
        check_fields(self)
        encoding_of(self.encoding)

    @property
    def reads_earlier_studies(self) -> bool:
        """No: it sees one run of trials."""
        return False

    @abstractmethod
    def init_core(self, rng: np.random.Generator, n_inputs: int) -> dict[str, np.ndarray]:
        """Untrained parameters of the core for `n_inputs` network inputs."""

    @abstractmethod
    def initial_hidden(self, params: Params, batch: int) -> Hidden:
        """The core's state before the first step, each array (B, ...)."""

    @abstractmethod
    def core(self, params: Params, hidden: Hidden, inputs: Array) -> tuple[Hidden, Array]:
        """One step of the network, up to the output layer: (B, n_inputs) -> (B, F)."""

    @property
    @abstractmethod
    def n_features(self) -> int:
        """Width F of what `core` returns."""

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Untrained parameters: first proposals lie near the centre of the cube."""
        n_out = (1 + self._encoding.anchored) * self.dim
        return {
            **self.init_core(rng, self._encoding.n_inputs(self.dim)),
            **init_linear(rng, "out", self.n_features, n_out, scale=0.05),
        }

    def initial_state(self, params: Params, batch: int, like: Array | None = None) -> State:
        """State of `batch` runs before the first step (h_0).

        Statistics are kept in the dtype of `like`, such as points or results to come; in that of
        the parameters by default.
        """
        like = params["out.bias"] if like is None else like
        around = empty_surroundings(batch, self.dim, like) if self._encoding.local else None
        hidden = self.initial_hidden(params, batch)
        return State(empty_statistics(batch, self.dim, like), around, hidden)

    @property
    def n_pending(self) -> int:
        """How many pending trials `step` looks at."""
        return PENDING if self._encoding.local else 0

    def step(
        self,
        params: Params,
        state: State,
        x: Array,
        y: Array,
        o: Array,
        pending: tuple[Array, Array] | None = None,
    ) -> tuple[State, Array]:
        """Feed one result or dummy and propose (equation 6).

        The proposal is the output layer's, or with an anchored encoding a gated move from the
        centre to the incumbent plus an offset. It is clamped to the cube; a squashing output
        would saturate in the corners.

        Args:
            params: the network's parameters, numpy or torch; it works in their dtype.
            state: of B runs.
            x: (B, D) point of the result.
            y: (B,) its value; may be infinite.
            o: (B,) 1 for a result, 0 to feed the dummy whatever x and y are.
            pending: the last P = `n_pending` points asked of which no result was fed, latest
                first: (B, P, D), and (B, P) 1 where there is one. Without it there are none.

        Returns:
            The next state and (B, D) proposals in [0, 1].
        """
        statistics = update_statistics(state.statistics, x, y, o)
        around = state.around
        if around is not None:
            around = update_surroundings(around, statistics, state.statistics, x)
        seen = Seen(statistics, around, x, o, pending)
        inputs = self._encoding.inputs(seen, self.horizon)
        xp = array_namespace(inputs)
        inputs = xp.astype(inputs, params["out.bias"].dtype, copy=False)
        hidden, features = self.core(params, state.hidden, inputs)
        out = xp.astype(linear(params, "out", features), x.dtype, copy=False)
        if self._encoding.anchored:
            pull = sigmoid(out[:, self.dim :]) * (statistics.x_best - 0.5)
            out = out[:, : self.dim] + pull
        return State(statistics, around, hidden), clamp_unit(0.5 + out)

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
        """The network's next point, then points around it.

        The network works in a random symmetry of the cube. It has to stay the same as long as
        the network's state is carried on, so it comes from the seed and the episode; the points
        around come from the seed and the number of the trial.

        Raises:
            ValueError: if the cube has another dimension.
        """
        if cube.dim != self.dim:
            raise ValueError(
                f"this {self.kind} policy works in {self.dim} dimensions and the search space has "
                f"{cube.dim}; train one with `python -m train.fit --dim {cube.dim}`, or use the "
                '"memory" policy, which works in any dimension'
            )
        rng = np.random.default_rng((seed, number))
        history = history.informative().plain((seed, number, SCALARIZATION))
        episode, first = episode_of(history, self.horizon, self.patience)
        if episode > 0 and history.n == first:
            return cube.sample(rng, len(_JITTER) + 1)
        symmetry = Symmetry.draw(np.random.default_rng((seed, episode)), self.dim)
        seen = replace(history, x=symmetry.apply(history.x))
        if self.patience is not None:
            seen, first = seen.take(np.arange(first, seen.n)), 0
        fed = inputs_of(seen, first, self.n_pending)
        x = symmetry.undo(self.replay(params, fed, cache))
        noise = rng.standard_normal((len(_JITTER), self.dim)) * np.array(_JITTER)[:, None]
        return cube.snap(np.clip(np.vstack([x, x + noise]), 0.0, 1.0))

    def replay(self, params: Params, inputs: Inputs, cache: Cache | None = None) -> np.ndarray:
        """The proposal (D,) after `inputs`, going on from a replay in the cache where one fits."""
        cache = Cache() if cache is None else cache
        past = longest_prefix(cache, inputs)
        if past is None:
            done, state, x = 0, self.initial_state(params, 1, inputs.x), np.empty((1, self.dim))
        else:
            done, state, x = len(past.inputs.o), past.state, past.x
        for k in range(done, len(inputs.o)):
            now = slice(k, k + 1)
            state, x = self.step(
                params,
                state,
                inputs.x[now],
                inputs.y[now],
                inputs.o[now],
                (inputs.pending[now], inputs.busy[now]),
            )
        cache.add(Replayed(inputs, state, x))
        point: np.ndarray = x[0]
        return point

    @property
    def _encoding(self) -> Encoding:
        return encoding_of(self.encoding)
