"""Synthetic functions: draws from a Gaussian process and four perturbed classics.

Notation
    d  dimension      m  random Fourier features of a draw
    u  (d,) query in [0, 1]      v  (d,) point of the unperturbed function, mostly in [0, 1]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from scipy.optimize import minimize

from hpo_benchmarks.problems.problem import Params, Problem, rng_of, unit_point, unit_space

LENGTH_SCALE = 0.3
FEATURES = 1024


@dataclass(frozen=True, eq=False)
class GaussianProcessDraw:
    """A function drawn from GP(0, squared exponential), by random Fourier features.

    Rahimi & Recht (2007): the average of m cosines with normal frequencies and uniform phases
    has the kernel's covariance, and with normal weights tends to a Gaussian process as m grows.
    """

    frequency: np.ndarray  # (m, d)
    phase: np.ndarray  # (m,)
    weight: np.ndarray  # (m,)

    @classmethod
    def sample(cls, rng: np.random.Generator, dim: int) -> GaussianProcessDraw:
        """One draw with length scale 0.3 and unit variance on [0, 1]^dim."""
        return cls(
            frequency=rng.normal(size=(FEATURES, dim)) / LENGTH_SCALE,
            phase=rng.uniform(0, 2 * np.pi, FEATURES),
            weight=rng.normal(size=FEATURES) * np.sqrt(2 / FEATURES),
        )

    def __call__(self, u: np.ndarray) -> np.ndarray:
        """Values at u (..., d), shape (...)."""
        return np.cos(u @ self.frequency.T + self.phase) @ self.weight

    def gradient(self, u: np.ndarray) -> np.ndarray:
        """Gradient at one point u (d,), shape (d,)."""
        return -(np.sin(self.frequency @ u + self.phase) * self.weight) @ self.frequency

    def minimum(self, rng: np.random.Generator, points: int = 20_000, starts: int = 30) -> float:
        """Smallest value found by quasi-Newton descent from the best of many random points."""
        u = rng.uniform(size=(points, self.frequency.shape[1]))
        value = np.concatenate([self(part) for part in np.array_split(u, 20)])
        bounds = [(0.0, 1.0)] * u.shape[1]
        return min(
            float(minimize(self, start, jac=self.gradient, bounds=bounds, method="L-BFGS-B").fun)
            for start in u[np.argsort(value)[:starts]]
        )


@lru_cache(maxsize=256)
def gp_draw(dim: int, seed: int) -> GaussianProcessDraw:
    """The draw of a seed."""
    return GaussianProcessDraw.sample(rng_of("gp-draw", dim, seed), dim)


def _gp_objective(params: Params, seed: int) -> float:
    return float(gp_draw(len(params), seed)(unit_point(params)))


@lru_cache(maxsize=256)
def gp_minimum(dim: int, seed: int) -> float:
    """The draw's smallest known value (exact in low dimensions, a close bound in 9)."""
    return gp_draw(dim, seed).minimum(rng_of("gp-minimum", dim, seed))


def gp_problem(dim: int) -> Problem:
    """Functions from the paper's training distribution (section 3.1)."""
    return Problem(
        name=f"gp-{dim}d",
        suite="paper",
        space=unit_space(dim),
        objective=_gp_objective,
        source="Chen et al. 2017, section 3.1: GP draws, squared exponential, length scale 0.3",
        cost="20 microseconds",
        optimum=partial(gp_minimum, dim),
    )


def branin(v: np.ndarray) -> float:
    """Branin on [-5, 10] x [0, 15], shifted and scaled to zero mean and unit variance."""
    x, y = 15 * v[0] - 5, 15 * v[1]
    bowl = y - 5.1 * x**2 / (4 * np.pi**2) + 5 * x / np.pi - 6
    return float((bowl**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10 - 54.81) / 51.95)


def goldstein_price(v: np.ndarray) -> float:
    """Logarithm of Goldstein-Price on [-2, 2]^2, to zero mean and unit variance."""
    x, y = 4 * v - 2
    a = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    b = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    return float((np.log(a * b) - 8.693) / 2.427)


