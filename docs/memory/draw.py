"""Draws the pictures of docs/memory.md: `python docs/memory/draw.py`.

Notation
    n  trials   m  points of a grid   x  (n, 2) points   y  (n,) objective, NaN where it failed
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from l2l_sampler import load_policy
from l2l_sampler.history import History
from l2l_sampler.policies.memory.objective.encodings import encode
from l2l_sampler.policies.memory.policy import MemoryPolicy
from l2l_sampler.policies.trained import TrainedPolicy
from l2l_sampler.proposal import propose
from l2l_sampler.spaces.axes import FloatAxis
from l2l_sampler.spaces.cube import UnitCube

HERE = Path(__file__).parent
CUBE = UnitCube({"a": FloatAxis(0.0, 1.0), "b": FloatAxis(0.0, 1.0)})
TRIALS, SEED, SIDE = 18, 3, 81
INK, RED, BLUE, PALE = "#22303c", "#b03a2e", "#2b6cb0", "#7fd4ff"
GOOD = {"marker": "o", "s": 22, "color": "white", "edgecolor": INK, "linewidth": 0.9}
FAILED = {"marker": "X", "s": 52, "color": RED, "edgecolor": "white", "linewidth": 0.9}
SHOWN = 14.0
"""Units of log EI below the best that are told apart."""


def objective(x: np.ndarray) -> np.ndarray:
    """A curved valley that falls towards a region without values, (..., 2) -> (...)."""
    a, b = x[..., 0], x[..., 1]
    valley = (b - 0.25 - 0.9 * (a - 0.2) ** 2) ** 2
    y = 12.0 * valley + (a - 0.72) ** 2
    return np.where(fails(x), np.nan, y)


def fails(x: np.ndarray) -> np.ndarray:
    """Where there is no value, (..., 2) -> (...)."""
    return x[..., 0] + 0.5 * x[..., 1] > 1.05


def study(trained: TrainedPolicy, n: int) -> History:
    """The first trials that the policy proposes."""
    x, y = np.zeros((0, 2)), np.zeros(0)
    for number in range(n + 1):
        history = History.sequential(x, y)
        failed = np.isnan(y)
        told = np.where(failed, history.asked + 0.5, history.told)
        history = History(x, y, history.asked, told, failed)
        if number < n:
            u = propose(trained, history, CUBE, seed=SEED, number=number, deduplicate=True)
            x, y = np.vstack([x, u]), np.append(y, objective(u))
    return history


def draw_belief(trained: TrainedPolicy) -> None:
    """The objective, what the policy believes of it, and where its starting points move."""
    policy, params = trained.policy, trained.params
    assert isinstance(policy, MemoryPolicy)
    history = study(trained, TRIALS)
    side = np.linspace(0.0, 1.0, SIDE)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    table = policy.table(params, history)._replace(numeric=CUBE.numeric[None])
    draws = policy.draws(CUBE, np.random.default_rng((SEED, TRIALS)))
    prepared = policy.prepare(params, table, draws)
    score = policy.score(params, prepared, grid[None])
    starts = policy.screen(params, table, prepared, draws, CUBE.snap)
    ends = policy.refine(params, table, prepared, starts)
    best = policy.search(params, table, draws, CUBE.snap)[0, 0]
    assert prepared.feasibility is not None
    chance = np.exp(prepared.feasibility.log_chance(grid[None]))[0]

    mean, log_ei = score.mean[0], score.log_ei[0]
    root = np.sqrt(objective(grid))
    even = np.linspace(0.0, 1.0, 11)
    parts = (
        (
            "root of the objective, which fails in the grey part",
            root,
            even_levels(root),
            "viridis",
        ),
        ("posterior mean of the encoded objective", mean, even_levels(mean), "viridis"),
        ("chance of a value", chance, even, "RdYlGn"),
        (
            "log EI + log chance, starting points",
            log_ei,
            log_ei.max() + SHOWN * (even - 1),
            "magma",
        ),
    )
    figure, panels = plt.subplots(2, 2, figsize=(8.8, 7.6), layout="constrained")
    for axes, (title, values, levels, colours) in zip(panels.flat, parts, strict=True):
        field(axes, title, values.reshape(SIDE, SIDE), levels, colours)
        x, failed = history.x, history.failed
        axes.scatter(*x[~failed].T, **GOOD, zorder=3)
        axes.scatter(*x[failed].T, **FAILED, zorder=3)
    panels[0, 0].set_facecolor("#c9ced3")
    last = panels[1, 1]
    for start, end in zip(starts[0], ends[0], strict=True):
        line = {"arrowstyle": "-|>", "color": PALE, "lw": 1.8, "shrinkA": 0, "shrinkB": 0}
        last.annotate("", end, start, arrowprops=line, zorder=4)
        last.scatter(*start, s=12, color=PALE, zorder=4)
    last.scatter(*best, marker="*", s=230, color="#ffd23f", edgecolor=INK, zorder=5)
    figure.savefig(HERE / "belief.png", dpi=110)
    plt.close(figure)


def even_levels(values: np.ndarray) -> np.ndarray:
    """Sixteen levels over the range of some values, of which some may be NaN."""
    return np.linspace(np.nanmin(values), np.nanmax(values), 16)


def field(axes: Axes, title: str, values: np.ndarray, levels: np.ndarray, colours: str) -> None:
    """Filled contours over the cube, and where the region without values begins."""
    side = np.linspace(0.0, 1.0, SIDE)
    place = np.meshgrid(side, side)
    extend = "min" if np.nanmin(values) < levels[0] else "neither"
    drawn = axes.contourf(*place, values, levels=levels, cmap=colours, extend=extend)
    axes.figure.colorbar(drawn, ax=axes, shrink=0.85, format="%.1f")
    axes.plot([1.05, 0.5], [0.0, 1.1], color="white", lw=1.2, linestyle="--")
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    axes.set_title(title, fontsize=10)
    axes.set_xticks([0.0, 0.5, 1.0])
    axes.set_yticks([0.0, 0.5, 1.0])


def draw_encoding(trained: TrainedPolicy) -> None:
    """Twenty results of usual size and three outliers, as three encodings see them."""
    rng = np.random.default_rng(5)
    x = rng.random((23, 2))
    usual = 3.0 * ((x[:20] - 0.4) ** 2).sum(1) + 0.05 * rng.standard_normal(20)
    y = np.concatenate([usual, [20.0, 1e6, np.inf]])
    known = np.ones((1, len(y)), dtype=bool)
    policy, older = trained.policy, load_policy("memory-posterior")
    assert isinstance(policy, MemoryPolicy) and isinstance(older.policy, MemoryPolicy)
    seen = {
        "zscore-1": encode(y[None], known, np.zeros((1, 1))),
        "warped-1": older.policy.encoded(older.params, x[None], y[None], known, known).z,
        "robust-1": policy.encoded(trained.params, x[None], y[None], known, known).z,
    }
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.0), layout="constrained")
    spread = rng.uniform(-0.16, 0.16, len(y))
    for k, z in enumerate(seen.values()):
        left.scatter(k + spread[:20], z[0, :20], s=26, color=BLUE, alpha=0.8, linewidth=0)
        left.scatter(k + spread[20:], z[0, 20:], s=34, color=RED, marker="D", linewidth=0)
    left.set_xticks(range(3), seen)
    left.set(xlim=(-0.5, 2.5), ylabel="encoded objective z", title="What the policy sees")
    dots: dict[str, Any] = {"linestyle": "", "marker": "o", "markersize": 5}
    left.plot([], color=BLUE, label="20 results of usual size", **dots)
    left.plot([], color=RED, label="20, one million and infinity", **dots | {"marker": "D"})
    left.legend(loc="center left", fontsize=9, frameon=False)

    line = np.linspace(usual.min() - 0.05, 6.0, 400)
    encoder = policy.encoder(trained.params, x[None], y[None], known)
    right.plot(line, encoder(line[None])[0], color=INK, lw=1.6)
    right.scatter(usual, seen["robust-1"][0, :20], s=26, color=BLUE, zorder=3)
    right.annotate(
        "20, one million and infinity",
        (6.0, seen["robust-1"][0, 20]),
        (3.0, 0.7),
        color=RED,
        fontsize=9,
        arrowprops={"arrowstyle": "->", "color": RED},
    )
    right.set(xlabel="objective y", ylabel="z by robust-1", title="The map of robust-1 here")
    for axes in (left, right):
        axes.title.set_fontsize(10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#e3e6e9", lw=0.7)
        axes.set_axisbelow(True)
    figure.savefig(HERE / "encoding.png", dpi=110)
    plt.close(figure)


def main() -> None:
    """Draw both pictures beside this file."""
    trained = load_policy("memory-posterior-2")
    draw_belief(trained)
    draw_encoding(trained)
    print("belief.png and encoding.png are drawn")


if __name__ == "__main__":
    main()
