r"""Compare policies as shipped with the benchmarks' samplers and the oracle on held-out functions.

    python -m hpo_benchmarks.held_out.compare --policies memory runs/mine.safetensors \
        --prior broad gp-ard gp --dims 2 3 6 --draws 200 --trials 100 --oracle

prints the mean of the lowest latent value found with its standard error, and in brackets how far
it lies from that of the first peer (negative is better) with the standard error of that paired
difference; all of it, function by function, is written as JSON, and on request drawn.
Every method is given each function's real search space, see `spaces`. Finished cells, each a
method on a prior and a dimension, are kept in a JSON-lines file: a second run goes on from there.
Sequential recurrent policies run on all functions side by side; those trained for several workers
have as many in simulated time, run as they are shipped, and choose their own first point.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from joblib import Parallel, delayed
from torch import Tensor

from hpo_benchmarks.environment import run_in_fixed_environment
from hpo_benchmarks.held_out.figure import draw_means
from hpo_benchmarks.held_out.simulated_workers import play_parallel
from hpo_benchmarks.methods.catalogue import Method, make_sampler, peer_methods
from hpo_benchmarks.report.scores import BUDGETS
from l2l_sampler.policies.recurrent.policy import RecurrentPolicy
from l2l_sampler.policies.trained import TrainedPolicy
from l2l_sampler.registry import resolve
from train.bars import bar
from train.functions.functions import Functions
from train.functions.priors import PRIORS
from train.functions.spaces import spaces
from train.jsonl import append_line, read_lines
from train.validation.batched import curves_of
from train.validation.oracle import oracle_curves
from train.validation.play import (
    VERSION,
    Ask,
    draw_held_out,
    play,
    random_search,
    trained,
)

RANDOM, ORACLE = "random", "oracle"
PEERS = {
    method.name: method
    for method in peer_methods()
    # Random search and the true kernel are played side by side here, and spaces are fixed.
    if method.name not in (RANDOM, "gp-ei-true", "tpe-group")
}
"""The samplers of the benchmarks by name."""
SPREAD = 0.3  # trials of parallel policies take U(1 - SPREAD, 1 + SPREAD)


@dataclass(frozen=True)
class Cell:
    """One method on one prior in one dimension.

    Attributes:
        method: RANDOM, ORACLE, a key of PEERS, or the name or path of a policy.
        prior: a name in PRIORS.
        dim: number of dimensions.
        draws: number of functions.
        trials: trials on each.
        seed: of functions and methods.
        policy: the trained policy if the method is one; loaded once, since training may
            overwrite its file meanwhile.
    """

    method: str
    prior: str
    dim: int
    draws: int
    trials: int
    seed: int
    policy: TrainedPolicy | None = field(default=None, repr=False)

    def key(self) -> str:
        """A name that changes with anything that could change the result, code apart."""
        digest = hashlib.sha256(f"{VERSION}{self}{PRIORS[self.prior]}".encode())
        if self.policy is not None:
            digest.update(repr(self.policy.policy).encode())
            for name, value in sorted(self.policy.params.items()):
                digest.update(name.encode() + value.tobytes())
        return digest.hexdigest()

    def curves(self) -> Tensor:
        """(draws, trials) lowest latent value so far."""
        if self.method == ORACLE:
            return oracle_curves(self.prior, self.dim, self.draws, self.trials, self.seed)
        functions = draw_held_out(self.prior, self.dim, self.draws, self.seed)
        if self.policy is not None and isinstance(self.policy.policy, RecurrentPolicy):
            return _recurrent(self.policy, functions, self)
        if self.policy is not None:
            ask = trained(self.policy, functions, self.seed)
        elif self.method in PEERS:
            ask = sampled(PEERS[self.method], functions, self.trials, self.seed)
        else:
            ask = random_search(self.seed)
        return play(ask, functions, self.trials, self.seed)


def _recurrent(policy: TrainedPolicy, functions: Functions, cell: Cell) -> Tensor:
    """`Cell.curves` of a recurrent policy; a parallel one's trials count in the order asked."""
    workers = policy.policy.workers
    if workers > 1:
        latent, _ = play_parallel(policy, functions, cell.trials, workers, SPREAD, cell.seed)
        return torch.from_numpy(latent).cummin(1).values
    params = {name: torch.tensor(value) for name, value in policy.params.items()}
    return curves_of(policy.policy, params, functions, cell.trials, seed=cell.seed)


