"""Draws the pictures of the guides: `python docs/guides/draw.py`, from the repository's root.

Each is one study with seed 0, whatever comes of it.
"""

from __future__ import annotations

import runpy
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import optuna
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import TrialState

from l2l_sampler import LearnedSampler

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
INK, RED, BLUE, GREEN, PALE = "#22303c", "#b03a2e", "#2b6cb0", "#2f7d4f", "#dde3e8"
WIDTH, HEIGHT, SIDE = 7.2, 3.4, 121


def save(figure: Figure, name: str) -> None:
    """Write a picture."""
    figure.savefig(HERE / f"{name}.png", dpi=120, metadata={"Software": None})
    plt.close(figure)


def canvas(columns: int = 1, rows: int = 1, height: float = HEIGHT) -> tuple[Figure, np.ndarray]:
    """A figure and its (rows, columns) axes, without the upper and the right line."""
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, height), layout="constrained", squeeze=False
    )
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes


def best_so_far(study: optuna.Study) -> np.ndarray:
    """(n,) best value after each trial, NaN while there is none."""
    values = [trial.value if trial.value is not None else np.inf for trial in study.trials]
    best = np.minimum.accumulate(values)
    return np.where(np.isfinite(best), best, np.nan)


def conditional() -> None:
    """Which model each trial of the first example took, and what it came to."""
    study = runpy.run_path(str(EXAMPLES / "01_conditional.py"))["study"]
    figure, axes = canvas()
    axis = axes[0, 0]
    for model, colour in (("ridge", RED), ("network", BLUE)):
        chosen = [trial for trial in study.trials if trial.params["model"] == model]
        done = [trial for trial in chosen if trial.value is not None]
        axis.scatter(
            [trial.number for trial in done],
            [trial.value for trial in done],
            s=24,
            color=colour,
            label=model,
        )
        failed = [trial.number for trial in chosen if trial.state == TrialState.FAIL]
        if failed:
            axis.scatter(
                failed, np.zeros(len(failed)), marker="x", s=30, color=INK, label="failed"
            )
    axis.plot(best_so_far(study), color=INK, linewidth=1.0, label="best so far")
    axis.set(xlabel="trial", ylabel="value")
    axis.legend(frameon=False, ncols=2)
    save(figure, "conditional")


def grid() -> tuple[np.ndarray, np.ndarray]:
    """Two (SIDE, SIDE) coordinates of the unit square."""
    a, b = np.meshgrid(*[np.linspace(0.0, 1.0, SIDE)] * 2)
    return a, b


def square(axis: Axes, ticks: Sequence[float] = (0.0, 0.5, 1.0)) -> None:
    """The unit square, as wide as it is high."""
    axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal", xticks=ticks, yticks=ticks)


def points_of(study: optuna.Study) -> np.ndarray:
    """(n, 2) points of the parameters a and b."""
    return np.array([[trial.params["a"], trial.params["b"]] for trial in study.trials])


def in_plane(
    value: Callable[[np.ndarray, np.ndarray], np.ndarray],
    refused: Callable[[np.ndarray, np.ndarray], np.ndarray],
    sampler: BaseSampler,
    constrained: bool,
    n_trials: int,
) -> optuna.Study:
    """A study of a function of a and b with a region that fails, or violates a constraint."""

    def objective(trial: optuna.Trial) -> float:
        a, b = (trial.suggest_float(name, 0.0, 1.0) for name in "ab")
        if constrained:
            trial.set_constraint("refused", float(refused(np.array(a), np.array(b))))
        elif refused(np.array(a), np.array(b)) > 0:
            raise ArithmeticError
        return float(value(np.array(a), np.array(b)))

    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=n_trials, catch=ArithmeticError)
    return study


