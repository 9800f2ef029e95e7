"""Means of methods on held-out functions as a figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from hpo_benchmarks.report.labels import in_order, style_of


def draw_means(rows: Iterable[Mapping[str, Any]], picture: Path) -> None:
    """Draw mean best values by trial, one panel a prior and dimension.

    Args:
        rows: results as `held_out.compare.run` returns them.
        picture: PNG file to write.
    """
    panels: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        panels.setdefault(f"{row['prior']}, d = {row['dim']}", {})[row["method"]] = row["mean"]
    names = in_order(name for curves in panels.values() for name in curves)
    figure = Figure(figsize=(max(6.4, 3.6 * len(panels)), 3.8), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    handles = {}
    for axes, (title, curves) in zip(grid, panels.items(), strict=True):
        for name in in_order(curves):
            style = style_of(name, names)
            steps = range(1, 1 + len(curves[name]))
            (handles[name],) = axes.plot(
                steps, curves[name], style.dash, color=style.colour, lw=1.2
            )
        axes.set(title=title, xlabel="trials")
        axes.grid(alpha=0.25)
    grid[0].set(ylabel="mean best value")
    figure.legend(
        [handles[name] for name in names],
        [style_of(name, names).label for name in names],
        loc="outside lower center",
        ncols=min(5, 2 * len(panels) + 1),
        fontsize=8,
    )
    figure.savefig(picture, dpi=120)
