"""Classic test functions of optimization in 2, 5 and 10 axes, for studies of many trials.

Each is moved so that its minimum, of value 0, lies at a random interior point of the unit cube,
and those that are marked are rotated about it. Definitions are those of Jamil and Yang (2013, "A
literature survey of benchmark functions for global optimization problems") and of the suite BBOB
(Hansen et al., 2009, "Real-parameter black-box optimization benchmarking 2009").

Notation
    d  axes   u  (d,) query in [0, 1]   z  (d,) the function's own coordinates, its minimum at 0
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from hpo_benchmarks.problems.problem import Params, Problem, rng_of, unit_point, unit_space, zero

DIMS = (2, 5, 10)
_INTERIOR = (0.2, 0.8)
"""Where the minimum lies along every axis."""


@dataclass(frozen=True)
class Landscape:
    """A function with its minimum 0 at the origin.

    Attributes:
        function: z (d,) -> value.
        width: of its usual domain, which the unit cube covers.
        rotated: whether it is turned about its minimum.
        about: what makes it hard.
    """

    function: Callable[[np.ndarray], float]
    width: float
    rotated: bool
    about: str


def _powers(z: np.ndarray, largest: float) -> np.ndarray:
    """Condition numbers from 1 to the largest, (d,)."""
    return np.asarray(largest ** (np.arange(len(z)) / max(len(z) - 1, 1)))


def sphere(z: np.ndarray) -> float:
    """Sum of squares."""
    return float((z * z).sum())


def ellipsoid(z: np.ndarray) -> float:
    """A bowl of condition 1e4."""
    return float((_powers(z, 1e4) * z * z).sum())


def discus(z: np.ndarray) -> float:
    """One axis counts a thousand times as much as the others."""
    return float(1e3 * z[0] ** 2 + (z[1:] ** 2).sum())


def different_powers(z: np.ndarray) -> float:
    """Flatter along some axes the nearer to the minimum."""
    return float(np.sqrt((np.abs(z) ** (2.0 + 4.0 * np.linspace(0.0, 1.0, len(z)))).sum()))


def rosenbrock(z: np.ndarray) -> float:
    """A curved valley."""
    x = z + 1.0
    return float((100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (x[:-1] - 1.0) ** 2).sum())


def dixon_price(z: np.ndarray) -> float:
    """A curved valley whose axes count differently."""
    index = np.arange(1, len(z) + 1)
    x = z + 2.0 ** -((2.0**index - 2.0) / 2.0**index)
    terms = index[1:] * (2.0 * x[1:] ** 2 - x[:-1]) ** 2
    return float((x[0] - 1.0) ** 2 + terms.sum())


def zakharov(z: np.ndarray) -> float:
    """A plate along one direction."""
    s = (0.5 * np.arange(1, len(z) + 1) * z).sum()
    return float((z * z).sum() + s**2 + s**4)


def absolutes(z: np.ndarray) -> float:
    """A sum of edges, never smooth at the minimum."""
    return float(np.abs(z).sum())


def rastrigin(z: np.ndarray) -> float:
    """A bowl with regular waves."""
    return float((z * z + 10.0 * (1.0 - np.cos(2.0 * np.pi * z))).sum())


def ackley(z: np.ndarray) -> float:
    """A funnel in a nearly flat, rippled plain."""
    root = np.sqrt((z * z).mean())
    waves = np.exp(np.cos(2.0 * np.pi * z).mean())
    return float(-20.0 * np.exp(-0.2 * root) - waves + 20.0 + np.e)


def griewank(z: np.ndarray) -> float:
    """A bowl with waves that multiply."""
    index = np.sqrt(np.arange(1, len(z) + 1))
    return float((z * z).sum() / 4000.0 - np.prod(np.cos(z / index)) + 1.0)


def levy(z: np.ndarray) -> float:
    """Waves of several heights."""
    w = 1.0 + z / 4.0
    inner = (w[:-1] - 1.0) ** 2 * (1.0 + 10.0 * np.sin(np.pi * w[:-1] + 1.0) ** 2)
    last = (w[-1] - 1.0) ** 2 * (1.0 + np.sin(2.0 * np.pi * w[-1]) ** 2)
    return float(np.sin(np.pi * w[0]) ** 2 + inner.sum() + last)


LANDSCAPES = {
    "sphere": Landscape(sphere, 10.0, False, "smooth"),
    "ellipsoid": Landscape(ellipsoid, 10.0, True, "condition 1e4, rotated"),
    "discus": Landscape(discus, 10.0, True, "one direction counts most, rotated"),
    "different-powers": Landscape(different_powers, 10.0, True, "flat at the minimum, rotated"),
    "rosenbrock": Landscape(rosenbrock, 4.0, False, "a curved valley"),
    "dixon-price": Landscape(dixon_price, 10.0, False, "a curved valley"),
    "zakharov": Landscape(zakharov, 10.0, False, "a plate"),
    "absolutes": Landscape(absolutes, 10.0, False, "edges"),
    "rastrigin": Landscape(rastrigin, 10.0, False, "10^d minima"),
    "ackley": Landscape(ackley, 40.0, True, "many minima in a plain, rotated"),
    "griewank": Landscape(griewank, 100.0, True, "many minima, rotated"),
    "levy": Landscape(levy, 20.0, False, "many minima of several heights"),
}


def coordinates(name: str, u: np.ndarray, seed: int) -> np.ndarray:
    """The function's own coordinates z (d,) of a query u (d,) in the instance of a seed."""
    landscape, d = LANDSCAPES[name], len(u)
    rng = rng_of("landscape", name, d, seed)
    z = landscape.width * (u - rng.uniform(*_INTERIOR, d))
    if landscape.rotated:
        turn, signs = np.linalg.qr(rng.standard_normal((d, d)))
        z = turn * np.sign(np.diag(signs)) @ z
    return z


def minimiser(name: str, dim: int, seed: int) -> np.ndarray:
    """(d,) where the minimum lies in the unit cube."""
    return rng_of("landscape", name, dim, seed).uniform(*_INTERIOR, dim)


def _objective(name: str, params: Params, seed: int) -> float:
    return LANDSCAPES[name].function(coordinates(name, unit_point(params), seed))


def problems() -> list[Problem]:
    """Every function in every dimension."""
    return [
        Problem(
            name=f"{name}-{dim}",
            suite="long",
            space=unit_space(dim),
            objective=partial(_objective, name),
            source=f"{landscape.about}; moved by a random vector",
            cost="microseconds",
            optimum=zero,
        )
        for dim in DIMS
        for name, landscape in LANDSCAPES.items()
    ]
