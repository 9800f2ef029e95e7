"""The paper's figures redrawn from rows, as PNG files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from hpo_benchmarks.problems import control, functions
from hpo_benchmarks.report.scores import Runs, over_problems, problem_of, select
from hpo_benchmarks.runner import Row

# name in rows -> name for readers, colour; in the order of legends and tables.
LABELS = {
    "memory": ("memory (ours)", "#d62728"),
    "lstm-oi": ("lstm-oi (ours)", "#17becf"),
    "lstm-ei": ("lstm-ei (ours)", "#0b6b75"),
    "dnc-oi": ("dnc-oi (ours)", "#e377c2"),
    "dnc-ei": ("dnc-ei (ours)", "#8e2f7a"),
    "gp": ("Optuna GPSampler", "#1f77b4"),
    "smac": ("SMAC3", "#2ca02c"),
    "tpe": ("Optuna TPE", "#ff7f0e"),
    "cmaes": ("Optuna CMA-ES", "#9467bd"),
    "sobol": ("Sobol sequence", "#8c564b"),
    "random": ("random search", "#7f7f7f"),
    "gp-ei-true": ("GP-EI, true kernel", "#000000"),
}
LOWEST = 1e-4  # regret that a logarithmic axis still shows
OTHERS = matplotlib.color_sequences["tab20b"]  # shipped policies without a colour of their own


def label_of(method: str) -> str:
    """The method's name for readers."""
    return LABELS[method][0] if method in LABELS else f"{method} (ours)"


def in_order(methods: Iterable[str]) -> list[str]:
    """Methods in the order of legends: the default policy, other policies, then the peers."""
    order = [*LABELS]
    return sorted(
        set(methods), key=lambda name: (order.index(name) if name in order else 0.5, name)
    )


def colour_of(method: str, methods: Iterable[str]) -> Any:
    """The method's colour; policies without a fixed one share out a palette."""
    if method in LABELS:
        return LABELS[method][1]
    others = sorted(name for name in set(methods) if name not in LABELS)
    return matplotlib.colors.to_hex(OTHERS[others.index(method) % len(OTHERS)])


