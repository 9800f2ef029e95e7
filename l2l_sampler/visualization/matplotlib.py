"""Plots of an `Explanation` by matplotlib, the twins of those in `l2l_sampler.visualization`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from l2l_sampler.explanation.explanation import Effect, Explanation
from l2l_sampler.visualization.choosing import chosen, needs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MEAN, _BEST = "#1f77b4", "#d62728"


def plot_effects(explanation: Explanation, title: str | None = None, most: int = 6) -> Figure:
    """Effects of the most relevant parameters on one quantity.

    A line is the mean over all other parameters, the band one posterior deviation, and the dotted
    line is what holds with all others as in the best trial.

    Args:
        explanation: what `explain` returned.
        title: of the quantity, such as "objective" or "chance of a value"; the first if None.
        most: parameters at most.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: there is no such quantity.
    """
    needs("matplotlib")
    from matplotlib import pyplot as plt

    reading = chosen(explanation, title)
    effects = reading.by_relevance()[:most]
    columns = min(3, len(effects))
    rows = -(-len(effects) // columns)
    figure: Figure
    figure, panels = plt.subplots(
        rows,
        columns,
        figsize=(3.2 * columns, 2.7 * rows),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for effect, axes in zip(effects, panels.ravel(), strict=False):
        _draw(effect, axes)
    for axes in panels.ravel()[len(effects) :]:
        axes.set_visible(False)
    for axes in panels[:, 0]:
        axes.set_ylabel(reading.title)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def plot_relevance(explanation: Explanation, title: str | None = None) -> Figure:
    """How relevant each parameter is to one quantity, alone and with interactions.

    Args:
        explanation: what `explain` returned.
        title: of the quantity; the first if None.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: there is no such quantity.
    """
    needs("matplotlib")
    from matplotlib import pyplot as plt

    reading = chosen(explanation, title)
    effects = reading.by_relevance()[::-1]
    figure: Figure
    figure, axes = plt.subplots(figsize=(6.0, 1.2 + 0.35 * len(effects)), layout="constrained")
    place = np.arange(len(effects))
    axes.barh(
        place + 0.2, [e.total for e in effects], 0.4, color="#aec7e8", label="with interactions"
    )
    axes.barh(place - 0.2, [e.relevance for e in effects], 0.4, color=_MEAN, label="alone")
    axes.set_yticks(place, [effect.name for effect in effects])
    axes.set_xlim(0.0, 1.0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel(f"share of the variance of the {reading.title} over the space")
    axes.legend(frameon=False)
    return figure


def _draw(effect: Effect, axes: Axes) -> None:
    """One panel."""
    from matplotlib.ticker import NullFormatter

    if effect.scale == "choice":
        x = np.arange(len(effect.values))
        spread = np.stack([effect.mean - effect.low, effect.high - effect.mean])
        axes.errorbar(x, effect.mean, spread, fmt="o", color=_MEAN, capsize=4, label="mean")
        axes.plot(x, effect.at_best, "x", color=_BEST, label="others as in the best trial")
        axes.set_xticks(x, [str(value) for value in effect.values])
        axes.set_xlim(-0.5, len(x) - 0.5)
    else:
        values = np.array(effect.values, dtype=float)
        axes.fill_between(values, effect.low, effect.high, color=_MEAN, alpha=0.2, lw=0)
        axes.plot(values, effect.mean, color=_MEAN, label="mean")
        axes.plot(values, effect.at_best, ":", color=_BEST, label="others as in the best trial")
        if effect.scale == "log":
            axes.set_xscale("log")
            axes.xaxis.set_minor_formatter(NullFormatter())
            if values[-1] < 100.0 * values[0]:  # too few powers of ten to read it by
                axes.set_xticks([values[0], np.sqrt(values[0] * values[-1]), values[-1]])
                axes.xaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
    axes.set_title(f"{effect.name} ({effect.total:.0%})", fontsize="medium")
