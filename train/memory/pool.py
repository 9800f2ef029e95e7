"""Training problems of a memory policy: a pool of functions, one trial a gradient step.

Notation
    B  functions in the pool   T  horizon   n  trials so far   d  dimension   S  starting points
Every row of the pool is a function being optimised by the policy itself, each at its own number
of trials. A step asks the policy for the next points of all of them, judges these, and evaluates
the best one. The judge is the true process (log EI given the history, which is detached).
Functions of a user's own have none: there the search is judged by the log EI that the read, as it
stands, predicts, and the read by how well it predicts the functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from l2l_sampler.policies.memory.objective.encodings import Encoder
from l2l_sampler.policies.memory.policy import MemoryPolicy
from l2l_sampler.policies.memory.reads.read import Score
from l2l_sampler.policies.memory.search.candidates import Draws
from l2l_sampler.policies.memory.table import Table
from train.curriculum import horizon_at
from train.functions.functions import Functions
from train.functions.priors import draw
from train.gradients import clip_each_gradient
from train.memory.draws import search_draws

_RANDOM_TRIALS = 0.05
"""Share of trials replaced by uniform points, so that histories are not only the policy's own."""
_MOVED_TRIALS = 0.15
"""Share of trials that are moved a little, for the same reason."""
_MOVE = 0.05  # standard deviation of such a move along an axis
_LONGEST_START = 12
"""Half of the functions start from up to so many random trials, as users bring results along."""
_FIRST_HORIZON = 20
"""Longest history when training begins, see `horizon_at`: a few trials of the policy's own."""
_PENDING = 0.25
"""Share of the rows whose last trials, up to `_MOST_PENDING`, count as pending."""
_MOST_PENDING = 4
_LIKELIHOOD = 0.3
"""Weight of the predictive likelihood beside log EI: what is proposed counts more than how well
the posterior fits, from which it follows."""
_VALUE = 0.1
"""Weight of the error of the predicted log EI, which is in larger units."""
_LEAST_WIDTH = 1e-2
"""Least standard deviation of a prediction: it bounds the likelihood of noise-free results."""
_LARGEST_ERROR = 20.0
"""Largest error in predicted deviations: one surprise must not outweigh all other rows."""
_LOWEST_VALUE = -15.0
"""Lowest log EI to predict: which of two hopeless points is worse decides nothing."""
_FLOOR = -30.0
"""Lowest log EI that is logged; in one dimension it has no lower end."""
_LEAST_VARIANCE = 1e-8  # of known values; below it they count as equal


@dataclass
class _Trials:
    """x (B, T, d) evaluated points, g and y (B, T) latent and observed, n and end (B,)."""

    x: Tensor
    g: Tensor
    y: Tensor
    n: Tensor
    end: Tensor


