"""Pictures of a training run, and of methods on held-out functions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from train.jsonl import read_lines

_COLOURS = [f"C{i}" for i in range(10) if i != 7]  # C7 is grey, as is random search


def draw_curves(log: Path, picture: Path) -> None:
    """Draw the log of a run: what it minimises, and regret by trial for every dimension.

    Args:
        log: JSON lines written by `fit`.
        picture: PNG file to write.
    """
    lines = [json.loads(line) for line in read_lines(log)]
    dims = list(lines[-1]["mean_best"])
    figure = Figure(figsize=(3.4 * (1 + len(dims)), 3.2), layout="constrained")
    panels = figure.subplots(1, 1 + len(dims), squeeze=False)
    minutes = [line["minutes"] for line in lines]
    first = panels[0][0]
    for name in lines[-1]["training"]:
        values = [line["training"][name] for line in lines]
        first.plot(minutes, values, label=name.replace("_ei", " EI"))
    first.set(xlabel="minutes", title="training")
    first.legend(frameon=False)
    for panel, dim in zip(panels[0][1:], dims, strict=True):
        curves = lines[-1]["mean_best"][dim]
        trials = range(1, 1 + len(curves["policy"]))
        early = lines[0]["mean_best"][dim]["policy"]
        panel.plot(trials, early, color="tab:blue", alpha=0.35, label="policy, first interval")
        panel.plot(trials, curves["policy"], color="tab:blue", label="policy")
        panel.plot(trials, curves["random"], color="0.6", label="random search")
        if "oracle" in curves:
            panel.plot(trials, curves["oracle"], color="0.2", ls="--", label="GP-EI, true kernel")
        panel.set(xlabel="trials", title=f"mean best value, d = {dim}")
    panels[0][-1].legend(frameon=False)
    figure.savefig(picture, dpi=120)


def draw_means(rows: Iterable[Mapping[str, Any]], picture: Path, *, first: int = 1) -> None:
    """Draw mean best values by trial, one panel a prior and dimension.

    Args:
        rows: results as `held_out.run` returns them.
        picture: PNG file to write.
        first: trial from which on they are drawn; on a logarithmic axis if it is a later one.
    """
    panels: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        panels.setdefault(f"{row['prior']}, d = {row['dim']}", {})[row["method"]] = row["mean"]
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    plain = {"random": "0.6", "random search": "0.6", "oracle": "0.1", "standard": "black"}
    others = [name for name in names if name not in plain]
    count = len(_COLOURS)
    colours = plain | {name: _COLOURS[i % count] for i, name in enumerate(others)}
    styles = {name: "-" if i < count else ":" for i, name in enumerate(others)}
    styles |= dict.fromkeys(plain, "--") | {"standard": "-"}
    figure = Figure(figsize=(3.6 * len(panels), 3.8), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False)
    for axes, (title, curves) in zip(grid[0], panels.items(), strict=True):
        for name, curve in curves.items():
            steps, values = range(first, 1 + len(curve)), curve[first - 1 :]
            axes.plot(steps, values, styles[name], color=colours[name], lw=1.2)
        axes.set(title=title, xlabel="trials", xscale="log" if first > 1 else "linear")
        axes.grid(alpha=0.25, which="both")
    grid[0][0].set(ylabel="mean best value")
    lines = [Line2D([], [], color=colours[name], ls=styles[name]) for name in names]
    figure.legend(lines, names, loc="outside lower center", ncols=len(panels) + 1, fontsize=8)
    figure.savefig(picture, dpi=120)