def mean_and_interval(curves: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(T,) mean over seeds and (T,) half width of its 95 % confidence interval."""
    table = np.array(list(curves))
    spread = table.std(axis=0, ddof=1) if len(table) > 1 else np.zeros(table.shape[1])
    return table.mean(axis=0), 1.96 * spread / np.sqrt(len(table))


def _draw_curves(axes: Any, methods: dict[str, dict[int, np.ndarray]], names: list[str]) -> None:
    lowest = np.inf
    for name in in_order(methods):
        mean, half = mean_and_interval(methods[name].values())
        lowest = min(lowest, float(mean[-1]))
        step = np.arange(1, len(mean) + 1)
        colour = colour_of(name, names)
        width = 2.2 if name == "memory" else 1.2
        axes.plot(step, mean, color=colour, linewidth=width, label=label_of(name))
        low, high = np.maximum(mean - half, LOWEST), np.maximum(mean + half, LOWEST)
        axes.fill_between(step, low, high, color=colour, alpha=0.12, linewidth=0)
    decade = 10 ** np.floor(np.log10(max(lowest, LOWEST)))
    axes.set(xlabel="trials", yscale="log", ylim=(decade, 1.5))
    axes.grid(alpha=0.25)


def _panels(
    path: Path,
    titles: Sequence[str],
    draw: Callable[[Any, int], None],
    *,
    columns: int = 4,
    ylabel: str = "normalised regret",
) -> None:
    """A row or grid of panels with one legend below."""
    columns = min(columns, len(titles))
    rows = -(-len(titles) // columns)
    width = max(6.4, 4.0 * columns)  # room for the legend below a single panel
    figure = Figure(figsize=(width, 3.3 * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).flat
    handles: dict[str, Any] = {}
    for i, axes in enumerate(grid):
        if i >= len(titles):
            axes.set_visible(False)
            continue
        draw(axes, i)
        axes.set(title=titles[i])
        if i % columns == 0:
            axes.set(ylabel=ylabel)
        found, labels = axes.get_legend_handles_labels()
        handles.update(zip(labels, found, strict=True))
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
    regrets: Runs, problems: Sequence[str], methods: Sequence[str], path: Path
) -> None:
    """Regret by trial, one panel a problem (figures 3, 5 left, 6 right and 7).

    The paper draws best values. Regret has the optimum of each seed's instance taken out, so
    that methods with fewer seeds than others compare.

    Args:
        regrets: normalised regrets.
        problems: those to draw as far as there are rows.
        methods: those to draw.
        path: the .png file.
    """
    chosen = {name: runs for name, runs in select(regrets, problems, methods).items() if runs}
    found = [problem for problem in problems if problem in chosen]
    names = in_order(methods)

    def draw(axes: Any, i: int) -> None:
        _draw_curves(axes, chosen[found[i]], names)

    _panels(path, [problem.split("/")[1] for problem in found], draw)


def draw_by_time(
    regrets: Runs, clocks: Runs, problems: Sequence[str], methods: Sequence[str], path: Path
) -> None:
    """Regret by seconds spent in the optimizer until then (figure 5, right)."""
    found = [problem for problem in problems if problem in regrets]
    chosen = select(regrets, found, methods)
    names = in_order(methods)

    def draw(axes: Any, i: int) -> None:
        curves = chosen[found[i]]
        for name in in_order(curves):
            mean, _ = mean_and_interval(curves[name].values())
            seconds, _ = mean_and_interval(clocks[found[i]][name].values())
            axes.plot(seconds, mean, color=colour_of(name, names), label=label_of(name))
        axes.set(xscale="log", yscale="log", xlabel="seconds in the optimizer")
        axes.grid(alpha=0.25)

    _panels(path, [problem.split("/")[1] for problem in found], draw, columns=2)


def draw_queries(rows: list[Row], path: Path, *, seed: int = 0, steps: int = 50) -> None:
    """The queries of each method on one function of one variable (figure 4)."""
    found = {
        row["method"]: row["queries"][:steps]
        for row in rows
        if problem_of(row) == "paper/gp-1d" and row["seed"] == seed
    }
    names = in_order(found)
    grid = np.linspace(0, 1, 400)
    height = functions.gp_draw(1, seed)(grid[:, None])

    def draw(axes: Any, i: int) -> None:
        twin = axes.twinx()
        twin.plot(grid, height, color="tab:blue", linewidth=1)
        twin.set(yticks=[])
        queries = found[names[i]]
        axes.plot(queries, np.arange(1, len(queries) + 1), ".-", color="tab:red", linewidth=0.6)
        axes.set(xlim=(0, 1), xlabel="x")

    _panels(path, [label_of(name) for name in names], draw, ylabel="trial")


def draw_best_control(rows: list[Row], path: Path) -> None:
    """The trajectory of the best controller found (figure 6, left)."""
    found = [row for row in rows if problem_of(row) == "control/repellers"]
    best = min(found, key=lambda row: row["curve"][-1])
    control.draw_trajectory(control.controller(best["best_params"], best["seed"]), path)


def draw_overview(
    regrets: Runs, milliseconds: dict[str, float], t: int, path: Path, *, suites: str
) -> None:
    """Mean normalised regret by trial, and after t trials against the time a trial takes."""
    names = in_order(name for methods in regrets.values() for name in methods)
    averages: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for methods in regrets.values():
        for name, seeds in methods.items():
            averages[name].append(np.mean(list(seeds.values()), axis=0))
    last = {name: {i: c[t - 1] for i, c in enumerate(curves)} for name, curves in averages.items()}
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name in names:
        mean = np.mean(averages[name], axis=0)
        colour, width = colour_of(name, names), 2.4 if name == "memory" else 1.3
        left.plot(np.arange(1, len(mean) + 1), mean, color=colour, lw=width, label=label_of(name))
        spread = over_problems({str(i): {name: value} for i, value in last[name].items()})[name]
        error = [[spread.mean - spread.low], [spread.high - spread.mean]]
        right.errorbar(
            milliseconds[name], spread.mean, yerr=error, fmt="o", color=colour, capsize=3
        )
        right.annotate(
            label_of(name),
            (milliseconds[name], spread.mean),
            xytext=(6, 4),
            textcoords="offset points",
            fontsize=8,
        )
    left.set(yscale="log", xlabel="trials", ylabel="normalised regret")
    left.set_title(f"{len(regrets)} problems of {suites}", fontsize=10)
    left.legend(fontsize=8)
    right.set(xscale="log", yscale="log", xlabel="milliseconds a trial in the optimizer")
    right.set_title(f"regret after {t} trials, 95 % interval over problems", fontsize=10)
    for axes in (left, right):
        axes.grid(alpha=0.25, which="both")
    figure.savefig(path, dpi=120)
