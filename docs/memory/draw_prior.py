"""Draws of the priors that policies are trained on: `python docs/memory/draw_prior.py`."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import torch

from train.functions.functions import Functions
from train.functions.priors import draw

HERE = Path(__file__).parent
COUNT, SIDE, SEED = 8, 81, 4
TITLES = {
    "broad": "broad: what the shipped weights were trained on",
    "tuning": "tuning: with bowls",
}


def main() -> None:
    """Eight draws of two axes for each prior, dark where they are low."""
    line = torch.linspace(0.0, 1.0, SIDE)
    grid = torch.stack(torch.meshgrid(line, line, indexing="xy"), dim=-1).reshape(1, -1, 2)
    figure = plt.figure(figsize=(11.0, 3.9), layout="constrained")
    for part, prior in zip(figure.subfigures(2, 1), TITLES, strict=True):
        part.suptitle(TITLES[prior], fontsize="medium", x=0.01, ha="left")
        functions = draw(prior, COUNT, 2, generator=torch.Generator().manual_seed(SEED))
        assert isinstance(functions, Functions)
        values = functions.latent(grid.expand(COUNT, -1, 2)).reshape(COUNT, SIDE, SIDE)
        for axes, value in zip(part.subplots(1, COUNT), values, strict=True):
            axes.contourf(line, line, value, levels=16, cmap="viridis")
            lowest = divmod(int(value.argmin()), SIDE)
            axes.plot(
                line[lowest[1]],
                line[lowest[0]],
                "*",
                color="white",
                ms=9,
                mec="black",
                clip_on=False,
            )
            axes.set_aspect("equal")
            axes.set_xticks([])
            axes.set_yticks([])
    figure.savefig(HERE / "prior.png", dpi=100)


if __name__ == "__main__":
    main()
