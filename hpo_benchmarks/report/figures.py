"""Figures of regret as PNG files: medians and quartiles over seeds, one style everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from hpo_benchmarks.problems import control, functions
from hpo_benchmarks.report.labels import in_order, label_of, span_of, style_of
from hpo_benchmarks.report.scores import (
    Curves,
    Runs,
    common_seeds,
    mean_over_families,
    over_problems,
    select,
)
from hpo_benchmarks.rows import Row

LOWEST = 1e-4  # Regret below this is drawn as this, so that a logarithmic axis stays readable.
BANDED = ("memory", "gp", "tpe")
"""Methods whose quartiles are shaded; more than three bands hide each other."""


def median_and_quartiles(curves: Iterable[np.ndarray]) -> np.ndarray:
    """(3, T) lower quartile, median and upper quartile over seeds."""
    return np.quantile(np.array(list(curves)), [0.25, 0.5, 0.75], axis=0)


def _plain() -> FuncFormatter:
    """Ticks as 0.01 in place of a power of ten."""
    return FuncFormatter(lambda value, _: f"{value:g}")


def _logarithmic(axes: Any) -> None:
    """A logarithmic axis of y with plain numbers: decades, or 1, 2 and 5 if it spans few."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    subs = (1.0, 2.0, 5.0) if high < 30 * low else (1.0,)
    axes.yaxis.set_major_locator(LogLocator(subs=subs))
    axes.yaxis.set_major_formatter(_plain())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.25)


def _draw_curves(axes: Any, methods: dict[str, Curves], names: list[str]) -> float:
    """Draw the methods' medians and some bands; returns the lowest value drawn."""
    lowest = 1.0
    for name in in_order(methods):
        low, middle, high = np.maximum(median_and_quartiles(methods[name].values()), LOWEST)
        style, step = style_of(name, names), np.arange(1, len(middle) + 1)
        width = 2.2 if name == "memory" else 1.2
        axes.plot(step, middle, style.dash, color=style.colour, lw=width, label=style.label)
        if name in BANDED:
            axes.fill_between(step, low, high, color=style.colour, alpha=0.12, linewidth=0)
        lowest = min(lowest, float(middle[-1]))
    axes.set(xlabel="trials")
    return lowest


