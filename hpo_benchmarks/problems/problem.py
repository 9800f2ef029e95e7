"""A black-box tuning problem, and how its random instances are seeded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from optuna import Study, Trial
from optuna._hypervolume import compute_hypervolume
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.pruners import BasePruner, NopPruner

Params = Mapping[str, Any]
TRUTH = "true_value"
"""User attribute of a trial: its value without noise, penalties or scale."""


@dataclass(frozen=True)
class Problem:
    """One problem with a fixed space; a seed picks its instance, the same one for every method.

    Attributes:
        name: unique within its suite.
        suite: name of the suite that it is run in.
        space: Optuna distribution of each parameter.
        objective: (parameters, seed) -> value to minimise; the same call gives the same value.
        source: where the problem comes from.
        cost: what one evaluation costs, for readers.
        optimum: seed -> smallest value there is, or None if nobody knows it.
        workers: evaluations that run side by side, in simulated time.
    """

    name: str
    suite: str
    space: Mapping[str, BaseDistribution]
    objective: Callable[[Params, int], float]
    source: str
    cost: str
    optimum: Callable[[int], float] | None = None
    workers: int = 1


@dataclass(frozen=True)
class Volume:
    """What trials of several objectives are measured by: the hypervolume that they dominate.

    Attributes:
        reference: the point that it is measured from; worse results count for nothing.
        best: that of the whole front, or of a box that holds it.
    """

    reference: tuple[float, ...]
    best: float

    def of(self, values: Sequence[Sequence[float]]) -> float:
        """The hypervolume of results (n, M)."""
        f, reference = np.array(values, dtype=float), np.array(self.reference)
        f = f.reshape(-1, len(reference))
        inside = f[(f < reference).all(axis=1)]
        return float(compute_hypervolume(inside, reference)) if len(inside) else 0.0

    def missing(self, values: Sequence[Sequence[float]]) -> float:
        """The share of the best hypervolume that results (n, M) lack."""
        return 1.0 - self.of(values) / self.best


@dataclass(frozen=True)
class LiveProblem:
    """One problem whose objective asks an Optuna trial for its parameters while it runs.

    Which parameters there are may depend on the values of others, and a trial may raise, return
    NaN or infinity, report steps and be pruned. What counts is the user attribute TRUTH of trials
    that complete: without it a trial counts as failed, whatever it returned.

    Attributes:
        name: unique within its suite.
        suite: name of the suite that it is run in.
        objective: (trial, seed) -> value or values to minimise; chance depends on the seed
            and the trial's number alone, so that every method meets the same.
        about: the problem in a sentence.
        cost: what one evaluation costs, for readers.
        optimum: seed -> smallest true value there is, or None if nobody knows it.
        pruner: makes the study's pruner.
        workers: one; nothing simulates more for these problems.
        volume: what results are measured by, if the objective returns several values; the value
            that counts is then the share of it that is missing.
        earlier: seed -> studies of similar objectives that came before; None if there are none.
    """

    name: str
    suite: str
    objective: Callable[[Trial, int], float | list[float]]
    about: str
    cost: str
    optimum: Callable[[int], float] | None = None
    pruner: Callable[[], BasePruner] = NopPruner
    workers: int = 1
    volume: Volume | None = None
    earlier: Callable[[int], Sequence[Study]] | None = None


AnyProblem: TypeAlias = Problem | LiveProblem


def zero(seed: int) -> float:
    """The optimum of every instance of a problem whose true values are regrets."""
    return 0.0


def rng_of(*key: str | int) -> np.random.Generator:
    """A generator that depends on the key alone: `rng_of("speed", "branin", 3)`."""
    return np.random.default_rng(list("/".join(map(str, key)).encode()))


def unit_space(dim: int) -> dict[str, BaseDistribution]:
    """Parameters x0, x1, ... in [0, 1]."""
    return {f"x{i}": FloatDistribution(0.0, 1.0) for i in range(dim)}


def unit_point(params: Params) -> np.ndarray:
    """(d,) point of a `unit_space`."""
    return np.array([params[f"x{i}"] for i in range(len(params))], dtype=np.float64)
