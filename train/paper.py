"""Train one of the paper's optimizers as it is shipped: `python -m train.paper lstm-oi --dim 3`.

All start from log EI, which gives every step of every run a gradient; the others are then tuned on
their own loss at a lower rate. Stages that are done are skipped, and one that was killed goes on.
The recipe is the outcome of `train.ablation`, see docs/training.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from train.config import RecurrentConfig
from train.fit import fit
from train.options import Parser, add_settings

KINDS = ("lstm", "dnc")
WORKERS = 5
PATIENCE = 9
FIRST_STEPS = {1: 4000, 2: 3000, 3: 4000, 4: 5000, 6: 8000, 9: 8000}
"""Gradient steps of the first stage by dimension."""
MOST_STEPS = 8000  # in other dimensions
MARGINS = {1: 1.0}
"""Margin of expected improvements by dimension, 0 in others. A function of one dimension is known
after some ten trials; log EI then has no lower end, and without a margin the policy polishes the
first minimum that it finds."""


@dataclass(frozen=True)
class Stage:
    """One run of `train.fit`.

    Attributes:
        config: what it is told, but the checkpoint it starts from.
        after: the stage whose checkpoint that is, if any.
    """

    config: RecurrentConfig
    after: str | None


def stages(kind: str, dim: int, out: Path) -> dict[str, Stage]:
    """All stages of a kind of policy in a dimension, by name.

    Args:
        kind: of KINDS.
        dim: dimension D.
        out: folder for all runs.
    """
    found: dict[str, Stage] = {}

    def add(name: str, after: str | None, loss: str, steps: int, **changes: Any) -> None:
        shared = {"policy": kind, "dims": (dim,), "margin": MARGINS.get(dim, 0.0)}
        told = {"out": out / f"{kind}-{name}-{dim}d", "loss": loss, "steps": steps}
        found[name] = Stage(RecurrentConfig(**shared, **told, **changes), after)

    add("ei", None, "logei", FIRST_STEPS.get(dim, MOST_STEPS))
    add("bounded", "ei", "bounded-logei", 3000, rate=5e-4)
    add("oi", "ei", "oi+logei", 1500, rate=3e-4)
    add("sum", "ei", "sum", 1000, rate=3e-4)
    if dim <= 3:
        add("parallel-ei", "ei", "logei", 1000, rate=5e-4, workers=WORKERS)
        add("parallel", "parallel-ei", "oi+logei", 1000, rate=3e-4, workers=WORKERS)
        return found
    # With several workers, more dimensions take longer to learn. The surroundings of the incumbent
    # come in late: a policy that sees them from the start never learns to leave it.
    add("parallel-ei", "ei", "logei", 6000, workers=WORKERS)
    add("parallel-oi", "parallel-ei", "oi+logei", 2000, rate=3e-4, workers=WORKERS)
    local: dict[str, Any] = {"workers": WORKERS, "encoding": "local-1"}
    add("local-ei", "parallel-oi", "logei", 1500, **local)
    add("local-oi", "local-ei", "oi+logei", 1000, rate=3e-4, **local)
    last = {"rate": 2e-4, "batch": 384, "patience": PATIENCE}
    add("parallel", "local-oi", "oi", 3500, **last, **local)
    return found


STAGES = ("ei", "bounded", "oi", "sum", "parallel")
"""Stages that are there in every dimension."""


def train(
    kind: str, stage: str, dim: int, out: Path, changes: Mapping[str, Any] | None = None
) -> Path:
    """Run a stage, and before it those that it builds on; returns the checkpoint.

    Args:
        kind: of KINDS.
        stage: of STAGES.
        dim: dimension D.
        out: folder for all runs.
        changes: settings that all stages get in place of the recipe's.

    Raises:
        ValueError: a setting is out of its range, or a run in `out` had other settings.
    """
    recipe = stages(kind, dim, out)[stage]
    config = replace(recipe.config, **changes or {})
    if recipe.after is not None:
        config = replace(config, init=train(kind, recipe.after, dim, out, changes))
    return fit(config, resume=config.state.exists())


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = Parser(
        prog="python -m train.paper",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s NAME --dim D [--out FOLDER] [options]",
        epilog="What is not given is as the recipe says.",
    )
    names = [f"{kind}-{stage}" for kind in KINDS for stage in STAGES]
    parser.add_argument("name", choices=names, help="kind of policy and loss")
    parser.add_argument("--dim", type=int, required=True, help="dimension of the functions")
    parser.add_argument(
        "--out", type=Path, default=Path("runs/paper"), help="folder of all runs (runs/paper)"
    )
    without = ("minutes", "loss", "init")  # the recipe is made of these
    families = {RecurrentConfig: "lstm and dnc"}
    add_settings(parser, families, without=without, defaults=False)
    changes = vars(parser.parse_args(arguments))
    name, dim, out = (changes.pop(key) for key in ("name", "dim", "out"))
    torch.set_num_threads(1)
    try:
        RecurrentConfig(dims=(dim,), out=out, **changes)
    except ValueError as error:
        parser.error(str(error))
    try:
        print(train(*name.split("-", 1), dim, out, changes))
    except KeyboardInterrupt:
        parser.exit(130, "Stopped. The same command goes on.\n")


if __name__ == "__main__":
    main()
