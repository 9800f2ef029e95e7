"""Draws the picture of rooms and arrows: `python docs/architecture/draw.py`.

Positions are in inches. A label that leaves its frame is an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text

WIDTH, HEIGHT = 11.0, 8.2
MARGIN = 0.06
"""Inches that a label keeps from its frame."""
INK, RED = "#22303c", "#b03a2e"
COLOURS = {
    "package": "#f4f5f6",
    "frame": "#e6edf3",
    "adapter": "#fde9cf",
    "finding": "#dcefd9",
    "policy": "#d6e4f7",
    "space": "#f7dcdc",
    "ground": "#ececec",
}
LINE = {"arrowstyle": "-|>", "color": INK, "lw": 1.3, "shrinkA": 0, "shrinkB": 0}
DOTTED = LINE | {"linestyle": (0, (2, 2))}


@dataclass(frozen=True)
class Room:
    """A frame with a name and what it holds; `step` is its number in the way of a proposal."""

    name: str
    holds: str
    left: float
    bottom: float
    width: float
    height: float
    colour: str = "package"
    step: str = ""


ROOMS = (
    Room("hpo_benchmarks/", "problems, methods, report,\ntiming, held_out", 0.15, 6.2, 2.3, 1.2),
    Room(
        "train/",
        "fit, ship, the paper's recipes;\nfunctions, memory, recurrent,\nrun, validation",
        0.15,
        3.7,
        2.3,
        1.4,
    ),
    Room("l2l_sampler/", "", 2.95, 0.15, 7.9, 7.9),
    Room("adapters/", "", 3.15, 6.3, 7.5, 1.35, "frame", "1, 6"),
    Room("optuna/", "LearnedSampler,\nwhat a study holds", 3.35, 6.42, 3.45, 0.85, "adapter"),
    Room("ray/", "LearnedSearcher,\nRay's domains, its state", 7.0, 6.42, 3.45, 0.85, "adapter"),
    Room(
        "registry",
        "weights/: a name or a path\nto a trained policy",
        3.15,
        5.0,
        2.1,
        0.95,
        "finding",
        "2",
    ),
    Room("proposal", "the best candidate\nthat is new", 5.55, 5.0, 2.1, 0.95, "finding", "3, 5"),
    Room("checkpoint", "one safetensors file", 3.15, 4.05, 2.1, 0.65, "finding"),
    Room("policies/", "", 3.15, 1.6, 4.5, 2.2, "frame", "4"),
    Room(
        "memory/",
        "reads the table of trials\nat any point of the cube",
        3.35,
        2.5,
        2.0,
        0.9,
        "policy",
    ),
    Room(
        "recurrent/",
        "LSTM and DNC of the\npaper: one result a step",
        5.45,
        2.5,
        2.0,
        0.9,
        "policy",
    ),
    Room(
        "base, trained, nets, gaussian",
        "the interface, and what both families use",
        3.35,
        1.72,
        4.1,
        0.68,
        "policy",
    ),
    Room("spaces/", "", 8.35, 1.6, 2.3, 4.35, "frame"),
    Room("templates", "nested configs", 8.45, 4.92, 2.1, 0.66, "space"),
    Room("inference", "who takes part when,\nlearned from trials", 8.45, 4.1, 2.1, 0.74, "space"),
    Room(
        "conditional",
        "one cube with conditions;\nrestricted: a part of it",
        8.45,
        3.28,
        2.1,
        0.74,
        "space",
    ),
    Room(
        "cube, coordinates",
        "parameters to the unit\ncube and back",
        8.45,
        2.46,
        2.1,
        0.74,
        "space",
    ),
    Room("axes, conditions", "what there is to search", 8.45, 1.7, 2.1, 0.68, "space"),
    Room("", "", 3.15, 0.3, 7.5, 1.0, "frame"),
    Room("history", "trials, minimized", 3.25, 0.42, 1.75, 0.76, "ground"),
    Room("learning_curves", "pruned trials", 5.1, 0.42, 1.75, 0.76, "ground"),
    Room("arrays", "numpy or torch", 6.95, 0.42, 1.75, 0.76, "ground"),
    Room("files", "replaced as a whole", 8.8, 0.42, 1.75, 0.76, "ground"),
)

ARROWS = (
    ((1.3, 6.2), (1.3, 5.1)),  # hpo_benchmarks -> train
    ((2.45, 6.8), (2.95, 6.8)),  # hpo_benchmarks -> l2l_sampler
    ((2.45, 4.4), (2.95, 4.4)),  # train -> l2l_sampler
    ((4.2, 6.3), (4.2, 5.95)),  # adapters -> registry
    ((6.6, 6.3), (6.6, 5.95)),  # adapters -> proposal
    ((9.5, 6.3), (9.5, 5.95)),  # adapters -> spaces
    ((4.2, 5.0), (4.2, 4.7)),  # registry -> checkpoint
    ((4.2, 4.05), (4.2, 3.8)),  # checkpoint -> policies
    ((6.6, 5.0), (6.6, 3.8)),  # proposal -> policies
    ((5.4, 1.6), (5.4, 1.3)),  # policies -> history, arrays
)


def main() -> None:
    """Draw `rooms.svg` beside this file."""
    figure = plt.figure(figsize=(WIDTH, HEIGHT))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, HEIGHT))
    axes.axis("off")
    for room in ROOMS:
        draw(axes, room)
    for start, end in ARROWS:
        axes.annotate("", end, start, arrowprops=LINE)
    axes.annotate("", (8.35, 2.95), (7.65, 2.95), arrowprops=DOTTED)
    axes.annotate("", (0.65, 1.6), (0.15, 1.6), arrowprops=LINE)
    write(axes, 0.8, 1.6, "imports", ha="left")
    write(axes, 5.6, 1.45, "so do adapters, proposal and checkpoint", ha="left")
    axes.annotate("", (0.65, 1.2), (0.15, 1.2), arrowprops=DOTTED)
    write(axes, 0.8, 1.2, "knows as a protocol", ha="left")
    write(axes, 0.4, 0.8, "1, 2", size=11, color=RED)
    write(axes, 0.8, 0.8, "the way of a proposal", ha="left")
    plt.rcParams["svg.hashsalt"] = "rooms"  # The same picture gives the same file.
    target = Path(__file__).with_name("rooms.svg")
    figure.savefig(target, metadata={"Date": None})
    print(f"{target.name} is drawn")


def draw(axes: Axes, room: Room) -> None:
    """A frame with its labels; a frame that holds others has its name at the top.

    Raises:
        ValueError: a label leaves the frame.
    """
    shape = FancyBboxPatch(
        (room.left, room.bottom),
        room.width,
        room.height,
        boxstyle="round,pad=0,rounding_size=0.08",
        facecolor=COLOURS[room.colour],
        edgecolor=INK,
        lw=1.0,
    )
    axes.add_patch(shape)
    x, top = room.left + room.width / 2, room.bottom + room.height
    lines = room.holds.count("\n") + 1 if room.holds else 0
    middle = room.bottom + room.height / 2
    y = top - 0.19 if not lines else middle + 0.09 * lines
    labels = [write(axes, x, y, room.name, size=11, weight="bold", family="monospace")]
    if lines:
        labels.append(write(axes, x, middle - 0.11, room.holds))
    if room.step:
        labels.append(
            write(axes, room.left + 0.2, top - 0.2, room.step, size=11, color=RED, ha="left")
        )
    for label in labels:
        box = label.get_window_extent().transformed(axes.transData.inverted())
        inside = (
            box.x0 >= room.left + MARGIN
            and box.x1 <= room.left + room.width - MARGIN
            and box.y0 >= room.bottom + MARGIN / 2
            and box.y1 <= top - MARGIN / 2
        )
        if not inside:
            raise ValueError(f"{label.get_text()!r} leaves the frame {room.name!r}: widen it")


def write(axes: Axes, x: float, y: float, text: str, **style: Any) -> Text:
    """A label whose middle is at (x, y)."""
    usual = {"size": 9, "color": INK, "ha": "center", "va": "center", "linespacing": 1.25}
    return axes.text(x, y, text, **(usual | style))


if __name__ == "__main__":
    main()
