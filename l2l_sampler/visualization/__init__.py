"""Plots of an `Explanation` by plotly, in the manner of `optuna.visualization`.

The same by matplotlib are in `l2l_sampler.visualization.matplotlib`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from l2l_sampler.explanation.explanation import Effect, Explanation
from l2l_sampler.visualization.choosing import chosen, needs

if TYPE_CHECKING:
    import plotly.graph_objects as go

_WIDTH, _HEIGHT = 320, 300
"""Pixels of one panel."""


def plot_effects(explanation: Explanation, title: str | None = None, most: int = 6) -> go.Figure:
    """Effects of the most relevant parameters on one quantity.

    A line is the mean over all other parameters, the band one posterior deviation, and the dotted
    line is what holds with all others as in the best trial.

    Args:
        explanation: what `explain` returned.
        title: of the quantity, such as "objective" or "chance of a value"; the first if None.
        most: parameters at most.

    Raises:
        ImportError: plotly is not installed.
        ValueError: there is no such quantity, or `most` is below 1.
    """
    needs("plotly")
    from plotly.subplots import make_subplots

    reading = chosen(explanation, title)
    effects = reading.by_relevance()[:most]
    columns = min(3, len(effects))
    rows = -(-len(effects) // columns)
    names = [f"{effect.name} ({effect.total:.0%})" for effect in effects]
    figure = make_subplots(rows, columns, subplot_titles=names, shared_yaxes="all")
    for k, effect in enumerate(effects):
        place = {"row": k // columns + 1, "col": k % columns + 1}
        for trace in _traces(effect, legend=k == 0):
            figure.add_trace(trace, **place)
        if effect.scale == "log":
            figure.update_xaxes(type="log", **place)
        if place["col"] == 1:
            figure.update_yaxes(title_text=reading.title, **place)
    figure.update_layout(
        width=_WIDTH * columns + 160,
        height=_HEIGHT * rows + 80,
        title_text=f"Effects on: {reading.title}",
    )
    return figure


def plot_relevance(explanation: Explanation, title: str | None = None) -> go.Figure:
    """How relevant each parameter is to one quantity, alone and with interactions.

    Args:
        explanation: what `explain` returned.
        title: of the quantity; the first if None.

    Raises:
        ImportError: plotly is not installed.
        ValueError: there is no such quantity.
    """
    needs("plotly")
    import plotly.graph_objects as go

    reading = chosen(explanation, title)
    effects = reading.by_relevance()[::-1]
    names = [effect.name for effect in effects]
    return go.Figure(
        [
            go.Bar(y=names, x=[e.relevance for e in effects], name="alone", orientation="h"),
            go.Bar(
                y=names, x=[e.total for e in effects], name="with interactions", orientation="h"
            ),
        ],
        {
            "title": f"Relevance to: {reading.title}",
            "xaxis": {"title": "share of the variance over the space", "tickformat": ".0%"},
            "height": 40 * len(effects) + 200,
        },
    )


def _traces(effect: Effect, *, legend: bool) -> list[go.Scatter | go.Bar]:
    """What a panel shows."""
    import plotly.graph_objects as go

    if effect.scale == "choice":
        spread = {"type": "data", "array": effect.high - effect.mean, "symmetric": False}
        spread["arrayminus"] = effect.mean - effect.low
        names = [str(value) for value in effect.values]
        return [
            go.Scatter(
                x=names,
                y=effect.mean,
                error_y=spread,
                mode="markers",
                marker={"color": "#1f77b4", "size": 10},
                name="mean",
                showlegend=False,
            ),
            go.Scatter(
                x=names,
                y=effect.at_best,
                mode="markers",
                marker={"color": "#d62728", "symbol": "x"},
                name="others as in the best trial",
                showlegend=False,
            ),
        ]
    x = list(effect.values)
    return [
        go.Scatter(
            x=[*x, *x[::-1]],
            y=[*effect.high, *effect.low[::-1]],
            fill="toself",
            fillcolor="rgba(31, 119, 180, 0.2)",
            line={"width": 0},
            name="one deviation",
            hoverinfo="skip",
            showlegend=legend,
        ),
        go.Scatter(x=x, y=effect.mean, line={"color": "#1f77b4"}, name="mean", showlegend=legend),
        go.Scatter(
            x=x,
            y=effect.at_best,
            line={"color": "#d62728", "dash": "dot"},
            name="others as in the best trial",
            showlegend=legend,
        ),
    ]
