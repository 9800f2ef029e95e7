"""What the recurrent policies are trained to minimise: six losses, one term a step.

Notation
    B  runs side by side   S  steps   T  trials that a run has room for   D  dimension
    p  (B, S, D) proposals             g  (B, S) latent values of the points evaluated
Each function takes (functions, trials, steps) as `rollout.unroll` leaves them, and a margin: how
far below the best value an expected improvement begins. It returns the terms of its loss, (B, S);
the loss is their mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from l2l_sampler.policies.gaussian import log_h
from train.functions import gp
from train.functions.functions import Functions
from train.recurrent.rollout import Steps, Trials

_GROUPS = 6
"""Groups of runs of similar length, scored apart so that few are padded to the longest."""
_ANCHOR = 0.03
"""Weight of log EI beside the observed improvement; without it policies forget to explore."""
_LOWEST_ANCHOR = -40.0
"""Log EI below which it is no anchor: a step that repeats a point must not outweigh all others."""
_FLOOR = -4.0
"""Log EI around which improvements begin to count, where it is bounded from below.

Late in a run, the best of 24 points near the incumbent had -2.3, and hopeless ones -6 to -8.
"""
_MIN_VARIANCE = 1e-12
"""As in `gp`: a duplicate must look worthless, and have a finite logarithm."""

Loss: TypeAlias = Callable[[Functions, Trials, Steps, float], Tensor]


def summed(functions: Functions, trials: Trials, steps: Steps, margin: float = 0.0) -> Tensor:
    """The function's own values, f(x_t) (equation 3)."""
    return steps.g


def observed_improvement(
    functions: Functions, trials: Trials, steps: Steps, margin: float = 0.0
) -> Tensor:
    """min(f(x_t) - min_{i<t} f(x_i), 0) (equation 5); 0 for the first trial of a run."""
    lowest = torch.cat([steps.best[:, None], steps.g], 1).cummin(1).values[:, :-1]
    some = torch.isfinite(lowest)
    return torch.where(some, (steps.g - torch.where(some, lowest, 0.0)).clamp_max(0.0), 0.0)


def expected_improvement(
    functions: Functions, trials: Trials, steps: Steps, margin: float = 0.0
) -> Tensor:
    """-EI(x_t | y_{1:t-1}) of the proposals (equation 4)."""
    return -causal_log_ei(functions, trials, steps, margin).exp()


def log_expected_improvement(
    functions: Functions, trials: Trials, steps: Steps, margin: float = 0.0
) -> Tensor:
    """-log EI(x_t | y_{1:t-1}): equation 4, on a scale where late steps count like early ones."""
    return -causal_log_ei(functions, trials, steps, margin)


def bounded_log_expected_improvement(
    functions: Functions, trials: Trials, steps: Steps, margin: float = 0.0
) -> Tensor:
    """-log(EI(x_t | y_{1:t-1}) + exp(-4)): hopeless steps do not outweigh all others.

    Late in a run log EI has a long lower tail, and its mean rewards whoever avoids that.
    """
    log_ei = causal_log_ei(functions, trials, steps, margin)
    return -torch.logaddexp(log_ei, torch.full_like(log_ei, _FLOOR))


def anchored_improvement(
    functions: Functions, trials: Trials, steps: Steps, margin: float = 0.0
) -> Tensor:
    """Observed improvement plus a little log EI.

    Only steps that improve have a gradient of the observed improvement, so that it alone forgets
    how to explore; the log EI of the others keeps that.
    """
    log_ei = causal_log_ei(functions, trials, steps, margin).clamp_min(_LOWEST_ANCHOR)
    return observed_improvement(functions, trials, steps) - _ANCHOR * log_ei


LOSSES: dict[str, Loss] = {
    "sum": summed,
    "oi": observed_improvement,
    "ei": expected_improvement,
    "logei": log_expected_improvement,
    "bounded-logei": bounded_log_expected_improvement,
    "oi+logei": anchored_improvement,
}

# Losses whose gradient comes through the function's values, not through the proposals alone.
THROUGH_FUNCTIONS = frozenset({"sum", "oi", "oi+logei"})


def causal_log_ei(
    functions: Functions, trials: Trials, steps: Steps, margin: float = 0.0
) -> Tensor:
    """Log EI of each proposal under the true process, given what was known at its step.

    The leading block of a Cholesky factor is the factor of the leading trials. So one factor of
    all trials in the order asked gives the variance at every step, pending trials included, and
    one in the order told gives every mean.

    Args:
        functions: the process; it is conditioned on latent values.
        trials: all trials, those of the steps included; constants here.
        steps: the proposals; gradients flow to these.
        margin: how far below the best value improvement begins, in units of the process.

    Returns:
        (B, S) log EI, in the dtype of the proposals. Before any result the improvement is on
        the prior mean, 0.
    """
    seen, p = functions.inputs(trials.x.detach().double()), functions.inputs(steps.p.double())
    by_length = trials.n.argsort()
    parts = [
        _log_ei(
            (functions.kind[rows], functions.rate[rows], functions.noise[rows]),
            trials.take(rows),
            seen[rows],
            p[rows],
            steps.asked[rows],
            steps.told[rows],
            margin,
        )
        for rows in by_length.chunk(_GROUPS)
    ]
    return torch.cat(parts)[by_length.argsort()].to(steps.p.dtype)


def _log_ei(
    process: tuple[Tensor, Tensor, Tensor],
    trials: Trials,
    x: Tensor,
    p: Tensor,
    asked: Tensor,
    told: Tensor,
    margin: float,
) -> Tensor:
    """`causal_log_ei` of some runs; x and p are trials and proposals as the process sees them."""
    most = int(trials.n.max())
    x, g, order = x[:, :most], trials.g[:, :most].detach(), trials.order[:, :most]
    place = torch.arange(most, device=x.device)

    def projections(x: Tensor, g: Tensor, count: Tensor, upto: Tensor) -> tuple[Tensor, Tensor]:
        """(B, n, S) of p on the trials before each step, and the (B, n, 1) weights of g."""
        present = place < count[:, None]
        posterior = gp.condition(*process, x, g, present, present)
        cross = gp.kernel(*process[:2], posterior.a, p) * present[..., None]
        v = torch.linalg.solve_triangular(posterior.factor, cross, upper=False)
        return v * (place[:, None] < upto[:, None]), posterior.weight

    g_told = g.gather(1, order)
    v, weight = projections(x.gather(1, order[..., None].expand_as(x)), g_told, trials.m, told)
    mean = (v * weight).sum(1)
    if not torch.equal(told, asked):
        v, _ = projections(x, g, trials.n, asked)
    sd = (1.0 - (v * v).sum(1)).clamp_min(_MIN_VARIANCE).sqrt()
    known = place < told[:, :, None]  # (B, S, n)
    best = g_told.double()[:, None].masked_fill(~known, torch.inf).amin(-1)
    best = torch.where(torch.isfinite(best), best, 0.0) - margin
    return torch.log(sd) + log_h((best - mean) / sd)
