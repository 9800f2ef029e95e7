"""Tune a real model with LearnedSampler, TPE and random search, side by side.

A support vector classifier behind a principal component analysis reads handwritten digits. Its
six hyper-parameters are tuned by each sampler, with the same seeds and the samplers' defaults;
the objective is the error in three-fold cross-validation.

    python -m examples.digits_demo [--seeds 16] [--trials 40] [--jobs 2] [--out demo.png]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import optuna
from joblib import Parallel, delayed
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from tqdm import tqdm

from l2l_sampler import LearnedSampler

SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "LearnedSampler": lambda seed: LearnedSampler(seed=seed),
    "TPESampler": lambda seed: TPESampler(seed=seed),
    "RandomSampler": lambda seed: RandomSampler(seed=seed),
}
COLORS = dict(zip(SAMPLERS, ("#c1272d", "#0b6fa4", "#8a8a8a"), strict=True))
CHECKPOINTS = (10, 20, 40)
N_IMAGES = 900  # half of the data, so that a trial takes a tenth of a second
N_RESAMPLES = 2000


def digits() -> tuple[np.ndarray, np.ndarray]:
    """A fixed random half of the data: (N_IMAGES, 64) pixels in [0, 1] and the digits shown."""
    images, labels = load_digits(return_X_y=True)
    chosen = np.random.default_rng(0).permutation(len(labels))[:N_IMAGES]
    return images[chosen] / 16.0, labels[chosen]


def error(trial: optuna.Trial, images: np.ndarray, labels: np.ndarray) -> float:
    """Cross-validated error of one setting of the pipeline: the objective."""
    model = make_pipeline(
        PCA(trial.suggest_int("components", 4, 64, log=True), svd_solver="full"),
        SVC(
            kernel=trial.suggest_categorical("kernel", ["rbf", "poly", "sigmoid"]),
            C=trial.suggest_float("C", 1e-3, 1e3, log=True),
            gamma=trial.suggest_float("gamma", 1e-6, 10.0, log=True),
            degree=trial.suggest_int("degree", 2, 5),
            coef0=trial.suggest_float("coef0", 0.0, 1.0),
        ),
    )
    return 1.0 - cross_val_score(model, images, labels, cv=StratifiedKFold(3)).mean()


def best_so_far(sampler: str, seed: int, n_trials: int) -> tuple[str, np.ndarray]:
    """The sampler's name and its lowest error after each of `n_trials` trials."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=SAMPLERS[sampler](seed))
    images, labels = digits()
    study.optimize(lambda trial: error(trial, images, labels), n_trials=n_trials)
    return sampler, np.minimum.accumulate([trial.value for trial in study.trials])


def compare(n_seeds: int, n_trials: int, n_jobs: int) -> dict[str, np.ndarray]:
    """Best error so far of every sampler, (n_seeds, n_trials) each."""
    cells = [
        delayed(best_so_far)(sampler, seed, n_trials)
        for seed in range(n_seeds)
        for sampler in SAMPLERS
    ]
    done = Parallel(n_jobs=n_jobs, return_as="generator")(cells)
    curves: dict[str, list[np.ndarray]] = {sampler: [] for sampler in SAMPLERS}
    for sampler, curve in tqdm(done, total=len(cells), desc="studies", unit="study"):
        curves[sampler].append(curve)
    return {sampler: np.array(rows) for sampler, rows in curves.items()}


def table(curves: dict[str, np.ndarray]) -> str:
    """Mean and standard deviation over seeds of the best error, in percent."""
    n_trials = next(iter(curves.values())).shape[1]
    moments = [moment for moment in CHECKPOINTS if moment <= n_trials] or [n_trials]
    lines = ["best error in %".ljust(18) + "".join(f"@{moment}".rjust(16) for moment in moments)]
    for sampler, curve in curves.items():
        percent = 100.0 * curve[:, np.array(moments) - 1]
        cells = zip(percent.mean(axis=0), percent.std(axis=0), strict=True)
        row = "".join(f"{mean:.2f} +- {sd:.2f}".rjust(16) for mean, sd in cells)
        lines.append(sampler.ljust(18) + row)
    return "\n".join(lines)


def mean_interval(curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bootstrap interval of 90 % of the mean over seeds, (n_trials,) each."""
    n_seeds = len(curve)
    draws = np.random.default_rng(0).integers(n_seeds, size=(N_RESAMPLES, n_seeds))
    low, high = np.quantile(curve[draws].mean(axis=1), [0.05, 0.95], axis=0)
    return low, high


def plot(curves: dict[str, np.ndarray], path: Path) -> None:
    """Mean best error by trial, and every seed's error at the end."""
    figure, (course, end) = plt.subplots(
        1, 2, figsize=(9, 4), width_ratios=(3, 1.5), layout="constrained"
    )
    plot_course(course, curves)
    plot_end(end, curves)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def plot_course(axes: Axes, curves: dict[str, np.ndarray]) -> None:
    """Mean over seeds with its shaded interval, on a logarithmic scale."""
    for sampler, curve in curves.items():
        trials = np.arange(1, curve.shape[1] + 1)
        low, high = mean_interval(100.0 * curve)
        axes.fill_between(trials, low, high, color=COLORS[sampler], alpha=0.18, linewidth=0)
        axes.plot(trials, 100.0 * curve.mean(axis=0), color=COLORS[sampler], lw=2, label=sampler)
    axes.set(xlabel="trials", ylabel="best cross-validated error in %", yscale="log")
    axes.set_title("mean over seeds, 90 % interval", fontsize="medium", loc="left")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)


def plot_end(axes: Axes, curves: dict[str, np.ndarray]) -> None:
    """One dot a seed, a bar at the median."""
    jitter = np.random.default_rng(0)
    for place, (sampler, curve) in enumerate(curves.items()):
        final = 100.0 * curve[:, -1]
        x = place + jitter.uniform(-0.18, 0.18, len(final))
        axes.scatter(x, final, s=18, color=COLORS[sampler], alpha=0.7, linewidth=0)
        axes.hlines(np.median(final), place - 0.3, place + 0.3, color=COLORS[sampler], lw=2)
    n_trials = next(iter(curves.values())).shape[1]
    axes.set_xticks(range(len(curves)), [name.removesuffix("Sampler") for name in curves])
    axes.set_title(f"each seed after {n_trials} trials, median", fontsize="medium", loc="left")
    axes.grid(axis="y", alpha=0.3)


def main(arguments: list[str] | None = None) -> None:
    """Run the comparison, print the table, save the plot."""
    parser = argparse.ArgumentParser(description="LearnedSampler beside TPE and random search.")
    parser.add_argument("--seeds", type=int, default=16, help="studies of each sampler")
    parser.add_argument("--trials", type=int, default=40, help="trials of each study")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="studies at once")
    parser.add_argument("--out", type=Path, default=Path("runs/demo.png"), help="the plot")
    options = parser.parse_args(arguments)
    curves = compare(options.seeds, options.trials, options.jobs)
    print(table(curves))
    plot(curves, options.out)
    print(f"plot saved to {options.out}")


if __name__ == "__main__":
    main()
