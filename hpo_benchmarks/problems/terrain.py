"""Random instances of live problems: regret is a sum of terms, each 0 at a place of its own.

Every term is drawn from the problem's name, the seed and the term's own name, so that no two
instances have the same optimum, curvature, ripples or scale, and nothing can be tuned to one.

Notation
    u  position in a range, 0 to 1     v  (k,) positions
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from optuna import Trial

from hpo_benchmarks.problems.problem import TRUTH, rng_of


@dataclass(frozen=True)
class Term:
    """A valley in one parameter with ripples on its slopes: 0 at `at`, about 1 far from it."""

    at: float
    steepness: float
    ripple: float
    waves: float

    def height(self, u: float) -> float:
        """The term's part of the regret."""
        gap = u - self.at
        ripples = self.ripple * np.sin(np.pi * self.waves * gap) ** 2
        return float(self.steepness * gap**2 + ripples)


@lru_cache(maxsize=4096)
def _term(problem: str, seed: int, name: str) -> Term:
    rng = rng_of(problem, seed, name)
    return Term(
        at=rng.uniform(0.1, 0.9),
        steepness=rng.uniform(1.0, 5.0),
        ripple=rng.uniform(0.0, 0.15),
        waves=rng.uniform(1.0, 4.0),
    )


@lru_cache(maxsize=1024)
def _costs(problem: str, seed: int, name: str, n: int) -> tuple[float, ...]:
    rng = rng_of(problem, seed, name)
    costs = rng.uniform(0.1, 0.8, n)
    costs[rng.integers(n)] = 0.0
    return tuple(costs.tolist())


@dataclass(frozen=True)
class Terrain:
    """One instance of a problem. Methods that suggest add what the value costs.

    Attributes:
        problem: its name.
        seed: of the instance.
    """

    problem: str
    seed: int

    def real(
        self,
        trial: Trial,
        name: str,
        low: float,
        high: float,
        *,
        log: bool = False,
        under: str = "",
    ) -> float:
        """Suggest a float and return its term; `under` another choice the term is another."""
        value = trial.suggest_float(name, low, high, log=log)
        return self.term(name + under).height(position(value, low, high, log=log))

    def whole(
        self, trial: Trial, name: str, low: int, high: int, *, log: bool = False
    ) -> tuple[int, float]:
        """Suggest an integer; returns it and its term, whose lowest place is an integer."""
        value = trial.suggest_int(name, low, high, log=log)
        best = self.best_whole(name, low, high, log=log)
        term = self.term(name)
        gap = position(value, low, high, log=log) - position(best, low, high, log=log)
        return value, term.height(term.at + gap)

    def choice(self, trial: Trial, name: str, choices: tuple[str, ...]) -> tuple[str, float]:
        """Suggest a choice; returns it and its cost, 0 of the best one."""
        value = trial.suggest_categorical(name, choices)
        return value, _costs(self.problem, self.seed, name, len(choices))[choices.index(value)]

    def term(self, name: str) -> Term:
        """The valley of that name."""
        return _term(self.problem, self.seed, name)

    def best_whole(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """The integer at which the term of that name is 0."""
        at = self.term(name).at
        value = low * (high / low) ** at if log else low + at * (high - low)
        return int(np.clip(round(value), low, high))

    def rng(self, *key: str | int) -> np.random.Generator:
        """A generator of this instance and the key alone."""
        return rng_of(self.problem, self.seed, *key)

    def told(self, trial: Trial, regret: float) -> float:
        """Note the true value of a trial, and return it in the instance's own scale."""
        trial.set_user_attr(TRUTH, regret)
        return self.scaled(regret)

    def scaled(self, regret: float) -> float:
        """The regret as users would measure it: times 0.01 to 100, plus an offset."""
        rng = self.rng("scale")
        scale = 10.0 ** rng.uniform(-2.0, 2.0)
        return float(scale * (regret + rng.uniform(-5.0, 5.0)))


def position(value: float, low: float, high: float, *, log: bool = False) -> float:
    """Place of a value in its range, 0 to 1."""
    if log:
        value, low, high = np.log([value, low, high]).tolist()
    return (value - low) / (high - low)
