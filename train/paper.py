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
        after: the stage whose checkpoint it starts from, if any.
        loss: a name in `losses.LOSSES`.
        steps: gradient steps.
        rate: highest learning rate.
        workers: trials that run at once.
        encoding: of the results, see `network_inputs`.
        batch: functions side by side; None for the usual number.
        patience: results without improvement before a fresh start at run time.
    """

    after: str | None
    loss: str
    steps: int
    rate: float = 1e-3
    workers: int = 1
    encoding: str = "running-1"
    batch: int | None = None
    patience: int | None = None

    def options(self) -> list[str]:
        """The command line of `train.fit`, without policy, dimension and files."""
        values = {name: value for name, value in vars(self).items() if name != "after"}
        given = {name: str(value) for name, value in values.items() if value is not None}
        return [text for name, value in given.items() for text in (f"--{name}", value)]


def stages(dim: int) -> dict[str, Stage]:
    """All stages in a dimension, by name."""
    first = FIRST_STEPS.get(dim, MOST_STEPS)
    found = {
        "ei": Stage(None, "logei", first),
        "bounded": Stage("ei", "bounded-logei", 3000, rate=5e-4),
        "oi": Stage("ei", "oi+logei", 1500, rate=3e-4),
        "sum": Stage("ei", "sum", 1000, rate=3e-4),
    }
    if dim <= 3:
        return found | {
            "parallel-ei": Stage("ei", "logei", 1000, 5e-4, WORKERS),
            "parallel": Stage("parallel-ei", "oi+logei", 1000, 3e-4, WORKERS),
        }
    # With several workers, more dimensions take longer to learn. The surroundings of the incumbent
    # come in late: a policy that sees them from the start never learns to leave it.
    local = {"workers": WORKERS, "encoding": "local-1"}
    return found | {
        "parallel-ei": Stage("ei", "logei", 6000, 1e-3, WORKERS),
        "parallel-oi": Stage("parallel-ei", "oi+logei", 2000, 3e-4, WORKERS),
        "local-ei": Stage("parallel-oi", "logei", 1500, **local),
        "local-oi": Stage("local-ei", "oi+logei", 1000, rate=3e-4, **local),
        "parallel": Stage(
            "local-oi", "oi", 3500, rate=2e-4, **local, batch=384, patience=PATIENCE
        ),
    }


STAGES = ("ei", "bounded", "oi", "sum", "parallel")
"""Stages that are there in every dimension."""


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
    recipe, path = stages(dim)[stage], checkpoint(kind, stage, dim, out)
    arguments = ["--policy", kind, "--dim", str(dim), "--out", str(path.parent), *recipe.options()]
    arguments += ["--margin", str(MARGINS.get(dim, 0.0))]
    if recipe.after is not None:
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
