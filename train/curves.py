"""The picture of a training run."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402  (the backend must be chosen first)


def draw_curves(log: Path, picture: Path) -> None:
    """Draw the log of a run: what it minimises, and regret by trial for every dimension.

    Args:
        log: JSON lines written by `fit`.
        picture: PNG file to write.
    """
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    dims = list(lines[-1]["mean_best"])
    names = [n for n in lines[-1] if n not in ("step", "minutes", "skipped", "mean_best")]
    figure, panels = plt.subplots(
        1, 1 + len(dims), figsize=(3.4 * (1 + len(dims)), 3.2), squeeze=False, layout="constrained"
    )
    minutes = [line["minutes"] for line in lines]
    first = panels[0][0]
    for name in names:
        first.plot(minutes, [line[name] for line in lines], label=name)
    first.set(xlabel="minutes", title="training")
    first.legend(frameon=False)
    for panel, dim in zip(panels[0][1:], dims, strict=True):
        curves = lines[-1]["mean_best"][dim]
        trials = range(1, 1 + len(curves["policy"]))
        early = lines[0]["mean_best"][dim]["policy"]
        panel.plot(trials, early, color="tab:blue", alpha=0.35, label="policy, first interval")
        panel.plot(trials, curves["policy"], color="tab:blue", label="policy")
        panel.plot(trials, curves["random"], color="0.6", label="random search")
        panel.plot(trials, curves["oracle"], color="0.2", ls="--", label="GP-EI, true kernel")
        panel.set(xlabel="trials", title=f"mean best value, d = {dim}")
    panels[0][-1].legend(frameon=False)
    figure.savefig(picture, dpi=120)
    plt.close(figure)
