"""One HTML page with interactive curves; plotly's script comes from its public server."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from hpo_benchmarks.report.groups import kind_of
from hpo_benchmarks.report.labels import in_order, style_of
from hpo_benchmarks.report.scores import (
    Runs,
    common_seeds,
    curves_of,
    select,
    well_seeded,
)
from hpo_benchmarks.rows import Row

DASHES = {"-": "solid", "--": "dash", ":": "dot", "-.": "dashdot"}
STYLE = """
body { font-family: system-ui, sans-serif; margin: 2rem auto; max-width: 1100px; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2rem } p { max-width: 46rem }
"""


def mean_and_interval(curves: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(T,) mean over seeds and (T,) half width of its 95 % confidence interval."""
    table = np.array(list(curves))
    spread = table.std(axis=0, ddof=1) if len(table) > 1 else np.zeros(table.shape[1])
    return table.mean(axis=0), 1.96 * spread / np.sqrt(len(table))


def _with_choice(charts: dict[str, list[go.Scatter]], ylabel: str, log: bool) -> go.Figure:
    """One figure with a drop-down list that shows the traces of one title at a time."""
    figure = go.Figure()
    owner = [title for title, traces in charts.items() for _ in traces]
    first = next(iter(charts))
    for title, traces in charts.items():
        for trace in traces:
            trace.visible = title == first
            figure.add_trace(trace)
    buttons = [
        {"label": title, "method": "restyle", "args": ["visible", [o == title for o in owner]]}
        for title in charts
    ]
    figure.update_layout(
        updatemenus=[{"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.18}],
        xaxis_title="trials",
        yaxis_title=ylabel,
        yaxis_type="log" if log else "linear",
        template="plotly_white",
        hovermode="x unified",
        height=520,
    )
    return figure


def _line(name: str, names: list[str], mean: np.ndarray, half: np.ndarray | None) -> go.Scatter:
    style = style_of(name, names)
    return go.Scatter(
        x=np.arange(1, len(mean) + 1).tolist(),
        y=[float(f"{value:.5g}") for value in mean],
        customdata=None if half is None else [float(f"{value:.2g}") for value in half],
        hovertemplate="%{y:.4g}" + ("" if half is None else " ± %{customdata:.2g}"),
        name=style.label,
        mode="lines",
        line={
            "color": style.colour,
            "width": 3.5 if name == "memory" else 1.8,
            "dash": DASHES[style.dash],
        },
    )


def on_common_seeds(runs: Runs) -> Runs:
    """Every problem with its methods of many seeds, on the seeds that these have in common."""
    names = well_seeded(runs)
    chosen = {}
    for problem, methods in select(runs, runs, names).items():
        seeds = common_seeds(methods) if methods else []
        chosen[problem] = {
            name: {seed: curves[seed] for seed in seeds}
            for name, curves in methods.items()
            if seeds
        }
    return chosen


def regret_chart(regrets: Runs, names: list[str]) -> go.Figure:
    """Mean normalised regret by trial, on one kind of problem at a time."""
    by_kind: dict[str, list[dict[str, np.ndarray]]] = {}
    for problem, methods in on_common_seeds(regrets).items():
        means = {name: np.mean(list(seeds.values()), axis=0) for name, seeds in methods.items()}
        by_kind.setdefault(kind_of(problem), []).append(means)
    charts = {
        f"{kind} ({len(problems)})": [
            _line(name, names, np.mean([means[name] for means in problems], axis=0), None)
            for name in names
            if all(name in means for means in problems)
        ]
        for kind, problems in by_kind.items()
    }
    return _with_choice(charts, "normalised regret", log=True)


def problem_chart(rows: list[Row], names: list[str]) -> go.Figure:
    """Best value by trial, of one problem at a time."""
    charts = {
        problem: [
            _line(name, names, *mean_and_interval(methods[name].values()))
            for name in names
            if name in methods
        ]
        for problem, methods in on_common_seeds(curves_of(rows)).items()
    }
    return _with_choice(charts, "best value, mean over seeds", log=False)


def write_page(
    rows: list[Row], regrets: Runs, path: Path, *, plotly: Literal["cdn"] | bool = "cdn"
) -> None:
    """Write the page.

    Args:
        rows: successful rows.
        regrets: their normalised regrets.
        path: the .html file.
        plotly: where its script is: on its public server, or True to write it into the page.
    """
    names = in_order(row.method for row in rows)
    charts = [regret_chart(regrets, names), problem_chart(rows, names)]
    first, second = (
        chart.to_html(full_html=False, include_plotlyjs=i == 0 and plotly, div_id=f"chart-{i}")
        for i, chart in enumerate(charts)
    )
    path.write_text(
        f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Benchmarks of l2l-sampler</title>
<link rel="icon" href="data:,"><style>{STYLE}</style></head>
<body>
<h1>Learned optimizers beside today's samplers</h1>
<p>Click a name in a legend to hide it, double-click to see it alone. Lists at the top left choose
the problems. Means are over the seeds that all methods have; a method of few seeds, or one that
cannot run all problems of a kind, is not in them.</p>
<h2>Normalised regret by kind of problem (1 is a first random trial, 0 the optimum)</h2>
{first}
<h2>Best value by problem</h2>
{second}
</body>
</html>
""",
        encoding="utf-8",
    )
