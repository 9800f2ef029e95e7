"""Writes `benchmarks.md`, its figures and the interactive page from rows; optimizes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from hpo_benchmarks.problems.suites import SUITES
from hpo_benchmarks.problems.tabular import HPOLIB
from hpo_benchmarks.report import figures
from hpo_benchmarks.report.figures import in_order, label_of
from hpo_benchmarks.report.page import write_page
from hpo_benchmarks.report.paper_figures import figure, paper_figures
from hpo_benchmarks.report.scores import (
    BUDGETS,
    Estimate,
    Runs,
    kind_of,
    means_of,
    over_problems,
    problem_of,
    ranks_of,
    regrets_of,
    select,
    successful,
    wins_ties_losses,
)
from hpo_benchmarks.runner import Row

PEERS = ("gp", "smac", "tpe", "cmaes", "sobol", "random")


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table, numbers to the right of their column's first."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *lines]) + "\n"


def _with_interval(estimate: Estimate) -> str:
    return f"{estimate.mean:.3g} ({estimate.low:.2g} to {estimate.high:.2g})"


def _best_in_bold(values: Sequence[float | None], style: str = ".2g") -> list[str]:
    known = [value for value in values if value is not None]
    return [
        ""
        if value is None
        else f"**{value:{style}}**"
        if value == min(known)
        else f"{value:{style}}"
        for value in values
    ]


METHODS_TEXT = """\
Every method runs as an Optuna sampler with the settings that its authors chose as defaults, on one
thread, and chooses its own first trial. SMAC3 is the real one, through its ask-and-tell interface;
its forest gets room for as many leaves as there are trials, which leaves its proposals as they are
and makes it faster; by its default it fits the forest after every eighth trial. "GP-EI, true
kernel" knows length scale and variance of the GP draws, as the paper's "Spearmint with fixed
hyper-parameters" did. Nothing of ours was tuned on these problems.

    python -m hpo_benchmarks run all             # goes on where it stopped
    python -m hpo_benchmarks run paper --methods memory tpe --seeds 5
    python -m hpo_benchmarks pack                # puts the rows into hpo_benchmarks/results
    python -m hpo_benchmarks report

A policy that was retrained has another hash, so `run` repeats its studies and no others. The
HPOLib tables are not part of the repository; `--data` names their folder.
"""


def problems_table(data: Path = HPOLIB) -> str:
    """All problems with size, source and cost; HPOLib's only where their tables are."""
    lines = []
    for suite in ("paper", "hpolib", "tables", "control", "neural"):
        for problem in SUITES[suite](data):
            size = str(len(problem.space))
            lines.append([f"{suite}/{problem.name}", size, problem.source, problem.cost])
    return table(["problem", "parameters", "source", "cost of an evaluation"], lines)


class Report:
    """What all sections need: rows, regrets, and the methods that are compared.

    Args:
        rows: successful rows.
        folder: where figures go.
    """

    def __init__(self, rows: list[Row], folder: Path) -> None:
        """Compute the regrets that all sections share."""
        self.rows, self.folder = rows, folder
        self.regrets = regrets_of(rows)
        self.names = in_order(row["method"] for row in rows)
        self.mine = self.names[0]
        self.compared = [name for name in self.names if name == self.mine or name in PEERS]
        self.budgets = [t for t in BUDGETS if t <= rows[0]["trials"]]
        self.sequential = self._problems(
            lambda row: row["workers"] == 1 and row["suite"] != "speed"
        )
        self.parallel = self._problems(lambda row: row["workers"] > 1)

    def _problems(self, keep: Callable[[Row], bool]) -> list[str]:
        return list(dict.fromkeys(problem_of(row) for row in self.rows if keep(row)))

    def milliseconds(self) -> dict[str, float]:
        """Mean time a trial in the optimizer; from the suite `speed` where a method ran it."""
        timed = {}
        for name in self.names:
            rows = [row for row in self.rows if row["method"] == name]
            alone = [row for row in rows if row["suite"] == "speed"] or rows
            timed[name] = float(np.mean([1e3 * row["clock"][-1] / row["trials"] for row in alone]))
        return timed

    def scores(self, problems: Sequence[str], methods: Sequence[str]) -> str:
        """Mean rank and regret of methods over problems, at every budget."""
        chosen = select(self.regrets, problems, methods)
        if not chosen:
            return ""
        ranks = [over_problems(ranks_of(chosen, t)) for t in self.budgets]
        regrets = [over_problems(means_of(chosen, t)) for t in self.budgets]
        head = ["method", "problems", *(f"@{t}" for t in self.budgets)]
        parts = []
        for title, estimates in (("Mean rank", ranks), ("Normalised regret", regrets)):
            lines = [
                [
                    label_of(name),
                    str(estimates[0][name].problems),
                    *(_with_interval(found[name]) for found in estimates),
                ]
                for name in in_order(estimates[0])
            ]
            parts.append(
                f"{title} (95 % bootstrap interval over problems):\n\n{table(head, lines)}"
            )
        return "\n".join(parts)

    def kinds(self) -> str:
        """Normalised regret on each kind of problem, at every budget."""
        by_kind: dict[str, list[str]] = {}
        for problem in self.sequential:
            by_kind.setdefault(kind_of(problem), []).append(problem)
        parts = []
        for t in self.budgets:
            lines = []
            for kind, problems in by_kind.items():
                means = over_problems(means_of(select(self.regrets, problems, self.compared), t))
                # A method that cannot run every problem of a kind has no mean to compare.
                whole = {name: e.mean for name, e in means.items() if e.problems == len(problems)}
                lines.append([kind, *_best_in_bold([whole.get(name) for name in self.compared])])
            head = [f"normalised regret @{t}", *map(label_of, self.compared)]
            parts.append(table(head, lines))
        return "\n".join(parts)

    def duels(self) -> str:
        """Wins, ties and losses of the default policy against every other method."""
        chosen = select(self.regrets, self.sequential, self.names)
        lines = []
        for other in self.names[1:]:
            counts = [wins_ties_losses(chosen, self.mine, other, t) for t in self.budgets]
            if any(map(sum, counts)):
                lines.append([label_of(other), *(f"{w} / {d} / {x}" for w, d, x in counts)])
        return table(["against", *(f"@{t}" for t in self.budgets)], lines)

    def by_problem(self, t: int) -> str:
        """Normalised regret of every problem."""
        means = means_of(select(self.regrets, self.sequential, self.compared), t)
        lines = [
            [problem, *_best_in_bold([found.get(name) for name in self.compared])]
            for problem, found in means.items()
        ]
        return table([f"normalised regret @{t}", *map(label_of, self.compared)], lines)

    def seconds(self) -> str:
        """The paper's table 1: seconds in the optimizer for a whole study."""
        timed = [row for row in self.rows if row["suite"] == "speed"]
        problems = list(dict.fromkeys(row["problem"] for row in timed))
        lines = []
        for name in in_order(row["method"] for row in timed):
            cells = [
                [r["clock"][-1] for r in timed if r["method"] == name and r["problem"] == problem]
                for problem in problems
            ]
            lines.append([label_of(name), *(f"{np.mean(c):.3g}" if c else "" for c in cells)])
        return table(["method", *problems], lines)

    def seeds(self) -> str:
        """Seeds and versions behind the numbers."""
        lines = []
        for name in self.names:
            rows = [row for row in self.rows if row["method"] == name]
            lines.append(
                [
                    label_of(name),
                    str(len({row["seed"] for row in rows})),
                    str(len(rows)),
                    ", ".join(sorted({row["method_version"] for row in rows})),
                ]
            )
        return table(["method", "seeds", "studies", "version"], lines)

    def overview(self) -> Runs:
        """Regrets of the compared methods on the sequential problems that all of them ran.

        Methods that ran less than 80 % of these problems are left out.
        """
        chosen = select(self.regrets, self.sequential, self.compared)
        many = 0.8 * len(self.sequential)
        kept = [name for name in self.compared if sum(name in m for m in chosen.values()) > many]
        chosen = select(chosen, self.sequential, kept)
        return {problem: found for problem, found in chosen.items() if len(found) == len(kept)}


