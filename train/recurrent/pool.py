"""Training of a recurrent policy on a pool of running functions.

Every row of the pool is a function being optimised by the policy itself, each at its own number
of trials. A gradient step unrolls the policy a few trials further on all of them: the hidden
state is carried over, and gradients go back to the beginning of the unroll only (truncated
back-propagation). Unrolled through whole runs of its functions, it is the paper's training.

Notation
    B  functions in the pool   T  horizon   D  dimension   S  trials in one gradient step (chunk)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from l2l_sampler.policies.recurrent.policy import RecurrentPolicy
from l2l_sampler.policies.recurrent.state import State
from l2l_sampler.policies.recurrent.statistics import Statistics
from l2l_sampler.policies.recurrent.surroundings import Surroundings
from train.curriculum import horizon_at
from train.functions.priors import draw
from train.gradients import clip_each_gradient
from train.recurrent.losses import LOSSES, THROUGH_FUNCTIONS
from train.recurrent.rollout import Exploration, Trials, map_state, restarted, unroll

_SHORTEST = 10
"""Trials that a function has at least; the paper's curriculum begins with as many."""

# Users continue studies that others began, so training sees more than the policy's own trials. The
# departures lower the mean value after a hundred trials by 0.03 in three axes, and not in two.
_LONGEST_START = 7
"""Random trials, 1 to 7, that half of the functions start from."""
_UNIFORM = 0.03
"""Share of the later trials that are replaced by uniform points."""
_JITTERED = 0.1
"""Share of the later trials that are moved a little."""

_LIMIT = 30.0
"""Where terms are cut for the log alone: in one dimension log EI has no lower end."""


class RecurrentPool:
    """Functions of one dimension, the policy's trials on them, and its state."""

    def __init__(
        self,
        policy: RecurrentPolicy,
        prior: str,
        batch: int,
        *,
        generator: torch.Generator,
        sigma: float,
        chunk: int,
        loss: str,
        margin: float = 0.0,
    ) -> None:
        """Draw `batch` functions without trials.

        Args:
            policy: the policy to train; it gives dimension, horizon and workers.
            prior: name of a distribution in `priors`.
            batch: functions side by side.
            generator: the only source of randomness.
            sigma: half the width of the simulated run times, see `rollout.unroll`.
            chunk: trials in one gradient step.
            loss: name of a loss in `losses`.
            margin: of its expected improvements.

        Raises:
            ValueError: if the loss is unknown.
        """
        if loss not in LOSSES:
            raise ValueError(f"no loss is called {loss!r}; choose one of {', '.join(LOSSES)}")
        self.policy, self.prior, self.generator = policy, prior, generator
        self.sigma, self.chunk = sigma, chunk
        self.loss, self.margin = loss, margin
        self.functions = draw(prior, batch, policy.dim, generator=generator)
        like = torch.zeros((), device=generator.device)
        self.trials = Trials.none(batch, policy.horizon + chunk, policy.dim, like=like)
        self.state: State | None = None
        self.n_random, self.end = self._lengths(batch, 0.0)

    def step(
        self, params: Mapping[str, Tensor], progress: float
    ) -> tuple[Tensor, dict[str, float]]:
        """Loss of the policy's next trials on all functions, which are carried out.

        Args:
            params: torch parameters of the policy.
            progress: share of the training that is done; the curriculum's position.

        Returns:
            The loss and what to log: the mean of its terms without outliers, as `log_ei` where
            that is what is maximised, else as `loss`.
        """
        batch = len(self.end)
        fresh = self.policy.initial_state(params, batch)
        through = self.loss in THROUGH_FUNCTIONS
        state, steps = unroll(
            self.policy,
            params,
            self.state or fresh,
            self.trials,
            self.functions,
            min(self.chunk, self._longest(progress)),
            generator=self.generator,
            exploration=Exploration(self.n_random, _UNIFORM, _JITTERED),
            sigma=self.sigma,
            through_functions=through,
        )
        if not through:
            steps = steps._replace(p=clip_each_gradient(steps.p))
        terms = LOSSES[self.loss](self.functions, self.trials, steps, self.margin)
        self.trials, self.state = self.trials.detached(), map_state(Tensor.detach, state)
        self._restart(self.trials.n >= self.end, map_state(Tensor.detach, fresh), progress)
        mean = float(terms.detach().clamp(-_LIMIT, _LIMIT).mean())
        return terms.mean(), {"log_ei": -mean} if self.loss == "logei" else {"loss": mean}

    def state_dict(self) -> dict[str, Any]:
        """Everything that a resumed run needs, the generator included; plain containers."""
        return {
            "functions": self.functions.state_dict(),
            "trials": vars(self.trials),
            "statistics": self.state and self.state.statistics._asdict(),
            "around": self.state and self.state.around and self.state.around._asdict(),
            "hidden": self.state and list(self.state.hidden),
            "n_random": self.n_random,
            "end": self.end,
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on exactly where `state_dict` was taken."""
        self.functions.load_state_dict(state["functions"])
        self.trials = Trials(**state["trials"])
        if state["hidden"] is not None:
            around = state["around"] and Surroundings(**state["around"])
            statistics = Statistics(**state["statistics"])
            self.state = State(statistics, around, tuple(state["hidden"]))
        self.n_random, self.end = state["n_random"], state["end"]
        self.generator.set_state(state["generator"])

    def _restart(self, rows: Tensor, fresh: State, progress: float) -> None:
        """Put new functions without trials in the place of those in rows (B,), a mask."""
        index = torch.nonzero(rows)[:, 0]
        if not len(index):
            return
        other = draw(self.prior, len(index), self.policy.dim, generator=self.generator)
        self.functions.replace(index, other)
        self.trials = self.trials.restarted(rows)
        self.state = restarted(rows, self.state, fresh)
        n_random, end = self._lengths(len(index), progress)
        self.n_random = self.n_random.index_copy(0, index, n_random)
        self.end = self.end.index_copy(0, index, end)

    def _longest(self, progress: float) -> int:
        horizon = self.policy.horizon
        return horizon_at(progress, min(2 * _SHORTEST, horizon), horizon)

    def _lengths(self, count: int, progress: float) -> tuple[Tensor, Tensor]:
        """Random trials to start from, none for about half, and trials in all; each (count,)."""
        options = {"generator": self.generator, "device": self.generator.device}
        some = torch.rand(count, **options) < 0.5
        n_random = torch.randint(1, _LONGEST_START + 1, (count,), **options)
        longest = self._longest(progress)
        end = torch.randint(min(_SHORTEST, longest), longest + 1, (count,), **options)
        return torch.where(some, n_random, 0), end
