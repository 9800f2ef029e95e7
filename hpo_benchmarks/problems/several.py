"""Problems of several objectives, scored by the hypervolume that their trials dominate.

Sources
    zdt     Zitzler, Deb and Thiele (2000), "Comparison of multiobjective evolutionary algorithms",
            in 5 axes
    dtlz2   Deb et al. (2002), "Scalable multi-objective optimization test problems", 5 axes
    re21    the four bar truss of Tanabe and Ishibuchi (2020), "An easy-to-use real-world
            multi-objective optimization problem suite"
Instances of a problem with a known front turn axes round, so that its ends move. The hypervolume
of the whole front is analytic for zdt1, zdt2 and dtlz2, and from 20,000 points of the front for
zdt3. Nobody knows that of the others: theirs is measured in that of a box, and the best known is
what any method has found.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from optuna import Trial

from hpo_benchmarks.problems.problem import LiveProblem, Volume, rng_of, zero
from hpo_benchmarks.problems.real_data import components_classifier

AXES, ROWS = 5, 240


@dataclass(frozen=True)
class Several:
    """Objectives of a trial, and what they are measured by.

    Attributes:
        evaluate: (trial, seed) -> objectives, minimised.
        reference: the point from which the hypervolume is measured.
        best: that of the whole front, or of a box that holds it.
        known: whether it is that of the front.
        about: in a sentence.
        cost: what one evaluation costs.
    """

    evaluate: Callable[[Trial, int], list[float]]
    reference: tuple[float, ...]
    best: float
    about: str
    known: bool = True
    cost: str = "microseconds"


def _point(trial: Trial, name: str, seed: int) -> np.ndarray:
    """(AXES,) position in the unit cube, some of its axes turned round."""
    u = np.array([trial.suggest_float(f"x{i}", 0.0, 1.0) for i in range(AXES)])
    turned = rng_of("several", name, seed).random(AXES) < 0.5
    return np.where(turned, 1.0 - u, u)


def _zdt(kind: int, trial: Trial, seed: int) -> list[float]:
    x = _point(trial, f"zdt{kind}", seed)
    g = 1.0 + 9.0 * float(x[1:].mean())
    ratio = float(x[0]) / g
    shape = {
        1: 1.0 - math.sqrt(ratio),
        2: 1.0 - ratio**2,
        3: 1.0 - math.sqrt(ratio) - ratio * math.sin(10.0 * math.pi * x[0]),
    }
    return [float(x[0]), g * shape[kind]]


def _dtlz2(trial: Trial, seed: int) -> list[float]:
    x = _point(trial, "dtlz2", seed)
    far = 1.0 + float(((x[2:] - 0.5) ** 2).sum())
    a, b = 0.5 * math.pi * x[:2]
    return [
        far * math.cos(a) * math.cos(b),
        far * math.cos(a) * math.sin(b),
        far * math.sin(a),
    ]


def _truss(trial: Trial, seed: int) -> list[float]:
    force, young, length, stress = 10.0, 2e5, 200.0, 10.0
    least, root = force / stress, math.sqrt(2.0)
    a, d = (trial.suggest_float(name, least, 3.0 * least) for name in ("a", "d"))
    b, c = (trial.suggest_float(name, root * least, 3.0 * least) for name in ("b", "c"))
    volume = length * (2.0 * a + root * b + math.sqrt(c) + d)
    return [volume, force * length / young * (2 / a + 2 * root / b - 2 * root / c + 2 / d)]


def _branches(trial: Trial, seed: int) -> list[float]:
    """Two kinds, each of which is better at one objective."""
    rng = rng_of("several", "branches", seed)
    at, deep = rng.uniform(0.2, 0.8, 6), int(rng.integers(2, 5))
    if trial.suggest_categorical("kind", ["small", "large"]) == "small":
        u = np.array([trial.suggest_float(f"s{i}", 0.0, 1.0) for i in range(2)])
        off = float(((u - at[:2]) ** 2).sum())
        return [0.2 + off, 0.8 - 0.4 * float(u[0]) + off]
    layers = trial.suggest_int("layers", 1, 6)
    u = np.array([trial.suggest_float(f"l{i}", 0.0, 1.0) for i in range(3)])
    off = float(((u - at[2:5]) ** 2).sum()) + 0.05 * abs(layers - deep)
    return [0.5 + 0.3 * float(u[0]) + off, 0.4 - 0.3 * float(u[0]) + off]


def _classifier(trial: Trial, seed: int) -> list[float]:
    """Error of a classifier of digits, and the logarithm of its multiply-adds."""
    error, operations = components_classifier(
        trial.suggest_int("components", 1, 64, log=True),
        seed,
        ROWS,
        C=trial.suggest_float("C", 1e-3, 1e3, log=True),
        gamma=trial.suggest_float("gamma", 1e-6, 1.0, log=True),
    )
    return [error, math.log10(operations)]


PROBLEMS = {
    "zdt1": Several(partial(_zdt, 1), (1.0, 6.0), 6.0 - 1.0 / 3.0, "a convex front"),
    "zdt2": Several(partial(_zdt, 2), (1.0, 6.0), 6.0 - 2.0 / 3.0, "a concave front"),
    "zdt3": Several(partial(_zdt, 3), (1.0, 6.0), 6.0445, "a front in five parts"),
    "dtlz2": Several(_dtlz2, (2.0,) * 3, 8.0 - math.pi / 6.0, "three objectives, a sphere"),
    "re21": Several(
        _truss, (3000.0, 0.05), 90.0, "volume against displacement of a truss", known=False
    ),
    "branches": Several(
        _branches, (1.0, 1.0), 1.0, "two kinds with parameters of their own", known=False
    ),
    "digits": Several(
        _classifier,
        (0.9, 4.2),
        2.16,
        "error against multiply-adds of a classifier",
        known=False,
        cost="0.05 s",
    ),
}


def problems() -> list[LiveProblem]:
    """All of the suite."""
    return [
        LiveProblem(
            name,
            "several",
            problem.evaluate,
            problem.about,
            problem.cost,
            optimum=zero if problem.known else None,
            volume=Volume(problem.reference, problem.best),
        )
        for name, problem in PROBLEMS.items()
    ]
