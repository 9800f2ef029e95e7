"""Draws the pictures of docs/recurrent.md: `python docs/recurrent/draw.py`.

Notation
    T  trials   H  units of all cells   x  (T, 2) points asked for
"""

from __future__ import annotations

import warnings
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import optuna
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from l2l_sampler import LearnedSampler

HERE = Path(__file__).parent
INK, RED, BLUE, PALE = "#22303c", "#b03a2e", "#2b6cb0", "#dde3e8"
POLICIES = {"lstm": "LSTM", "dnc": "DNC"}
TRIALS, SEED, SIDE = 40, 0, 121


def save(figure: Figure, name: str) -> None:
    """Write a picture."""
    figure.savefig(HERE / f"{name}.png", dpi=120, metadata={"Software": None})
    plt.close(figure)


def box(axis: Axes, x: float, y: float, text: str, colour: str = PALE, width: float = 1.0) -> None:
    """A box with words, its middle at (x, y)."""
    style = "round,pad=0.02,rounding_size=0.08"
    corner = (x - width / 2, y - 0.22)
    axis.add_patch(FancyBboxPatch(corner, width, 0.44, style, facecolor=colour, edgecolor=INK))
    axis.text(x, y, text, ha="center", va="center", fontsize=9, color=INK)


def arrow(
    axis: Axes, start: tuple[float, float], end: tuple[float, float], text: str = ""
) -> None:
    """An arrow and what passes along it."""
    axis.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.0})
    if text:
        at = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        axis.annotate(text, at, (3, 3), textcoords="offset points", fontsize=8, color=BLUE)


def loop() -> None:
    """Three steps of a run, unrolled."""
    figure, axis = plt.subplots(figsize=(7.2, 1.7), layout="constrained")
    for k in range(3):
        x = 2.4 * k
        box(axis, x, 0.0, f"network, step {k + 1}", width=1.3)
        box(axis, x + 0.8, 1.2, "f", colour="white", width=0.5)
        arrow(axis, (x - 1.7, 0.0), (x - 0.67, 0.0), f"$h_{k}$")
        arrow(axis, (x + 0.2, 0.25), (x + 0.6, 0.96))
        axis.text(x + 0.3, 0.62, f"$x_{k + 1}$", ha="right", fontsize=8, color=BLUE)
        arrow(axis, (x + 1.02, 0.96), (x + 1.85, 0.25), f"$x_{k + 1}, y_{k + 1}, o_{k + 1}$")
    arrow(axis, (5.47, 0.0), (6.5, 0.0), "$h_3$")
    axis.set(xlim=(-1.8, 7.2), ylim=(-0.3, 1.5), aspect="equal")
    axis.axis("off")
    save(figure, "loop")


def valley(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Two valleys of different depth."""
    deep = np.exp(-((a - 0.7) ** 2 + (b - 0.35) ** 2) / 0.03)
    shallow = np.exp(-((a - 0.25) ** 2 + (b - 0.7) ** 2) / 0.06)
    return -deep - 0.7 * shallow


def runs() -> None:
    """A run of each network: where it asks, coloured by when."""
    a, b = np.meshgrid(*[np.linspace(0.0, 1.0, SIDE)] * 2)
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.4), layout="constrained")
    for axis, (policy, label) in zip(axes, POLICIES.items(), strict=True):
        space = {name: optuna.distributions.FloatDistribution(0.0, 1.0) for name in "ab"}
        sampler = LearnedSampler(policy, seed=SEED, search_space=space, n_trials=TRIALS)
        study = optuna.create_study(sampler=sampler)
        at = []
        for _ in range(TRIALS):
            trial = study.ask(space)
            at.append([trial.params["a"], trial.params["b"]])
            study.tell(trial, float(valley(*map(np.array, at[-1]))))
        axis.contour(a, b, valley(a, b), levels=9, colors="#9aa7b1", linewidths=0.6)
        shown = axis.scatter(*np.array(at).T, c=range(TRIALS), cmap="viridis_r", s=22)
        axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal", xlabel="a", ylabel="b")
        axis.set_xticks((0.0, 0.5, 1.0), labels=("0", "0.5", "1"))
        axis.set_yticks((0.0, 0.5, 1.0), labels=("0", "0.5", "1"))
        axis.set_title(f"{label}: best {study.best_value:.3f}", fontsize=9)
    figure.colorbar(shown, ax=axes, label="trial", shrink=0.8)
    save(figure, "runs")


if __name__ == "__main__":
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    loop()
    runs()
