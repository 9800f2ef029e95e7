"""Train one of the paper's optimizers as it is shipped: `python -m train.paper lstm-oi --dim 3`.

All start from log EI, which gives every step of every run a gradient; the others are then tuned on
their own loss at a lower rate. Stages that are done are skipped, and one that was killed goes on.
The recipe is the outcome of `train.ablation`, see docs/training.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from train.config import parse
from train.fit import fit

KINDS = ("lstm", "dnc")
FIRST_STEPS = {1: 2000, 2: 3000, 3: 4000, 4: 5000, 6: 8000, 9: 5000}
"""Gradient steps of the first stage by dimension."""
MOST_STEPS = 8000  # in other dimensions
WORKERS = 5


@dataclass(frozen=True)
class Stage:
    """One run of `train.fit`.

    Attributes:
        name: of the folder of its results, before the dimension.
        after: name of the stage whose checkpoint it starts from, if any.
        options: of the command line of `train.fit`.
    """

    name: str
    after: str | None
    options: tuple[str, ...]


STAGES = {
    stage.name: stage
    for stage in (
        Stage("ei", None, ("--loss", "logei")),
        Stage("oi", "ei", ("--loss", "oi+logei", "--rate", "3e-4", "--steps", "1500")),
        Stage("sum", "ei", ("--loss", "sum", "--rate", "3e-4", "--steps", "1000")),
        Stage(
            "parallel-ei",
            "ei",
            ("--loss", "logei", "--workers", str(WORKERS), "--rate", "5e-4", "--steps", "1000"),
        ),
        Stage(
            "parallel",
            "parallel-ei",
            ("--loss", "oi+logei", "--workers", str(WORKERS), "--rate", "3e-4", "--steps", "1000"),
        ),
    )
}


def checkpoint(kind: str, stage: str, dim: int, out: Path) -> Path:
    """Where the result of a stage lies."""
    return out / f"{kind}-{stage}-{dim}d" / "policy.safetensors"


def train(kind: str, stage: str, dim: int, out: Path, extra: Sequence[str] = ()) -> Path:
    """Run a stage, and before it those that it builds on; returns the checkpoint.

    Args:
        kind: of KINDS.
        stage: of STAGES.
        dim: dimension D.
        out: folder for all runs.
        extra: options of `train.fit` that all stages get.
    """
    recipe, path = STAGES[stage], checkpoint(kind, stage, dim, out)
    arguments = ["--policy", kind, "--dim", str(dim), "--out", str(path.parent), *recipe.options]
    if recipe.after is None:
        arguments += ["--steps", str(FIRST_STEPS.get(dim, MOST_STEPS))]
    else:
        arguments += ["--init", str(train(kind, recipe.after, dim, out, extra))]
    config, _ = parse([*arguments, *extra])
    return fit(config, resume=(path.parent / "state.pt").exists())


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; what it does not know goes to `train.fit`."""
    parser = argparse.ArgumentParser(
        prog="python -m train.paper",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Other options, such as --device or --seed, are those of `python -m train.fit`.",
    )
    names = [f"{kind}-{stage}" for kind in KINDS for stage in STAGES]
    parser.add_argument("name", choices=names, help="kind of policy and loss")
    parser.add_argument("--dim", type=int, required=True, help="dimension of the functions")
    parser.add_argument("--out", type=Path, default=Path("runs/paper"), help="folder of all runs")
    options, extra = parser.parse_known_args(arguments)
    torch.set_num_threads(1)
    kind, stage = options.name.split("-", 1)
    print(train(kind, stage, options.dim, options.out, extra))


if __name__ == "__main__":
    main()
