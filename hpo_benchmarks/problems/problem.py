"""A black-box tuning problem, and how its random instances are seeded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, FloatDistribution

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """One problem; a seed picks its instance, the same one for every method.

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


def rng_of(*key: str | int) -> np.random.Generator:
    """A generator that depends on the key alone: `rng_of("speed", "branin", 3)`."""
    return np.random.default_rng(list("/".join(map(str, key)).encode()))


def unit_space(dim: int) -> dict[str, BaseDistribution]:
    """Parameters x0, x1, ... in [0, 1]."""
    return {f"x{i}": FloatDistribution(0.0, 1.0) for i in range(dim)}


def unit_point(params: Params) -> np.ndarray:
    """(d,) point of a `unit_space`."""
    return np.array([params[f"x{i}"] for i in range(len(params))], dtype=np.float64)