_HEIGHT = np.array([1.0, 1.2, 3.0, 3.2])
_WIDTH3 = np.array([[3.0, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
_CENTRE3 = 1e-4 * np.array(
    [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]
)
_WIDTH6 = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_CENTRE6 = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann3(v: np.ndarray) -> float:
    """Hartmann's function of three variables."""
    return float(-_HEIGHT @ np.exp(-(_WIDTH3 * (v - _CENTRE3) ** 2).sum(axis=1)))


def hartmann6(v: np.ndarray) -> float:
    """Hartmann's function of six variables."""
    return float(-_HEIGHT @ np.exp(-(_WIDTH6 * (v - _CENTRE6) ** 2).sum(axis=1)))


@dataclass(frozen=True)
class Classic:
    """An analytic function with its smallest value and one point v (d,) that attains it."""

    name: str
    function: Callable[[np.ndarray], float]
    minimum: float
    minimiser: tuple[float, ...]


CLASSICS = {
    classic.name: classic
    for classic in (
        Classic("branin", branin, -1.0473939, ((np.pi + 5) / 15, 2.275 / 15)),
        Classic("goldstein-price", goldstein_price, -3.1291256, (0.5, 0.25)),
        Classic("hartmann3", hartmann3, -3.8627798, (0.1146143, 0.5556489, 0.8525470)),
        Classic(
            "hartmann6",
            hartmann6,
            -3.3223681,
            (0.2016895, 0.1500107, 0.4768740, 0.2753324, 0.3116516, 0.6573005),
        ),
    )
}


@dataclass(frozen=True, eq=False)
class Perturbation:
    """The paper's random change of the input domain (section 3.2).

    Scaling by 0.9 to 1.1 about the centre, translation by -0.1 to 0.1, flips and a permutation
    of the dimensions. The perturbed cube may reach a little beyond the original one.
    """

    scale: np.ndarray  # (d,)
    shift: np.ndarray  # (d,)
    flip: np.ndarray  # (d,) +1 or -1
    order: np.ndarray  # (d,) permutation

    @classmethod
    def sample(cls, rng: np.random.Generator, dim: int) -> Perturbation:
        """One random perturbation."""
        return cls(
            scale=rng.uniform(0.9, 1.1, dim),
            shift=rng.uniform(-0.1, 0.1, dim),
            flip=rng.choice([-1.0, 1.0], dim),
            order=rng.permutation(dim),
        )

    def apply(self, u: np.ndarray) -> np.ndarray:
        """The original function's point v (d,) for a query u (d,)."""
        return (0.5 + self.flip * self.scale * (u - 0.5) + self.shift)[self.order]

    def undo(self, v: np.ndarray) -> np.ndarray:
        """The query u (d,) that reaches v (d,): `apply(undo(v)) == v` up to rounding."""
        unordered = np.empty_like(v)
        unordered[self.order] = v
        return 0.5 + self.flip * (unordered - 0.5 - self.shift) / self.scale


@lru_cache(maxsize=256)
def classic_perturbation(name: str, seed: int) -> Perturbation:
    """The seed's perturbation: the first drawn that keeps the minimiser inside the cube.

    Hartmann3's minimiser lies 0.11 from a face, so about three draws in a hundred would push
    it out and leave an instance whose optimum is unknown.
    """
    rng = rng_of("perturbation", name, seed)
    v = np.array(CLASSICS[name].minimiser)
    while True:
        perturbation = Perturbation.sample(rng, len(v))
        u = perturbation.undo(v)
        if np.all((u >= 0) & (u <= 1)):
            return perturbation


def _classic_objective(name: str, params: Params, seed: int) -> float:
    v = classic_perturbation(name, seed).apply(unit_point(params))
    return CLASSICS[name].function(v)


def _classic_optimum(name: str, seed: int) -> float:
    return CLASSICS[name].minimum


def classic_problem(name: str) -> Problem:
    """A classic global optimization benchmark under random perturbations (section 3.2)."""
    return Problem(
        name=name,
        suite="paper",
        space=unit_space(len(CLASSICS[name].minimiser)),
        objective=partial(_classic_objective, name),
        source="Chen et al. 2017, section 3.2; rescaled as in Picheny et al. 2013",
        cost="15 microseconds",
        optimum=partial(_classic_optimum, name),
    )


def problems() -> list[Problem]:
    """GP draws and classics, in the paper's order."""
    return [*map(gp_problem, (1, 3, 6, 9)), *map(classic_problem, CLASSICS)]
