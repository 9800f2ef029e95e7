"""One self-contained HTML page with interactive curves (plotly's script inside)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import plotly.graph_objects as go

from hpo_benchmarks.report.figures import colour_of, in_order, label_of, mean_and_interval
from hpo_benchmarks.report.scores import Runs, kind_of, runs_of
from hpo_benchmarks.runner import Row

STYLE = """
body { font-family: system-ui, sans-serif; margin: 2rem auto; max-width: 1100px; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2rem } p { max-width: 46rem }
"""


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
    return go.Scatter(
        x=np.arange(1, len(mean) + 1).tolist(),
        y=[float(f"{value:.5g}") for value in mean],
        customdata=None if half is None else [float(f"{value:.2g}") for value in half],
        hovertemplate="%{y:.4g}" + ("" if half is None else " ± %{customdata:.2g}"),
        name=label_of(name),
        mode="lines",
        line={"color": colour_of(name, names), "width": 3.5 if name == "memory" else 1.8},
    )


def regret_chart(regrets: Runs, names: list[str]) -> go.Figure:
    """Mean normalised regret by trial, on one kind of problem at a time."""
    by_kind: dict[str, list[dict[str, np.ndarray]]] = {}
    for problem, methods in regrets.items():
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
        for problem, methods in runs_of(rows).items()
    }
    return _with_choice(charts, "best value, mean over seeds", log=False)


def write_page(rows: list[Row], regrets: Runs, path: Path) -> None:
    """Write the page.

    Args:
        rows: successful rows.
        regrets: their normalised regrets.
        path: the .html file.
    """
    names = in_order(row["method"] for row in rows)
    charts = [regret_chart(regrets, names), problem_chart(rows, names)]
    first, second = (
        chart.to_html(full_html=False, include_plotlyjs=i == 0) for i, chart in enumerate(charts)
    )
    path.write_text(
        f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Benchmarks of l2l-sampler</title>
<link rel="icon" href="data:,"><style>{STYLE}</style></head>
<body>
<h1>Learned optimizers beside today's samplers</h1>
<p>Click a name in a legend to hide it, double-click to see it alone. Lists at the top left choose
the problems. Methods that cannot run all problems of a kind are not in its mean.</p>
<h2>Normalised regret by kind of problem (1 is a first random trial, 0 the optimum)</h2>
{first}
<h2>Best value by problem</h2>
{second}
</body>
</html>
""",
        encoding="utf-8",
    )
