"""The answer to what a policy believes, as plain values that print as a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_SHOWN = 8
"""Parameters of a report: the most relevant ones."""


@dataclass(frozen=True, eq=False)
class Effect:
    """How a quantity depends on one parameter, over its range.

    Attributes:
        name: the parameter.
        values: of the parameter, g of them.
        scale: "linear", "log" or "choice".
        mean: (g,) the quantity, averaged over all other parameters.
        low: (g,) and
        high: (g,) the same of the quantity less and plus its posterior deviation.
        at_best: (g,) the quantity with all others as in the best trial.
        relevance: share of its variance over the space that this curve alone explains.
        total: the same with all interactions in which the parameter takes part.
        length_scale: distance along the range, as a share of it, over which the quantity stays
            similar; of a choice, that of its nearest value.
    """

    name: str
    values: tuple[Any, ...]
    scale: str
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    at_best: np.ndarray
    relevance: float
    total: float
    length_scale: float


@dataclass(frozen=True, eq=False)
class Reading:
    """One quantity: an objective, or the chance of a value or of a constraint that is met.

    Attributes:
        title: what it is.
        effects: by parameter.
    """

    title: str
    effects: Mapping[str, Effect]

    def by_relevance(self) -> list[Effect]:
        """The effects, the most relevant parameter first."""
        return sorted(self.effects.values(), key=lambda effect: -effect.total)


@dataclass(frozen=True)
class Best:
    """A trial that is best by some measure.

    Attributes:
        number: of the trial.
        params: its parameters.
        value: of its objective.
        believed: what the policy believes the objective to be there, without noise.
    """

    number: int
    params: Mapping[str, Any]
    value: float
    believed: float


@dataclass(frozen=True)
class Proposal:
    """What the policy would propose next, and what it expects there.

    Attributes:
        params: the parameters.
        means: of every objective, in the user's units.
        bands: one deviation around them.
        better: chance that a trial there is better than the best one; of several objectives, that
            no result is as good in all of them.
        fine: chance that it fails in nothing.
        explores: whether the deviation there is more than half of that of a place far from all
            trials.
        zoomed: whether the policy looks at a box around the best trials only.
    """

    params: Mapping[str, Any]
    means: tuple[float, ...]
    bands: tuple[tuple[float, float], ...]
    better: float
    fine: float
    explores: bool
    zoomed: bool


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a policy believes of a study; `print` shows it.

    Attributes:
        policy: its name.
        n_trials: trials that were read.
        n_results: of them, those with a value.
        readings: the objectives first, then chances.
        noise: standard deviation of each objective when a trial is repeated.
        best: the best trial by its value, and
        believed_best: the one that the policy believes to be best; None of several objectives.
        front: numbers of the trials on the front, of several objectives.
        proposal: what would be proposed next.
        conditions: who takes part when, in words.
    """

    policy: str
    n_trials: int
    n_results: int
    readings: tuple[Reading, ...]
    noise: tuple[float, ...]
    best: Best | None
    believed_best: Best | None
    front: tuple[int, ...]
    proposal: Proposal
    conditions: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        """The report."""
        lines = [f"{self.policy} has read {self.n_trials} trials, {self.n_results} with a value."]
        if self.best is not None:
            lines.append(f"Best: {_trial(self.best)}.")
        if self.believed_best is not None and self.believed_best != self.best:
            lines.append(f"Best without noise, it believes: {_trial(self.believed_best)}.")
        if self.front:
            lines.append(f"On the front: trials {', '.join(map(str, self.front))}.")
        lines.append(f"Noise of the objective: {', '.join(f'{v:.3g}' for v in self.noise)}.")
        for reading in self.readings:
            lines += ["", *_reading(reading)]
        if self.conditions:
            lines += ["", *self.conditions]
        lines += ["", *_proposal(self.proposal)]
        return "\n".join(lines)


def _trial(best: Best) -> str:
    return f"trial {best.number} with {best.value:.4g} (believed: {best.believed:.4g})"


def _reading(reading: Reading) -> list[str]:
    effects = reading.by_relevance()
    head = f"{reading.title}: relevance alone / with interactions, length scale, from .. to"
    width = max((len(effect.name) for effect in effects[:_SHOWN]), default=0)
    rows = [
        f"  {e.name:<{width}}  {e.relevance:4.0%} / {e.total:4.0%}  {e.length_scale:5.2f}  "
        f"{np.nanmin(e.mean):.3g} at {_value(e.values[int(np.nanargmin(e.mean))])} .. "
        f"{np.nanmax(e.mean):.3g} at {_value(e.values[int(np.nanargmax(e.mean))])}"
        for e in effects[:_SHOWN]
        if not np.isnan(e.mean).all()
    ]
    more = len(effects) - _SHOWN
    return [head, *rows, *([f"  and {more} more"] if more > 0 else [])]


def _proposal(proposal: Proposal) -> list[str]:
    params = ", ".join(f"{name} = {_value(value)}" for name, value in proposal.params.items())
    expected = ", ".join(
        f"{mean:.4g} ({low:.4g} to {high:.4g})"
        for mean, (low, high) in zip(proposal.means, proposal.bands, strict=True)
    )
    why = "explores" if proposal.explores else "exploits"
    where = " in a box around the best trials" if proposal.zoomed else ""
    fine = "" if proposal.fine > 0.999 else f", {proposal.fine:.0%} to fail in nothing"
    return [
        f"Next: {params}",
        f"  It {why}{where}; expected is {expected}, with a chance of {proposal.better:.0%} "
        f"to be better than the best{fine}.",
    ]


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
