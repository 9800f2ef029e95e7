"""What a training run is told, and the command line that says it."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

from train.functions.priors import PRIORS
from train.recurrent.losses import LOSSES

POLICIES = ("memory", "lstm", "dnc")
READS = ("posterior", "kernel")


@dataclass(frozen=True)
class TrainConfig:
    """One training run.

    Attributes:
        policy: kind of policy.
        dims: dimensions to train on; one for `lstm` and `dnc`.
        loss: name in `losses.LOSSES`; `memory` always uses the log EI.
        margin: how far below the best value the expected improvement of `lstm` and `dnc` begins;
            that of `memory` is drawn.
        prior: name in `priors.PRIORS`.
        horizon: trials of the longest run.
        workers: trials that run at once (`lstm` and `dnc`).
        patience: results without improvement after which `lstm` and `dnc` start afresh at run
            time; None for never. Training goes on without.
        sigma: half the width of the simulated run times, in units of their mean.
        read: how `memory` reads its table.
        encoding: name of the encoding of the objective; None for the policy's own.
        hidden: width of the networks; None for the policy's own.
        batch: functions side by side.
        starts: starting points of an inner search in training (`memory`).
        chunk: trials in one gradient step (`lstm` and `dnc`).
        rate: highest learning rate; None for the policy's own.
        init: checkpoint to start from, None for fresh parameters.
        device: torch device.
        minutes: time to train for, validation left out; None if `steps` is given.
        steps: gradient steps to train for; None if `minutes` is given.
        seed: of parameters and functions.
        interval: seconds between validations.
        held_out: functions of each dimension to validate on.
        out: folder for checkpoint, log, curves and the state to resume from.
    """

    policy: str
    dims: tuple[int, ...]
    loss: str
    margin: float
    prior: str
    horizon: int
    workers: int
    patience: int | None
    sigma: float
    read: str
    encoding: str | None
    hidden: int | None
    batch: int
    starts: int
    chunk: int
    rate: float | None
    init: str | None
    device: str
    minutes: float | None
    steps: int | None
    seed: int
    interval: float
    held_out: int
    out: Path


def parse(arguments: list[str] | None = None) -> tuple[TrainConfig, bool]:
    """The configuration of a command line, and whether to resume.

    Raises:
        SystemExit: the arguments contradict each other or lie out of range.
    """
    parser = _parser()
    args = parser.parse_args(arguments)
    dims = tuple(args.dims or (args.dim,))
    if min(dims) < 1:
        parser.error(f"dimensions must be at least 1, got {min(dims)}")
    if args.policy != "memory" and len(dims) > 1:
        parser.error(
            f"{args.policy} is trained for one dimension at a time, got --dims "
            f"{' '.join(map(str, dims))}: run it once for each with --dim, or use --policy memory"
        )
    if args.policy == "memory" and args.workers > 1:
        parser.error("memory takes pending trials from any number of workers: drop --workers")
    if args.policy == "memory" and args.loss != "logei":
        parser.error(f"memory is trained with --loss logei only, got {args.loss}")
    if args.policy == "memory" and args.margin:
        parser.error("memory draws its margins in training: drop --margin")
    if not math.isfinite(args.margin):
        parser.error(f"--margin must be finite, got {args.margin}")
    if args.workers < 1 or not 0.0 <= args.sigma < 1.0:
        parser.error("--workers must be at least 1 and --sigma in [0, 1)")
    if args.patience is not None and (args.patience < 1 or args.policy == "memory"):
        parser.error(
            f"--patience is for lstm and dnc and at least 1, got {args.patience} for {args.policy}"
        )
    if args.horizon < 14:
        parser.error(f"--horizon must be at least 14 trials, got {args.horizon}")
    steps, minutes = args.steps, args.minutes
    if steps is None and minutes is None:
        minutes = 10.0
    if args.out is None:
        shape = f"d{dims[0]}" if len(dims) == 1 else "any"
        kind = f"memory-{args.read}" if args.policy == "memory" else f"{args.policy}-{args.loss}"
        args.out = Path("runs") / f"{kind}-{shape}"
    config = TrainConfig(
        policy=args.policy,
        dims=dims,
        loss=args.loss,
        margin=args.margin,
        prior=args.prior or ("broad" if args.policy == "memory" else "gp"),
        horizon=args.horizon,
        workers=args.workers,
        patience=args.patience,
        sigma=args.sigma,
        read=args.read,
        encoding=args.encoding,
        hidden=args.hidden,
        batch=args.batch or (48 if args.policy == "memory" else 192),
        starts=args.starts,
        chunk=args.chunk,
        rate=args.rate,
        init=args.init,
        device=args.device,
        minutes=minutes,
        steps=steps,
        seed=args.seed,
        interval=args.interval,
        held_out=args.held_out,
        out=args.out,
    )
    return config, args.resume


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m train.fit",
        description="Train a policy on functions drawn from a prior.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    dims = parser.add_mutually_exclusive_group(required=True)
    dims.add_argument("--dim", type=int, help="dimension of the functions")
    dims.add_argument("--dims", type=int, nargs="+", help="several dimensions, for memory")
    add("--policy", choices=POLICIES, default="lstm", help="kind of policy")
    add("--loss", choices=tuple(LOSSES), default="logei", help="training loss")
    add("--margin", type=float, default=0.0, help="of the expected improvement, for lstm and dnc")
    add("--prior", choices=tuple(PRIORS), help="functions; broad for memory, else gp")
    add("--horizon", type=int, default=100, help="trials of the longest run")
    add("--workers", type=int, default=1, help="trials that run at once, for lstm and dnc")
    add("--patience", type=int, help="results without improvement before a fresh start")
    add("--sigma", type=float, default=0.3, help="run times are uniform in 1 +- sigma")
    add("--read", choices=READS, default="posterior", help="how memory reads its table")
    add("--encoding", help="encoding of the objective")
    add("--hidden", type=int, help="width of the networks")
    add("--batch", type=int, help="functions side by side; 48 for memory, else 192")
    add("--starts", type=int, default=5, help="starting points in training, for memory")
    add("--chunk", type=int, default=4, help="trials in a gradient step, for lstm and dnc")
    add("--rate", type=float, help="highest learning rate")
    add("--init", help="checkpoint whose parameters to start from")
    add("--device", default="cpu", help="torch device, such as cuda")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, help="time to train for (10 if nothing is said)")
    length.add_argument("--steps", type=int, help="gradient steps to train for")
    add("--seed", type=int, default=0, help="of parameters and functions")
    add("--interval", type=float, default=60.0, help="seconds between validations")
    add("--held-out", type=int, default=64, help="functions of each dimension to validate on")
    add("--out", type=Path, help="folder for everything that the run writes")
    add("--resume", action="store_true", help="go on from the last state in --out")
    return parser
