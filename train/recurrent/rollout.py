"""Recurrent policies on functions: one step at a time, sequentially or with N parallel workers.

Notation
    B  runs side by side   T  trials that a run has room for   S  steps of one unroll
    D  dimension           n  (B,) trials asked                m  (B,) results fed
    x  (B, T, D) trials    g  (B, T) latent values             y  (B, T) what the policy is told
The sequential form is that of one worker (paper, section 2.3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from l2l_sampler.policies.recurrent.policy import RecurrentPolicy
from l2l_sampler.policies.recurrent.state import State
from l2l_sampler.policies.recurrent.statistics import Statistics
from l2l_sampler.policies.recurrent.surroundings import Surroundings
from train.functions.functions import Functions
from train.gradients import clip_each_gradient


@dataclass
class Trials:
    """Trials in the order asked, and who is still running.

    Tensors are replaced, not written into, so that gradients may flow through them.

    Attributes:
        x: (B, T, D) points.
        g: (B, T) latent values.
        y: (B, T) observed values.
        finish: (B, T) moments at which running trials will end; inf for all others.
        order: (B, T) which trial's result was fed j-th; read where j < m.
        n: (B,) trials asked.
        m: (B,) results fed.
        clock: (B,) moment of the last result.
    """

    x: Tensor
    g: Tensor
    y: Tensor
    finish: Tensor
    order: Tensor
    n: Tensor
    m: Tensor
    clock: Tensor

    @classmethod
    def none(cls, batch: int, room: int, dim: int, *, like: Tensor) -> Trials:
        """B runs without a trial, in the dtype and on the device of `like`."""
        zeros = like.new_zeros(batch, room)
        count = torch.zeros(batch, dtype=torch.long, device=like.device)
        order = torch.zeros(batch, room, dtype=torch.long, device=like.device)
        x = like.new_zeros(batch, room, dim)
        never = torch.full_like(zeros, torch.inf)
        return cls(x, zeros, zeros, never, order, count, count, zeros[:, 0])

    def next_input(self, workers: int) -> tuple[Tensor, Tensor, Tensor]:
        """Feed the result that comes in first, once all workers are busy; a dummy before.

        Returns:
            x (B, D), y (B,) and o (B,) of the policy's next step.
        """
        rows = torch.arange(len(self.n), device=self.n.device)
        busy = self.n - self.m >= workers
        done, first = self.finish.min(1)
        self.clock = torch.where(busy, done, self.clock)
        place = (rows, self.m)
        self.order = self.order.index_put(place, torch.where(busy, first, self.order[place]))
        ended = torch.where(busy, torch.inf, done)
        self.finish = self.finish.index_put((rows, first), ended.to(done.dtype))
        self.m = self.m + busy
        o = busy.to(self.x.dtype)
        return self.x[rows, first] * o[:, None], self.y[rows, first] * o, o

    def pending(self, count: int) -> tuple[Tensor, Tensor] | None:
        """The last `count` points asked of which no result was fed, for `RecurrentPolicy.step`.

        They are constants: no gradient flows through them.
        """
        if not count:
            return None
        place = torch.arange(self.finish.shape[1], device=self.n.device)
        latest, index = torch.where(torch.isfinite(self.finish), place, -1).topk(count, 1)
        x = self.x.detach().gather(1, index[..., None].expand(-1, -1, self.x.shape[-1]))
        busy = (latest >= 0).to(x.dtype)
        return x * busy[..., None], busy

    def ask(self, x: Tensor, g: Tensor, y: Tensor, run_time: Tensor) -> None:
        """Start a trial in every run: x (B, D), and g, y and run_time (B,)."""
        place = (torch.arange(len(self.n), device=self.n.device), self.n)
        self.x = self.x.index_put(place, x)
        self.g = self.g.index_put(place, g)
        self.y = self.y.index_put(place, y)
        self.finish = self.finish.index_put(place, self.clock + run_time)
        self.n = self.n + 1

    def detached(self) -> Trials:
        """The same trials without the graph that led to them."""
        return Trials(**{name: value.detach() for name, value in vars(self).items()})

    def take(self, rows: Tensor) -> Trials:
        """The trials of some of the runs, by index."""
        return Trials(**{name: value[rows] for name, value in vars(self).items()})

    def restarted(self, rows: Tensor) -> Trials:
        """The trials with those of the runs where rows (B,) is true removed."""
        none = Trials.none(*self.g.shape, self.x.shape[-1], like=self.g)
        return Trials(
            **{
                name: torch.where(_over(rows, value), vars(none)[name], value)
                for name, value in vars(self).items()
            }
        )


class Steps(NamedTuple):
    """What the policy did in S steps.

    Attributes:
        p: (B, S, D) its proposals.
        g: (B, S) latent values of the points that were evaluated.
        best: (B,) lowest latent value before these steps; inf if there was none.
        asked: (B, S) trials asked before each step.
        told: (B, S) results fed by each step.
    """

    p: Tensor
    g: Tensor
    best: Tensor
    asked: Tensor
    told: Tensor


@dataclass(frozen=True)
class Exploration:
    """How training departs from the policy's own trials, so that it can continue any history.

    Attributes:
        n_random: (B,) the first trials of a run that are uniform.
        uniform: probability of a uniform point later.
        jittered: probability of a point moved by `jitter`.
        jitter: standard deviation of the move.
    """

    n_random: Tensor
    uniform: float = 0.0
    jittered: float = 0.0
    jitter: float = 0.05

    def apply(self, p: Tensor, n: Tensor, generator: torch.Generator) -> Tensor:
        """The points (B, D) to evaluate in place of the proposals p, after n (B,) trials."""
        options = {"generator": generator, "device": p.device, "dtype": p.dtype}
        kind, anywhere = torch.rand(len(p), 2, **options), torch.rand(p.shape, **options)
        move = self.jitter * torch.randn(p.shape, **options)
        x = torch.where((kind[:, 0] < self.jittered)[:, None], (p + move).clamp(0.0, 1.0), p)
        replaced = (n < self.n_random) | (kind[:, 1] < self.uniform)
        return torch.where(replaced[:, None], anywhere, x)


def unroll(
    policy: RecurrentPolicy,
    params: Mapping[str, Tensor],
    state: State,
    trials: Trials,
    functions: Functions,
    steps: int,
    *,
    generator: torch.Generator,
    exploration: Exploration,
    sigma: float = 0.0,
    through_functions: bool = False,
) -> tuple[State, Steps]:
    """Let the policy propose and evaluate S more trials in each run.

    Args:
        policy: the policy; its `workers` are kept busy.
        params: its torch parameters.
        state: its state so far.
        trials: the trials so far; they are added to.
        functions: what is optimised, B of them.
        steps: S.
        generator: draws exploration, noise and run times.
        exploration: departures from the policy's proposals.
        sigma: run times are uniform in 1 - sigma to 1 + sigma.
        through_functions: whether gradients flow through the functions and the results into
            the policy's later steps, or its inputs are constants.

    Returns:
        The state after the steps, and what was done in them.
    """
    before = torch.arange(trials.g.shape[1], device=trials.n.device) < trials.n[:, None]
    best = trials.g.masked_fill(~before, torch.inf).amin(1)
    proposals, values, asked, told = [], [], [], []
    for _ in range(steps):
        result = trials.next_input(policy.workers)
        state, p = policy.step(params, state, *result, trials.pending(policy.n_pending))
        asked.append(trials.n)
        told.append(trials.m)
        proposals.append(p)
        tried = clip_each_gradient(p) if through_functions else p.detach()
        x = functions.snap(exploration.apply(tried, trials.n, generator)[:, None])
        g = functions.latent(x)
        y = functions.observe(g, generator)[:, 0]
        luck = torch.rand(y.shape, generator=generator, device=y.device, dtype=y.dtype)
        trials.ask(x[:, 0], g[:, 0], y, 1.0 + sigma * (2.0 * luck - 1.0))
        values.append(g[:, 0])
    p, g = torch.stack(proposals, 1), torch.stack(values, 1)
    return state, Steps(p, g, best, torch.stack(asked, 1), torch.stack(told, 1))


def map_state(function: Callable[..., Tensor], *states: State) -> State:
    """Apply a function to each array of the states."""
    statistics = Statistics(*map(function, *(state.statistics for state in states)))
    around = [state.around for state in states if state.around is not None]
    return State(
        statistics,
        Surroundings(*map(function, *around)) if around else None,
        tuple(map(function, *(state.hidden for state in states))),
    )


def restarted(rows: Tensor, state: State, fresh: State) -> State:
    """The state with that of the runs where rows (B,) is true replaced by the fresh one."""
    return map_state(lambda old, new: torch.where(_over(rows, old), new, old), state, fresh)


def _over(rows: Tensor, value: Tensor) -> Tensor:
    """Rows (B,) in a shape that broadcasts over value (B, ...)."""
    return rows.reshape(-1, *(1,) * (value.ndim - 1))