class MemoryPool:
    """Functions of one dimension and the policy's trials on them."""

    def __init__(
        self,
        policy: MemoryPolicy,
        *,
        prior: str,
        batch: int,
        dim: int,
        starts: int,
        horizon: int,
        generator: torch.Generator,
    ) -> None:
        """Draw `batch` functions, at staggered numbers of random trials.

        Args:
            policy: the policy to train.
            prior: name of a distribution in `priors`, or module:function.
            batch: functions side by side.
            dim: their dimension.
            starts: starting points of each inner search in training.
            horizon: longest history.
            generator: the only source of randomness.
        """
        self.policy, self.prior, self.dim = policy, prior, dim
        self.starts, self.horizon, self.generator = starts, horizon, generator
        self.functions = draw(prior, batch, dim, generator=generator)
        x = self.functions.snap(self._uniform(batch, horizon, dim))
        g = self.functions.latent(x)
        n = self._integers(1, _LONGEST_START, batch)
        y = self.functions.observe(g, generator)
        self.trials = _Trials(x, g, y, n, self._ends(batch, 0.0))

    def step(
        self, params: Mapping[str, Tensor], progress: float
    ) -> tuple[Tensor, dict[str, float]]:
        """Loss of the policy's next proposals, and one more trial of every function.

        Args:
            params: torch parameters of the policy.
            progress: share of the training that is done.

        Returns:
            The loss and what to log: mean log EI and the error of the read's prediction.
        """
        trials, functions, policy = self.trials, self.functions, self.policy
        most = int(trials.n.max())
        x, g, y = (v[:, :most].clone() for v in (trials.x, trials.g, trials.y))
        known, present = self._masks(most)
        draws = search_draws(x, self.starts, policy.group, self.generator)
        with torch.no_grad():
            encoded = policy.encoder(params, x, y, known)
        z = torch.where(known, encoded(y), 0.0)
        table = Table(x, z, known, present, numeric=~functions.one_of)
        prepared = policy.prepare(params, table, draws)
        with torch.no_grad():
            starts = policy.screen(params, table, prepared, draws, functions.snap)
        refined = clip_each_gradient(policy.refine(params, table, prepared, starts))
        points = torch.cat([starts, refined], 1)
        spread = _spread(g, known)
        margin = policy.margin(draws.margin) * spread
        if isinstance(functions, Functions):
            log_ei = functions.log_ei(x, g, known, present, points, margin=margin)
        else:
            log_ei = self._predicted(params, table, draws, points)
        score = policy.score(params, prepared, points.detach())
        reached = log_ei[:, self.starts :].mean()
        if score.mean is None:
            weight, error = _VALUE, _value_error(score, log_ei.detach(), spread)
        else:
            weight, error = _LIKELIHOOD, self._surprise(score, points.detach(), encoded)
        self._advance(points.detach(), score.log_ei.detach(), progress)
        logged = log_ei[:, self.starts :].detach().clamp_min(_FLOOR).mean()
        scalars = {"log_ei": float(logged), "error": float(error.detach())}
        return weight * error - reached, scalars

    def state_dict(self) -> dict[str, Any]:
        """Everything that a resumed run needs, the generator included."""
        return {
            "functions": self.functions.state_dict(),
            "trials": vars(self.trials),
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on exactly where `state_dict` was taken."""
        self.functions.load_state_dict(state["functions"])
        self.trials = _Trials(**state["trials"])
        self.generator.set_state(state["generator"])

    def _predicted(
        self, params: Mapping[str, Tensor], table: Table, draws: Draws, points: Tensor
    ) -> Tensor:
        """Log EI (B, S) by the read as it stands: it shall not learn to promise more."""
        fixed = {name: value.detach() for name, value in params.items()}
        with torch.no_grad():
            prepared = self.policy.prepare(fixed, table, draws)
        return self.policy.score(fixed, prepared, points).log_ei

    def _surprise(self, score: Score, points: Tensor, encoded: Encoder) -> Tensor:
        """Mean negative log predictive density of the encoded objective at the points."""
        with torch.no_grad():
            seen = self.functions.observe(self.functions.latent(points), self.generator)
            z = encoded(seen)
        width = (score.deviation**2 + _LEAST_WIDTH**2).sqrt()
        error = ((z - score.mean) / width).clamp(-_LARGEST_ERROR, _LARGEST_ERROR)
        return (width.log() + 0.5 * error**2).mean()

    @torch.no_grad()
    def _advance(self, points: Tensor, score: Tensor, progress: float) -> None:
        """Evaluate the best point of every row; functions at their end make room for new ones."""
        trials, rows = self.trials, torch.arange(len(self.trials.n))
        x = points[rows, score.argmax(1)]
        kind, other = self._uniform(len(rows), 1), self._uniform(len(rows), self.dim)
        step = torch.randn(x.shape, generator=self.generator, device=x.device)
        moved = (x + _MOVE * step).clamp(0.0, 1.0)
        x = torch.where(kind < _RANDOM_TRIALS + _MOVED_TRIALS, moved, x)
        x = self.functions.snap(torch.where(kind < _RANDOM_TRIALS, other, x)[:, None])
        g = self.functions.latent(x)
        trials.x[rows, trials.n] = x[:, 0]
        trials.g[rows, trials.n] = g[:, 0]
        trials.y[rows, trials.n] = self.functions.observe(g, self.generator)[:, 0]
        trials.n += 1
        self._restart(torch.nonzero(trials.n >= trials.end)[:, 0], progress)

    def _restart(self, rows: Tensor, progress: float) -> None:
        """Swap the functions of these rows for new ones with a few random trials."""
        count = len(rows)
        if not count:
            return
        fresh = draw(self.prior, count, self.dim, generator=self.generator)
        trials = self.trials
        x = fresh.snap(self._uniform(count, self.horizon, self.dim))
        g = fresh.latent(x)
        trials.x[rows], trials.g[rows] = x, g
        trials.y[rows] = fresh.observe(g, self.generator)
        many = self._uniform(count) < 0.5
        trials.n[rows] = torch.where(many, self._integers(1, _LONGEST_START, count), 1)
        trials.end[rows] = self._ends(count, progress)
        self.functions.replace(rows, fresh)

    def _masks(self, most: int) -> tuple[Tensor, Tensor]:
        """Which of the first `most` trials are known, and which are there, each (B, most)."""
        n = self.trials.n[:, None]
        place = torch.arange(most, device=n.device)[None]
        pending = self._integers(1, _MOST_PENDING, len(n))[:, None]
        some = (self._uniform(len(n)) < _PENDING)[:, None] & (n > pending)
        return place < torch.where(some, n - pending, n), place < n

    def _ends(self, count: int, progress: float) -> Tensor:
        """Numbers of trials at which functions end, up to the curriculum's horizon."""
        longest = horizon_at(progress, min(_FIRST_HORIZON, self.horizon), self.horizon)
        return self._integers(_LONGEST_START + 1, max(longest, _LONGEST_START + 1), count)

    def _uniform(self, *shape: int) -> Tensor:
        device = self.generator.device
        return torch.rand(shape, generator=self.generator, device=device)

    def _integers(self, low: int, high: int, count: int) -> Tensor:
        """Uniform integers from low to high, both included."""
        device = self.generator.device
        return torch.randint(low, high + 1, (count,), generator=self.generator, device=device)


def _spread(g: Tensor, known: Tensor) -> Tensor:
    """Standard deviation of the known latent values, (B, 1); 1 where there is none."""
    weight = known.to(g.dtype)
    count = weight.sum(1, keepdim=True)
    mean = (g * weight).sum(1, keepdim=True) / count
    variance = ((g - mean) ** 2 * weight).sum(1, keepdim=True) / count
    return torch.where(variance > _LEAST_VARIANCE, variance, 1.0).sqrt()


def _value_error(score: Score, log_ei: Tensor, spread: Tensor) -> Tensor:
    """Huber error of the predicted log EI, in units of the known latent values' deviation."""
    target = (log_ei - spread.log()).clamp_min(_LOWEST_VALUE).to(score.log_ei.dtype)
    return torch.nn.functional.smooth_l1_loss(score.log_ei, target)
