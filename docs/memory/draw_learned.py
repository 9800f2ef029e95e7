"""What the network infers of held-out functions: `python docs/memory/draw_learned.py`.

Notation
    B  functions   n  trials   d  axes
"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch

from l2l_sampler import load_policy
from l2l_sampler.policies.memory.policy import MemoryPolicy
from train.functions.functions import Functions
from train.validation.play import draw_held_out

HERE = Path(__file__).parent
DRAWS, AXES, TRIALS, SEED = 200, 3, (10, 30, 100), 21
EDGES = np.geomspace(0.12, 2.4, 7)


def inferred(functions: Functions, n: int) -> np.ndarray:
    """Length scales (B, d) that are inferred from n random trials of every function."""
    trained = load_policy("memory")
    policy = trained.policy
    assert isinstance(policy, MemoryPolicy)
    generator = torch.Generator().manual_seed(SEED)
    x = functions.snap(torch.rand(DRAWS, n, AXES, generator=generator))
    y = functions.observe(functions.latent(x), generator).double().numpy()
    known = np.ones((DRAWS, n), dtype=bool)
    table = policy.encoded(trained.params, x.double().numpy(), y, known, known)
    return np.asarray(
        policy.read_objective(trained.params, table, np.zeros((1, 1))).posterior.length_scale
    )


def main() -> None:
    """Inferred length scales by the true ones: medians and quartiles."""
    functions = draw_held_out("gp-ard", AXES, DRAWS, SEED)
    assert isinstance(functions, Functions)
    truth = (1.0 / functions.rate).numpy().ravel()
    figure, panels = plt.subplots(
        1, len(TRIALS), figsize=(9.0, 3.2), sharey=True, layout="constrained"
    )
    for axes, n in zip(panels, TRIALS, strict=True):
        found = inferred(functions, n).ravel()
        axes.plot(truth, found, ".", ms=2, color="#9aa5b1", label="one axis of a draw")
        place = np.digitize(truth, EDGES)
        groups = [place == k for k in range(1, len(EDGES)) if (place == k).sum() > 5]
        middle = [np.exp(np.log(truth[some]).mean()) for some in groups]
        low, half, high = np.array(
            [np.quantile(found[some], [0.25, 0.5, 0.75]) for some in groups]
        ).T
        spread = [half - low, high - half]
        axes.errorbar(
            middle, half, spread, fmt="o", color="#2b6cb0", ms=4, label="median and quartiles"
        )
        axes.plot([0.1, 3.0], [0.1, 3.0], "-", lw=0.8, color="#22303c")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(0.1, 3.0)
        axes.set_xticks([0.1, 0.3, 1.0, 3.0], ["0.1", "0.3", "1", "3"])
        axes.set_yticks([0.1, 0.3, 1.0, 3.0, 10.0], ["0.1", "0.3", "1", "3", "10"])
        axes.minorticks_off()
        axes.set_title(f"{n} trials", fontsize="medium")
        axes.set_xlabel("true length scale")
    panels[0].set_ylabel("inferred length scale")
    panels[-1].legend(frameon=False, fontsize="small", loc="upper left")
    figure.savefig(HERE / "learned.png", dpi=100)


if __name__ == "__main__":
    main()
