"""How much is gained by several workers: simulated asynchronous runs on held-out functions.

    python -m hpo_benchmarks.held_out.parallel_gain --prior broad --dim 3 --draws 100

A trial takes a time from U(1 - spread, 1 + spread), as in the parallel form of Chen et al. (2017);
whoever is free asks at once, while the other trials are pending. The table holds, by number of
workers, the mean of the lowest latent value after some numbers of trials, when the mean gets as
low as one worker brings it in `target` trials, and how much sooner that is than with one worker
(90 % bootstrap interval over functions). Ideal would be the number of workers.

Notation
    B  functions     T  trials of each     W  workers     m  moments
"""

from __future__ import annotations

import argparse

import numpy as np
from joblib import Parallel, delayed

from hpo_benchmarks.environment import run_in_fixed_environment
from hpo_benchmarks.held_out.simulated_workers import play_parallel
from l2l_sampler.registry import load_policy
from train.bars import bar
from train.validation.play import draw_held_out

WORKERS = (1, 2, 4, 8)
SHOWN = (8, 16, 32, 64)  # trials, multiples of every number of workers


def best_by(latent: np.ndarray, ended: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """(B, m) lowest value of the trials that have ended by each moment (m,).

    Before the first end it is the value of the first trial.
    """
    over = ended[:, :, None] <= moments
    lowest = np.where(over, latent[:, :, None], np.inf).min(1)
    return np.where(np.isinf(lowest), latent[:, :1], lowest)


def time_to(level: np.ndarray, curve: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """When curves (..., m) first are at or below a level (...); inf if they never are."""
    reached = curve <= level[..., None]
    return np.where(reached.any(-1), moments[reached.argmax(-1)], np.inf)


def speed_ups(
    runs: dict[int, tuple[np.ndarray, np.ndarray]], target: int
) -> dict[int, tuple[float, float, float, float]]:
    """When each number of workers reaches what one worker does in `target` trials.

    Returns:
        for each W: the moment, how many times sooner than with W = 1 that is, and the 5 % and
        95 % quantiles of the latter.
    """
    draws, trials = runs[1][0].shape
    moments = np.linspace(0.0, trials * 1.5, 1500)
    counts = np.random.default_rng(0).multinomial(draws, np.full(draws, 1 / draws), 500)
    weights = np.concatenate([np.ones((1, draws)), counts]) / draws  # the first is no resample
    curves = {w: weights @ best_by(*run, moments) for w, run in runs.items()}
    level = weights @ np.minimum.accumulate(runs[1][0], 1)[:, target - 1] + 1e-12
    moment = {w: time_to(level, curve, moments) for w, curve in curves.items()}
    found = {}
    for w in runs:
        ratio = moment[1] / moment[w]
        low, high = np.quantile(ratio[1:], [0.05, 0.95]).tolist()
        found[w] = float(moment[w][0]), float(ratio[0]), low, high
    return found


def table(runs: dict[int, tuple[np.ndarray, np.ndarray]], target: int) -> str:
    """The table in Markdown."""
    trials = runs[1][0].shape[1]
    budgets = [budget for budget in SHOWN if budget <= trials]
    heads = [f"@{budget}" for budget in budgets]
    lines = [f"| workers | {' | '.join(heads)} | time to level | speed-up |"]
    lines.append("|---" * (len(heads) + 3) + "|")
    gains = speed_ups(runs, target)
    for w, (latent, _) in runs.items():
        best = np.minimum.accumulate(latent, 1).mean(0)
        cells = [f"{best[budget - 1]:.3f}" for budget in budgets]
        moment, gain, low, high = gains[w]
        cells += [f"{moment:.1f}", f"{gain:.2f} ({low:.2f} to {high:.2f})"]
        lines.append(f"| {w} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description="Gain by several workers, simulated.")
    parser.add_argument("--policy", default="memory", help="shipped name or path of a checkpoint")
    parser.add_argument("--prior", default="broad", help="prior of the functions")
    parser.add_argument("--dim", type=int, default=3, help="dimensions")
    parser.add_argument("--draws", type=int, default=100, help="functions")
    parser.add_argument("--trials", type=int, default=64, help="trials of each function")
    parser.add_argument("--target", type=int, default=32, help="trials of one worker to match")
    parser.add_argument("--spread", type=float, default=0.5, help="of the run times, 0 to 1")
    parser.add_argument("--jobs", type=int, default=1, help="numbers of workers at once")
    options = parser.parse_args(argv)
    if not 1 <= options.target <= options.trials:
        parser.error(f"--target must be from 1 to --trials {options.trials}")
    policy = load_policy(options.policy, options.dim)
    functions = draw_held_out(options.prior, options.dim, options.draws)
    arguments = (policy, functions, options.trials)
    cells = [delayed(play_parallel)(*arguments, w, options.spread) for w in WORKERS]
    done = Parallel(n_jobs=options.jobs, return_as="generator")(cells)
    runs = dict(zip(WORKERS, bar(done, total=len(cells), unit="cell"), strict=True))
    print(table(runs, options.target))


if __name__ == "__main__":
    run_in_fixed_environment("hpo_benchmarks.held_out.parallel_gain")
    main()
