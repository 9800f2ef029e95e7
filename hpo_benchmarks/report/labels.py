"""How every figure and table names and draws a method: one name, colour and dash each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """A method's name for readers, its colour, and the dash of its lines."""

    label: str
    colour: str
    dash: str = "-"


# In the order of legends and tables. A colour tells the kind of a recurrent policy, a dash its
# loss, so that eight of them can share a figure.
_LSTM, _DNC = "#17becf", "#8e2f7a"
_LOSSES = {"oi": "-", "ei": "--", "sum": ":", "parallel": "-."}
STYLES = {
    "memory": Style("memory (ours)", "#d62728"),
    "memory-told": Style("memory, told the space (ours)", "#d62728", "-."),
    "memory-kernel": Style("memory-kernel (ours)", "#e377c2"),
    **{
        f"{kind}-{loss}": Style(f"{kind}-{loss} (ours)", colour, dash)
        for kind, colour in (("lstm", _LSTM), ("dnc", _DNC))
        for loss, dash in _LOSSES.items()
    },
    "memory-alone": Style("memory, told nothing", "#d62728", "--"),
    "memory-enqueued": Style("memory, best enqueued", "#d62728", ":"),
    "gp": Style("Optuna GPSampler", "#1f77b4"),
    "gp-enqueued": Style("GPSampler, best enqueued", "#1f77b4", ":"),
    "smac": Style("SMAC3", "#2ca02c"),
    "ax": Style("Ax (BoTorch)", "#1f77b4", "--"),
    "tpe": Style("Optuna TPE", "#ff7f0e"),
    "tpe-enqueued": Style("TPE, best enqueued", "#ff7f0e", ":"),
    "tpe-group": Style("Optuna TPE, group", "#bcbd22"),
    "cmaes": Style("Optuna CMA-ES", "#9467bd"),
    "nsga2": Style("Optuna NSGA-II", "#17becf"),
    "sobol": Style("Sobol sequence", "#8c564b"),
    "random": Style("random search", "#7f7f7f", "--"),
    "gp-ei-true": Style("GP-EI, true kernel", "#000000"),
    "oracle": Style("GP-EI, true process", "#000000", "--"),
}
PEERS = (
    "gp",
    "gp-enqueued",
    "smac",
    "ax",
    "tpe",
    "tpe-enqueued",
    "tpe-group",
    "cmaes",
    "nsga2",
    "sobol",
    "random",
    "gp-ei-true",
    "oracle",
)
"""Methods that are not ours."""
OTHERS = ("#f7b6d2", "#c49c94", "#9edae5", "#dbdb8d", "#c5b0d5", "#ff9896")
"""Colours of policies that have none of their own, such as a user's."""


def style_of(method: str, methods: Collection[str] = ()) -> Style:
    """The method's style; among `methods`, those without one share out a palette."""
    if method in STYLES:
        return STYLES[method]
    others = sorted({name for name in [*methods, method] if name not in STYLES})
    return Style(f"{method} (ours)", OTHERS[others.index(method) % len(OTHERS)])


def label_of(method: str) -> str:
    """The method's name for readers."""
    return style_of(method).label


def span_of(counts: Iterable[int], to: str = " to ") -> str:
    """The least and the greatest of the counts: `10`, or `10 to 20`; `0` of none."""
    found = set(counts) or {0}
    return to.join(map(str, sorted({min(found), max(found)})))


def in_order(methods: Iterable[str]) -> list[str]:
    """Methods in the order of legends: the default policy, other policies, then the peers."""
    order = list(STYLES)
    first_peer = order.index(PEERS[0])
    return sorted(
        set(methods),
        key=lambda name: (order.index(name) if name in order else first_peer - 0.5, name),
    )