def sampled(method: Method, functions: Functions, n_trials: int, seed: int) -> Ask:
    """A method of the benchmarks, with a study in memory for every function.

    Args:
        method: which one.
        functions: what is optimised, B of them.
        n_trials: the budget, for samplers that plan with it.
        seed: study b of B has the sampler seed `seed * B + b`.
    """
    layouts = spaces(functions)
    studies: list[optuna.Study] = []
    running: list[optuna.trial.Trial] = []

    @torch.enable_grad()  # Optuna's GPSampler differentiates
    def ask(x: Tensor, y: Tensor) -> Tensor:
        last_x, last_y = x[:, -1].numpy(), y[:, -1].tolist()
        if not studies:
            for b, space in enumerate(layouts):
                sampler = make_sampler(
                    method, seed * len(layouts) + b, space.distributions, n_trials
                )
                studies.append(optuna.create_study(sampler=sampler))
                studies[b].enqueue_trial(space.cube.params(space.to_cube(last_x[b])))
                running.append(studies[b].ask(space.distributions))
        for study, trial, value in zip(studies, running, last_y, strict=True):
            study.tell(trial, value)
        running[:] = [
            study.ask(space.distributions) for study, space in zip(studies, layouts, strict=True)
        ]
        points = [
            space.from_cube(space.cube.point(trial.params))
            for space, trial in zip(layouts, running, strict=True)
        ]
        return torch.from_numpy(np.stack(points))

    return ask


def run(cell: Cell) -> dict[str, Any]:
    """The cell's result: lowest latent values within every budget, and their mean by trial."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    curves = cell.curves()
    return {
        "key": cell.key(),
        "method": cell.method,
        "prior": cell.prior,
        "dim": cell.dim,
        "seed": cell.seed,
        "best": {str(t): curves[:, t - 1].tolist() for t in BUDGETS if t <= cell.trials},
        "mean": curves.mean(0).tolist(),
    }


def compare(cells: list[Cell], cache: Path, n_jobs: int) -> list[dict[str, Any]]:
    """Results of all cells in order, computing those that the cache lacks."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    known = [json.loads(line) for line in read_lines(cache)]
    done = {row["key"]: row for row in known}
    missing = [cell for cell in cells if cell.key() not in done]
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered", batch_size=1)
    for row in bar(parallel(delayed(run)(c) for c in missing), total=len(missing), unit="cell"):
        done[row["key"]] = row
        append_line(cache, json.dumps(row))
    return [done[cell.key()] for cell in cells]


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Mean of the values (n,) and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def table(rows: list[dict[str, Any]], reference: str) -> str:
    """The results as text, a block for every prior and dimension, compared with `reference`."""
    blocks: dict[tuple[str, int], dict[str, dict[str, list[float]]]] = {}
    for row in rows:
        blocks.setdefault((row["prior"], row["dim"]), {})[row["method"]] = row["best"]
    width = max(len(row["method"]) for row in rows)
    lines = []
    for (prior, dim), methods in blocks.items():
        lines.append(f"\n{prior}, d = {dim}")
        lines.append(" " * width + "".join(f"{t:>34}" for t in BUDGETS))
        for method, best in methods.items():
            texts = [_entry(values, methods[reference][t]) for t, values in best.items()]
            lines.append(f"{method:<{width}}" + "".join(f"{text:>34}" for text in texts))
    return "\n".join(lines)


def _entry(values: list[float], reference: list[float]) -> str:
    mean, error = mean_and_error(np.array(values))
    gap, gap_error = mean_and_error(np.array(values) - np.array(reference))
    return f"{mean:.3f} +- {error:.3f} ({gap:+.3f} +- {gap_error:.3f})"


def main(argv: list[str] | None = None) -> None:
    """Parse the command line, compare, print and write."""
    parser = argparse.ArgumentParser(
        prog="python -m hpo_benchmarks.held_out.compare", description=__doc__
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--policies", nargs="*", default=[], help="shipped names or paths")
    parser.add_argument("--prior", nargs="+", default=["broad"], choices=sorted(PRIORS))
    parser.add_argument("--dims", nargs="+", type=int, default=[2, 3, 6])
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peers", nargs="+", default=["tpe", RANDOM], choices=[*PEERS, RANDOM])
    parser.add_argument(
        "--oracle", type=int, nargs="?", const=50, metavar="TRIALS", help="to 50 trials or TRIALS"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes, of one thread each")
    parser.add_argument("--cache", type=Path, default=Path("runs/held_out.jsonl"))
    parser.add_argument("--out", type=Path, default=Path("runs/held_out.json"))
    parser.add_argument("--figure", type=Path, help="draw mean best values into this .png file")
    args = parser.parse_args(argv)
    cells = []
    for prior, dim in itertools.product(args.prior, args.dims):
        shape = (prior, dim, args.draws)
        for name in args.policies:
            policy = resolve(name, dim, n_trials=args.trials)
            cells.append(Cell(name, *shape, args.trials, args.seed, policy))
        cells += [Cell(name, *shape, args.trials, args.seed) for name in args.peers]
        if args.oracle:
            cells.append(Cell(ORACLE, *shape, min(args.trials, args.oracle), args.seed))
    rows = compare(cells, args.cache, args.jobs)
    print(table(rows, args.peers[0]))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(rows, indent=1) + "\n")
    if args.figure is not None:
        args.figure.parent.mkdir(parents=True, exist_ok=True)
        draw_means(rows, args.figure)


if __name__ == "__main__":
    run_in_fixed_environment("hpo_benchmarks.held_out.compare")
    main()
