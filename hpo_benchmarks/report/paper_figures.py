"""The paper's figures: what each shows, which rows it needs, and who draws it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hpo_benchmarks.report import figures
from hpo_benchmarks.report.scores import clocks_of
from hpo_benchmarks.report.studies import Studies

MODELS = ("gp-ei-true", "lstm-oi", "lstm-ei", "dnc-oi", "dnc-ei")
"""The paper's own methods."""
GP_DRAWS = tuple(f"paper/gp-{dim}d" for dim in (1, 3, 6, 9))
CLASSICS = tuple(
    f"paper/{name}" for name in ("branin", "goldstein-price", "hartmann3", "hartmann6")
)
TUNING = (
    *(f"hpolib/hpolib-{name}" for name in ("svm", "lda", "logreg")),
    *("neural/mlp-digits", "neural/mlp-digits-5-workers"),
)
TIMED = ("speed/goldstein-price", "speed/hartmann6")
CONTROL = ("control/repellers",)


@dataclass(frozen=True)
class PaperFigure:
    """One figure of the page.

    Attributes:
        name: of its file.
        alt: what it shows, for those who cannot see it.
        needs: problems; it is drawn if there are rows of any of them.
        draw: (studies, file) -> None.
        title: of the section that it begins.
        text: above the figure.
    """

    name: str
    alt: str
    needs: tuple[str, ...]
    draw: Callable[[Studies, Path], None]
    title: str = ""
    text: str = ""

    def section(self, studies: Studies, folder: Path) -> list[str]:
        """Draw the figure and return its Markdown; nothing without rows."""
        if not studies.there & set(self.needs):
            return []
        title = [f"### {self.title}\n"] if self.title else []
        text = [f"{self.text}\n"] if self.text else []
        picture = figure(folder, self.name, self.alt, lambda path: self.draw(studies, path))
        return [*title, *text, picture]


def figure(folder: Path, name: str, alt: str, draw: Callable[[Path], None]) -> str:
    """Draw one figure and return the Markdown that shows it."""
    path = folder / f"{name}.png"
    draw(path)
    return f"![{alt}]({folder.name}/{path.name})\n"


def _peers(problems: tuple[str, ...], columns: int = 4) -> Callable[[Studies, Path], None]:
    """Draws the default policy beside today's samplers."""
    return lambda studies, path: figures.draw_problems(
        studies.regrets, problems, studies.compared, path, columns=columns
    )


def _models(problems: tuple[str, ...]) -> Callable[[Studies, Path], None]:
    """Draws the default policy beside the paper's methods."""
    return lambda studies, path: figures.draw_problems(
        studies.regrets, problems, [studies.mine, *MODELS], path
    )


def _recurrent(studies: Studies, path: Path) -> None:
    names = [name for name in studies.ours if name.startswith(("lstm", "dnc"))]
    figures.draw_problems(studies.regrets, GP_DRAWS[2:3], names or [studies.mine], path)


def _by_time(studies: Studies, path: Path) -> None:
    figures.draw_by_time(studies.regrets, clocks_of(studies.rows), TIMED, studies.compared, path)


FIGURES = (
    PaperFigure(
        "figure3",
        "regret by trial on GP draws",
        GP_DRAWS,
        _peers(GP_DRAWS),
        title="Figure 3: functions drawn from the training distribution",
    ),
    PaperFigure(
        "figure3-models",
        "regret by trial on GP draws, the paper's methods",
        GP_DRAWS,
        _models(GP_DRAWS),
        text="The paper's own methods:",
    ),
    PaperFigure(
        "figure3-lstm-dnc",
        "LSTM and DNC on 6-dimensional GP draws",
        GP_DRAWS[2:3],
        _recurrent,
        text="LSTM beside DNC in six dimensions, by loss:",
    ),
    PaperFigure(
        "figure4",
        "query trajectories in one dimension",
        GP_DRAWS[:1],
        lambda studies, path: figures.draw_queries(
            studies.rows, ["memory", "lstm-oi", "dnc-oi", "gp", "tpe", "random"], path
        ),
        title="Figure 4: queries in one dimension",
        text="Grey: the function. In colour: the points asked, from the first trial upwards.",
    ),
    PaperFigure(
        "figure5",
        "regret by trial on classic functions",
        CLASSICS,
        _peers(CLASSICS),
        title="Figure 5: classic functions, by trial and by time",
    ),
    PaperFigure(
        "figure5-models",
        "regret by trial on classic functions, the paper's methods",
        CLASSICS,
        _models(CLASSICS),
        text="The paper's own methods:",
    ),
    PaperFigure("figure5-time", "regret by seconds in the optimizer", TIMED, _by_time),
    PaperFigure(
        "figure6-trajectory",
        "trajectory of the best controller",
        CONTROL,
        lambda studies, path: figures.draw_best_control(studies.rows, path),
        title="Figure 6: two repellers",
        text="The best controller found (contours: reward), and the methods by trial:",
    ),
    PaperFigure("figure6", "regret by trial on the control problem", CONTROL, _peers(CONTROL)),
    PaperFigure(
        "figure7",
        "regret by trial on tuning problems",
        TUNING,
        _peers(TUNING, columns=3),
        title="Figure 7: hyper-parameter tuning",
    ),
)