def valley(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A curved valley that falls towards the right."""
    return 12.0 * (b - 0.25 - 0.9 * (a - 0.2) ** 2) ** 2 + (a - 0.8) ** 2


def edge(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Above 0 where there is no value, or a constraint is violated."""
    return a + 0.5 * b - 1.0


def regions() -> None:
    """Where trials lie beside a region that fails, and beside one that violates a constraint."""
    a, b = grid()
    for name, constrained, fine, title in (
        ("failures", False, "completed", "failed"),
        ("constraints", True, "meets the constraint", "violates it"),
    ):
        figure, axes = canvas(columns=2)
        samplers = (LearnedSampler(seed=0), TPESampler(seed=0))
        for axis, sampler, label in zip(
            axes[0], samplers, ("LearnedSampler", "TPESampler"), strict=True
        ):
            study = in_plane(valley, edge, sampler, constrained, 40)
            at = points_of(study)
            out = edge(at[:, 0], at[:, 1]) > 0
            axis.contourf(a, b, edge(a, b), levels=[0.0, 2.0], colors=[PALE])
            axis.contour(a, b, valley(a, b), levels=10, colors="#9aa7b1", linewidths=0.6)
            axis.scatter(*at[~out].T, s=18, color=BLUE, label=fine)
            axis.scatter(*at[out].T, s=26, marker="x", color=RED, label=title)
            square(axis)
            axis.set_title(f"{label}: {int(out.sum())} of 40 in the grey region", fontsize=9)
            axis.set(xlabel="a", ylabel="b")
        figure.legend(
            *axes[0, 1].get_legend_handles_labels(),
            ncols=2,
            loc="outside lower center",
            frameon=False,
        )
        save(figure, name)


def several() -> None:
    """The trials of the third example, and their front."""
    study = runpy.run_path(str(EXAMPLES / "03_several_objectives.py"))["study"]
    values = np.array([trial.values for trial in study.trials])
    front = np.array(sorted(trial.values for trial in study.best_trials))
    figure, axes = canvas()
    axis = axes[0, 0]
    shown = axis.scatter(*values.T, c=range(len(values)), cmap="viridis_r", s=24)
    axis.step(*front.T, where="post", color=RED, linewidth=1.2, label="front")
    axis.set(xlabel="error", ylabel="logarithm of cost")
    axis.legend(frameon=False)
    figure.colorbar(shown, label="trial")
    save(figure, "several-objectives")


def earlier() -> None:
    """The fourth example over twelve seeds: error by trial, with and without the earlier study."""
    error_on = runpy.run_path(str(EXAMPLES / "04_earlier_studies.py"))["error_on"]
    figure, axes = canvas()
    axis = axes[0, 0]
    curves: dict[str, list[np.ndarray]] = {"from nothing": [], "after another study": []}
    for seed in range(12):
        before = optuna.create_study(sampler=LearnedSampler(seed=seed))
        before.optimize(error_on(slice(0, 300)), n_trials=25)
        for label, studies in (("from nothing", []), ("after another study", [before])):
            sampler = LearnedSampler(seed=100 + seed, earlier=studies)
            study = optuna.create_study(sampler=sampler)
            study.optimize(error_on(slice(300, 700)), n_trials=15)
            curves[label].append(best_so_far(study))
    for (label, found), colour in zip(curves.items(), (RED, BLUE), strict=True):
        low, middle, high = np.quantile(found, [0.25, 0.5, 0.75], axis=0)
        trial = np.arange(1, len(middle) + 1)
        axis.plot(trial, middle, color=colour, label=label)
        axis.fill_between(trial, low, high, color=colour, alpha=0.15, linewidth=0)
    axis.set(xlabel="trials", ylabel="best error")
    axis.legend(frameon=False, title="median and quartiles of 12 seeds")
    save(figure, "earlier-studies")


def workers() -> None:
    """Sixteen points that are asked for at once, after eight results."""
    a, b = grid()
    study = in_plane(valley, lambda a, b: a - 2.0, LearnedSampler(seed=0), False, 8)
    batch = [study.ask() for _ in range(16)]
    at = np.array([[trial.suggest_float(name, 0.0, 1.0) for name in "ab"] for trial in batch])
    figure, axes = canvas(height=3.8)
    axis = axes[0, 0]
    axis.contour(a, b, valley(a, b), levels=12, colors="#9aa7b1", linewidths=0.6)
    axis.scatter(*points_of(study)[:8].T, s=22, color=INK, label="eight results")
    axis.scatter(*at.T, s=22, marker="^", color=BLUE, label="sixteen asked at once")
    square(axis)
    axis.set(xlabel="a", ylabel="b")
    axis.legend(frameon=False, loc="center left", bbox_to_anchor=(1.02, 0.5))
    save(figure, "workers")


def branin(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Branin's function on the unit square; its three minima are 0.3979."""
    x, y = 15.0 * a - 5.0, 15.0 * b
    bowl = y - 5.1 / (4 * np.pi**2) * x**2 + 5.0 / np.pi * x - 6.0
    return bowl**2 + 10.0 * (1.0 - 1.0 / (8 * np.pi)) * np.cos(x) + 10.0


def search(shown: Sequence[int] = (5, 10, 20, 40)) -> None:
    """Four frames of a search of Branin's function, beside TPE's."""
    a, b = grid()
    figure, axes = canvas(columns=len(shown), rows=2, height=4.4)
    samplers = (LearnedSampler(seed=0), TPESampler(seed=0))
    for row, sampler, label in zip(axes, samplers, ("LearnedSampler", "TPESampler"), strict=True):
        study = in_plane(branin, lambda a, b: a - 2.0, sampler, False, max(shown))
        at, best = points_of(study), best_so_far(study)
        for axis, n in zip(row, shown, strict=True):
            axis.contourf(a, b, np.log(branin(a, b)), levels=14, cmap="Blues_r", alpha=0.75)
            axis.scatter(*at[: n - 1].T, s=12, color="white", edgecolor=INK, linewidth=0.6)
            axis.scatter(*at[n - 1 : n].T, s=26, color=RED, edgecolor="white", linewidth=0.6)
            square(axis, ticks=())
            axis.spines[:].set_visible(False)
            axis.set_xlabel(f"best {best[n - 1]:.2f}", fontsize=9)
            if row is axes[0]:
                axis.set_title(f"{n} trials", fontsize=10)
        row[0].set_ylabel(label)
    save(figure, "search")


def main() -> None:
    """Draw all of them."""
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for draw in (conditional, regions, several, earlier, workers, search):
        draw()


if __name__ == "__main__":
    main()
