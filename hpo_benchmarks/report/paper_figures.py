"""The paper's figures as Markdown sections: which problems and methods each one shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hpo_benchmarks.report import figures
from hpo_benchmarks.report.scores import Runs, problem_of, runs_of
from hpo_benchmarks.runner import Row

THE_PAPERS = ("gp-ei-true", "lstm-oi", "lstm-ei", "dnc-oi", "dnc-ei")
GP_DRAWS = tuple(f"paper/gp-{dim}d" for dim in (1, 3, 6, 9))
CLASSICS = tuple(
    f"paper/{name}" for name in ("branin", "goldstein-price", "hartmann3", "hartmann6")
)
TUNING = (
    *(f"hpolib/hpolib-{name}" for name in ("svm", "lda", "logreg")),
    *("neural/mlp-digits", "neural/mlp-digits-5-workers"),
)


def figure(folder: Path, name: str, alt: str, draw: Callable[[Path], None]) -> str:
    """Draw one figure and return the Markdown that shows it."""
    path = folder / f"{name}.png"
    draw(path)
    return f"![{alt}]({folder.name}/{path.name})\n"


def paper_figures(
    rows: list[Row], regrets: Runs, compared: Sequence[str], folder: Path
) -> list[str]:
    """The Markdown sections that redraw the paper's figures, as far as there are rows.

    Args:
        rows: successful rows.
        regrets: their normalised regrets.
        compared: methods to draw beside the paper's own.
        folder: where the figures go.
    """
    there = {problem_of(row) for row in rows}
    few = [*compared, *THE_PAPERS]
    shown = [row for row in rows if row["method"] in few]
    in_six = regrets.get("paper/gp-6d", {})
    recurrent = sorted(name for name in in_six if name.startswith(("dnc", "lstm")))
    parts = []
    if there & set(GP_DRAWS):
        parts += [
            "### Figure 3: functions drawn from the training distribution\n",
            figure(
                folder,
                "figure3",
                "regret by trial on GP draws",
                lambda path: figures.draw_problems(regrets, GP_DRAWS, few, path),
            ),
        ]
    if recurrent:
        parts += [
            "LSTM beside DNC in six dimensions:\n",
            figure(
                folder,
                "figure3-lstm-dnc",
                "LSTM and DNC on 6-dimensional GP draws",
                lambda path: figures.draw_problems(regrets, ["paper/gp-6d"], recurrent, path),
            ),
        ]
    if "paper/gp-1d" in there:
        parts += [
            "### Figure 4: queries in one dimension\n",
            "Blue: the function. Red: the points asked, from the first trial upwards.\n",
            figure(
                folder,
                "figure4",
                "query trajectories in one dimension",
                lambda path: figures.draw_queries(shown, path),
            ),
        ]
    if there & set(CLASSICS):
        parts += [
            "### Figure 5: classic functions, by trial and by time\n",
            figure(
                folder,
                "figure5",
                "regret by trial on classic functions",
                lambda path: figures.draw_problems(regrets, CLASSICS, few, path),
            ),
        ]
    timed = [
        problem for problem in ("speed/goldstein-price", "speed/hartmann6") if problem in there
    ]
    if timed:
        parts.append(
            figure(
                folder,
                "figure5-time",
                "regret by seconds in the optimizer",
                lambda path: figures.draw_by_time(
                    regrets, runs_of(rows, "clock"), timed, few, path
                ),
            )
        )
    if "control/repellers" in there:
        parts += [
            "### Figure 6: two repellers\n",
            "The best controller found, and the methods by trial:\n",
            figure(
                folder,
                "figure6-trajectory",
                "trajectory of the best controller",
                lambda path: figures.draw_best_control(rows, path),
            ),
            figure(
                folder,
                "figure6",
                "regret by trial on the control problem",
                lambda path: figures.draw_problems(regrets, ["control/repellers"], few, path),
            ),
        ]
    if there & set(TUNING):
        parts += [
            "### Figure 7: hyper-parameter tuning\n",
            figure(
                folder,
                "figure7",
                "regret by trial on tuning problems",
                lambda path: figures.draw_problems(regrets, TUNING, few, path),
            ),
        ]
    return parts