def write_report(all_rows: list[Row], docs: Path) -> None:
    """Write `benchmarks.md`, `benchmarks.html` and `benchmarks/*.png` below `docs`.

    Raises:
        ValueError: there are no rows with results.
    """
    rows = successful(all_rows)
    if not rows:
        raise ValueError(
            "there are no rows to report; make some with `python -m hpo_benchmarks run all`"
        )
    folder = docs / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    report = Report(rows, folder)
    failed = [row for row in all_rows if "error" in row]
    last = report.budgets[-1] if report.budgets else rows[0]["trials"]
    report.budgets = report.budgets or [last]
    parts = [
        "# Benchmarks\n",
        f"`python -m hpo_benchmarks report` wrote this page from {len(rows)} studies of "
        f"{rows[0]['trials']} trials; [benchmarks.html](benchmarks.html) shows the same curves "
        "interactively. Regret is normalised: 1 is the median first trial of random search, 0 the "
        "optimum or, where nobody knows it, the best value that any method found. All methods "
        "share instances and seeds, and their warm-up counts as trials.\n",
        "## Summary\n",
        figure(
            folder,
            "overview",
            "normalised regret by trial and by time",
            lambda path: figures.draw_overview(
                report.overview(),
                report.milliseconds(),
                last,
                path,
                suites="all sequential suites",
            ),
        ),
        report.scores(report.sequential, report.compared),
        f"## {label_of(report.mine)} against each other method\n",
        "Problems won / tied / lost; a tie is a difference of less than two standard errors over "
        "the seeds that both have.\n",
        report.duels(),
        "## Kinds of problems\n",
        report.kinds(),
        "## Single problems\n",
        *(report.by_problem(t) for t in report.budgets),
        "## The paper's experiments\n",
        "The paper draws best values. Here it is regret, which has the optimum of each instance "
        "taken out, because slow methods ran fewer instances.\n",
        *paper_figures(rows, report.regrets, report.compared, folder),
    ]
    if any(row["suite"] == "speed" for row in rows):
        parts += [
            f"### Table 1: seconds in the optimizer for {rows[0]['trials']} trials\n",
            "One study at a time, one thread, Optuna's own bookkeeping included.\n",
            report.seconds(),
        ]
    if report.parallel:
        parts += [
            "## Five evaluations at a time\n",
            report.scores(report.parallel, report.compared),
        ]
    if set(report.names) - {report.mine, "gp-ei-true", *PEERS}:
        ours = [name for name in report.names if name not in PEERS and name != "gp-ei-true"]
        parts += [
            "## All shipped policies\n",
            "Policies for single dimensions run only the problems of these dimensions, so their "
            "means are over different problems.\n",
            report.scores(report.sequential, ours),
        ]
    parts += [
        "## Methods, and how to rerun\n",
        METHODS_TEXT,
        "## Seeds, studies and versions\n",
        report.seeds(),
        "## Problems\n",
        problems_table(),
    ]
    if failed:
        parts += [
            f"{len(failed)} studies failed:\n",
            *(
                f"- {problem_of(row)}, {row['method']}, seed {row['seed']}: {row['error']}"
                for row in failed
            ),
        ]
    (docs / "benchmarks.md").write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")
    write_page(rows, report.regrets, docs / "benchmarks.html")
