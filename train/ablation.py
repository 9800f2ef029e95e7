"""What each ingredient of the recurrent policies' training is worth.

    python -m train.ablation --dims 2 3 --minutes 2

trains an LSTM the standard way and with one ingredient changed at a time, plays all of them on the
same held-out functions, and writes the mean best values as JSON and as a figure. Variants that are
done are skipped, and a run that was cut short goes on.
"""

from __future__ import annotations

import argparse
import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from joblib import Parallel, delayed, parallel_config

from l2l_sampler.checkpoint import load
from train.config import RecurrentConfig
from train.curves import draw_means
from train.fit import fit
from train.validation.batched import curves_of, torch_params
from train.validation.play import draw_held_out, play, random_search

VARIANTS: dict[str, dict[str, Any]] = {
    "standard": {},
    "EI in place of log EI": {"loss": "ei"},
    "OI from the start": {"loss": "oi"},
    "raw x and y as inputs": {"encoding": "raw-1"},
    "10 trials a gradient step": {"chunk": 10},
    "whole runs a gradient step": {"chunk": 100, "batch": 64},
    "64 functions": {"batch": 64},
    "width 64": {"hidden": 64},
    "DNC": {"policy": "dnc"},
}
"""Name for readers -> fields of the configuration that differ from the standard."""

BUDGETS = (10, 20, 50, 100)
TRIALS = 100


def config_of(name: str, dim: int, minutes: float, out: Path) -> RecurrentConfig:
    """What the training of a variant is told."""
    standard = RecurrentConfig(dims=(dim,), minutes=minutes, interval=30.0, out=out)
    return replace(standard, **VARIANTS[name])


def measure(name: str, dim: int, minutes: float, draws: int, out: Path) -> list[float]:
    """Train a variant and return its mean best latent value by trial, (T,)."""
    folder = out / f"{name.replace(' ', '-')}-{dim}d"
    result = folder / f"curve-{draws}.json"
    if not result.exists():
        config = config_of(name, dim, minutes, folder)
        trained = load(fit(config, resume=config.state.exists()))
        params = torch_params(trained.params)
        functions = draw_held_out(config.prior, dim, draws)
        curve = curves_of(trained.policy, params, functions, TRIALS).mean(0).tolist()
        result.write_text(json.dumps(curve))
    found: list[float] = json.loads(result.read_text())
    return found


def draw(found: dict[str, dict[str, list[float]]], path: Path) -> None:
    """Mean best value by trial, one panel a dimension.

    Args:
        found: dimension -> variant -> (T,) curve.
        path: the .png file.
    """
    curves = [(dim, *item) for dim, by_name in found.items() for item in by_name.items()]
    draw_means(
        [{"prior": "gp", "dim": dim, "method": name, "mean": mean} for dim, name, mean in curves],
        path,
        first=5,
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m train.ablation", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--dims", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--minutes", type=float, default=2.0, help="of training for each")
    parser.add_argument("--draws", type=int, default=500, help="held-out functions")
    parser.add_argument("--jobs", type=int, default=2, help="processes, of one thread each")
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--out", type=Path, default=Path("docs/training"))
    options = parser.parse_args(arguments)
    tasks = list(itertools.product(options.dims, options.variants))
    torch.set_num_threads(1)
    with parallel_config("loky", inner_max_num_threads=1):
        curves = Parallel(options.jobs)(
            delayed(measure)(name, dim, options.minutes, options.draws, options.runs)
            for dim, name in tasks
        )
    found: dict[str, dict[str, list[float]]] = {str(dim): {} for dim in options.dims}
    for (dim, name), curve in zip(tasks, curves, strict=True):
        found[str(dim)][name] = curve
    for dim, by_name in found.items():
        functions = draw_held_out("gp", int(dim), options.draws)
        by_name["random search"] = play(random_search(), functions, TRIALS).mean(0).tolist()
        print(f"\n{dim} dimensions" + "".join(f"{f'@{t}':>8}" for t in BUDGETS))
        for name, curve in by_name.items():
            print(f"{name:<28}" + "".join(f"{curve[t - 1]:>8.3f}" for t in BUDGETS))
    options.out.mkdir(parents=True, exist_ok=True)
    rounded = {d: {n: [round(v, 4) for v in c] for n, c in b.items()} for d, b in found.items()}
    (options.out / "ablation.json").write_text(json.dumps(rounded) + "\n")
    draw(found, options.out / "ablation.png")


if __name__ == "__main__":
    main()