def _panels(
    path: Path,
    titles: Sequence[str],
    draw: Callable[[Any, int], float | None],
    *,
    columns: int,
    ylabel: str = "normalised regret",
) -> None:
    """A grid of panels with one legend below; rows share their range where `draw` gives a low."""
    columns = min(columns, len(titles))
    rows = -(-len(titles) // columns)
    width = max(6.4, 4.0 * columns)  # room for the legend below a single panel
    figure = Figure(figsize=(width, 3.3 * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    handles: dict[str, Any] = {}
    for row, line in enumerate(grid):
        shown = [(i, axes) for i, axes in enumerate(line, row * columns) if i < len(titles)]
        lows = [low for i, axes in shown if (low := draw(axes, i)) is not None]
        for i, axes in shown:
            axes.set(title=titles[i])
            if lows:
                axes.set(ylim=(max(0.7 * min(lows), LOWEST), 1.5))
                _logarithmic(axes)
            found, labels = axes.get_legend_handles_labels()
            handles.update(zip(labels, found, strict=True))
        shown[0][1].set(ylabel=ylabel)
        for axes in line[len(shown) :]:
            axes.set_visible(False)
    if handles:
        figure.legend(
            handles.values(),
            handles.keys(),
            loc="outside lower center",
            ncols=min(5, len(handles), 2 * columns + 1),
            fontsize=8,
        )
    figure.savefig(path, dpi=110)


def draw_problems(
    regrets: Runs, problems: Sequence[str], methods: Sequence[str], path: Path, *, columns: int = 4
) -> None:
    """Median regret by trial, one panel a problem, with quartiles of some methods.

    The paper draws best values. Regret has the optimum of each seed's instance taken out, so
    that methods with fewer seeds than others compare.

    Args:
        regrets: normalised regrets.
        problems: those to draw as far as there are rows.
        methods: those to draw.
        path: the .png file.
        columns: panels side by side.
    """
    chosen = {name: runs for name, runs in select(regrets, problems, methods).items() if runs}
    found = [problem for problem in problems if problem in chosen]
    names = in_order(methods)
    _panels(
        path,
        [problem.split("/")[1] for problem in found],
        lambda axes, i: _draw_curves(axes, chosen[found[i]], names),
        columns=columns,
    )


def draw_by_time(
    regrets: Runs, clocks: Runs, problems: Sequence[str], methods: Sequence[str], path: Path
) -> None:
    """Median regret by seconds spent in the optimizer until then (figure 5, right)."""
    found = [problem for problem in problems if problem in regrets]
    chosen = select(regrets, found, methods)
    names = in_order(methods)

    def draw(axes: Any, i: int) -> float:
        curves, lowest = chosen[found[i]], 1.0
        for name in in_order(curves):
            middle = np.maximum(median_and_quartiles(curves[name].values())[1], LOWEST)
            seconds = median_and_quartiles(clocks[found[i]][name].values())[1]
            style = style_of(name, names)
            axes.plot(seconds, middle, style.dash, color=style.colour, label=style.label)
            lowest = min(lowest, float(middle[-1]))
        axes.set(xscale="log", xlabel="seconds in the optimizer")
        return lowest

    _panels(path, [problem.split("/")[1] for problem in found], draw, columns=2)


def draw_queries(
    rows: list[Row], methods: Sequence[str], path: Path, *, seed: int = 0, steps: int = 50
) -> None:
    """The queries of each method on one function of one variable (figure 4)."""
    found = {
        row.method: row.queries[:steps]
        for row in rows
        if row.place == "paper/gp-1d" and row.seed == seed and row.method in methods
        if row.queries is not None
    }
    names = in_order(found)
    grid = np.linspace(0, 1, 400)
    height = functions.gp_draw(1, seed)(grid[:, None])

    def draw(axes: Any, i: int) -> None:
        twin = axes.twinx()
        twin.plot(grid, height, color="0.6", linewidth=1)
        twin.set(yticks=[])
        queries = found[names[i]]
        colour = style_of(names[i]).colour
        axes.plot(queries, np.arange(1, len(queries) + 1), ".-", color=colour, linewidth=0.6)
        axes.set(xlim=(0, 1), xlabel="x")

    _panels(path, [label_of(name) for name in names], draw, columns=3, ylabel="trial")


def draw_best_control(rows: list[Row], path: Path) -> None:
    """The trajectory of the best controller found (figure 6, left)."""
    found = [row for row in rows if row.place == "control/repellers" and row.curve]
    best = min(found, key=lambda row: row.curve[-1])
    control.draw_trajectory(control.controller(best.best_params, best.seed), path)


def draw_overview(regrets: Runs, milliseconds: dict[str, float], t: int, path: Path) -> None:
    """Mean normalised regret by trial, and after t trials against the time a trial takes.

    Args:
        regrets: of methods that all ran the same problems and seeds.
        milliseconds: of every method, for a trial.
        t: trials after which the right panel looks.
        path: the .png file.
    """
    names = in_order(name for methods in regrets.values() for name in methods)
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name in names:
        curves = {p: np.mean(list(m[name].values()), axis=0) for p, m in regrets.items()}
        mean, style = mean_over_families(curves), style_of(name, names)
        width = 2.4 if name == "memory" else 1.3
        step = np.arange(1, len(mean) + 1)
        left.plot(step, mean, style.dash, color=style.colour, lw=width, label=style.label)
        last = over_problems({p: {name: c[t - 1]} for p, c in curves.items()})[name]
        error = [[last.mean - last.low], [last.high - last.mean]]
        time = milliseconds[name]
        right.errorbar(time, last.mean, yerr=error, fmt="o", color=style.colour, capsize=3)
    seeds = span_of(len(common_seeds(methods)) for methods in regrets.values())
    left.set(xlabel="trials", ylabel="normalised regret")
    left.set_title(
        f"mean over {len(regrets)} problems and {seeds} seeds that all ran", fontsize=10
    )
    right.set(xscale="log", xlabel="milliseconds a trial in the optimizer")
    right.xaxis.set_major_formatter(_plain())
    right.set_title(f"after {t} trials, 95 % interval over problems", fontsize=10)
    for axes in (left, right):
        _logarithmic(axes)
    figure.legend(loc="outside lower center", ncols=min(6, len(names)), fontsize=8)
    figure.savefig(path, dpi=120)
