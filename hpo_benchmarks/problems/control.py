"""The paper's control problem: place two repellers that steer falling particles (section 3.3).

After Hoffman et al. (2009): particles fall through the plane; every repeller pushes them straight
away from itself with a force that is its strength divided by the distance; the return is the
discounted reward along the path, and the reward depends on where the particle is. The papers
print no constants, so those below are ours.

Notation
    p  (n, 2) positions of n particles      q  (r, 2) repeller positions
    w  (n, 2) velocities                    s  (r,)  repeller strengths
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from hpo_benchmarks.problems.functions import Perturbation
from hpo_benchmarks.problems.problem import Params, Problem, rng_of, unit_point, unit_space

REPELLERS = 2
STEPS = 100
TIME_STEP = 0.04
DISCOUNT = 0.98
GRAVITY = np.array([0.0, -0.2])
MAX_STRENGTH = 0.06
NEAREST = 0.02  # the force stops growing at this distance

START = np.array([[0.30, 1.0], [0.35, 1.0], [0.40, 1.0]])
REWARD_CENTRE = np.array([[0.75, 0.75], [0.80, 0.30], [0.25, 0.20]])
REWARD_HEIGHT = np.array([0.3, 0.8, 0.5])
REWARD_WIDTH = np.array([0.15, 0.18, 0.15])


def reward(p: np.ndarray) -> np.ndarray:
    """Reward at positions p (..., 2), shape (...): three Gaussian hills."""
    gap = p[..., None, :] - REWARD_CENTRE
    return np.exp(-0.5 * (gap**2).sum(-1) / REWARD_WIDTH**2) @ REWARD_HEIGHT


@dataclass(frozen=True, eq=False)
class Repellers:
    """The controller: where the repellers are and how strong."""

    q: np.ndarray  # (r, 2)
    s: np.ndarray  # (r,)

    @classmethod
    def from_cube(cls, v: np.ndarray) -> Repellers:
        """Three numbers a repeller, (3 r,): horizontal and vertical position, strength.

        A negative strength, which a perturbed query may ask for, counts as none.
        """
        table = v.reshape(-1, 3)
        return cls(q=table[:, :2], s=MAX_STRENGTH * np.maximum(table[:, 2], 0.0))

    def force(self, p: np.ndarray) -> np.ndarray:
        """Force on particles at p (n, 2), shape (n, 2)."""
        away = p[:, None] - self.q  # (n, r, 2)
        distance = np.maximum(np.linalg.norm(away, axis=-1), NEAREST)
        return (away * (self.s / distance**2)[..., None]).sum(axis=1)

    def paths(self) -> np.ndarray:
        """(STEPS + 1, n, 2) positions of the particles, by semi-implicit Euler steps."""
        p, w = START, np.zeros_like(START)
        path = [p]
        for _ in range(STEPS):
            w = w + TIME_STEP * (GRAVITY + self.force(p))
            p = p + TIME_STEP * w
            path.append(p)
        return np.array(path)

    def value(self) -> float:
        """Discounted reward, averaged over the particles."""
        return float(DISCOUNT ** np.arange(STEPS + 1) @ reward(self.paths()).mean(axis=1))


@lru_cache(maxsize=256)
def _perturbation(seed: int) -> Perturbation:
    return Perturbation.sample(rng_of("perturbation", "repellers", seed), 3 * REPELLERS)


def controller(params: Params, seed: int) -> Repellers:
    """The controller that a query stands for in the seed's perturbed instance."""
    return Repellers.from_cube(_perturbation(seed).apply(unit_point(params)))


def _objective(params: Params, seed: int) -> float:
    return -controller(params, seed).value()


def problems() -> list[Problem]:
    """The control problem with two repellers, six parameters."""
    return [
        Problem(
            name="repellers",
            suite="control",
            space=unit_space(3 * REPELLERS),
            objective=_objective,
            source="Chen et al. 2017, section 3.3, after Hoffman et al. 2009; constants are ours",
            cost="1 millisecond",
        )
    ]


def draw_trajectory(control: Repellers, path: Path) -> None:
    """Save a picture of reward contours, repellers and the particles' paths (figure 6)."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    side = np.linspace(-0.1, 1.1, 121)
    plane = np.stack(np.meshgrid(side, side), axis=-1)
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.contour(side, side, reward(plane), levels=10, cmap="Greens", linewidths=0.8)
    axes.scatter(*control.q.T, s=30 + 9000 * control.s, color="tab:blue")
    for path_of_one in control.paths().transpose(1, 0, 2):
        axes.plot(*path_of_one.T, color="tab:red", linewidth=1.2)
    axes.set(xlim=(-0.1, 1.1), ylim=(-0.1, 1.1), aspect="equal", xlabel="place", ylabel="height")
    axes.set(title=f"discounted reward {control.value():.2f}")
    # Symbols of their own, since a strong repeller's dot would be larger than the box.
    dot = Line2D([], [], color="tab:blue", marker="o", ls="", label="repeller, by strength")
    line = Line2D([], [], color="tab:red", label="particle")
    axes.legend(handles=[dot, line], loc="upper right", fontsize=8)
    figure.savefig(path, dpi=130)
