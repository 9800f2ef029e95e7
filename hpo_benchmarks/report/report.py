"""Writes `benchmarks.md`, its figures and the interactive page from rows; optimizes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hpo_benchmarks.problems.problem import Problem
from hpo_benchmarks.problems.suites import SUITES
from hpo_benchmarks.problems.tabular import HPOLIB
from hpo_benchmarks.report.compare import BEFORE, renamed
from hpo_benchmarks.report.groups import by_kind
from hpo_benchmarks.report.labels import in_order, label_of, span_of
from hpo_benchmarks.report.live import SECTIONS, live_sections
from hpo_benchmarks.report.opening import opening, summary
from hpo_benchmarks.report.page import write_page
from hpo_benchmarks.report.paper_figures import FIGURES
from hpo_benchmarks.report.scores import (
    mean_over_families,
    means_of,
    regrets_of,
    select,
    successful,
)
from hpo_benchmarks.report.studies import Studies
from hpo_benchmarks.report.tables import (
    Table,
    best_in_bold,
    difference_table,
    duel_table,
    folded,
    markdown,
    problem_table,
    score_table,
)
from hpo_benchmarks.rows import Row

DIFFERENCES = """\
Normalised regret of {mine} minus that of each other method over the seeds that both have: the
mean over problems, negative where {mine} is better, with a 95 % bootstrap interval over problems
and their seeds, and on how many problems it is lower. Two forms of one problem (two surrogates of
a table, one worker or five) count as one in every mean.
"""
DUELS = """\
Problems won / tied / lost; a tie is a difference of less than two standard errors over the seeds
that both have.
"""
METHODS = """\
Every method runs as an Optuna sampler on one thread and chooses its own first trial. The others
have the settings that their authors chose as defaults, but that SMAC3 is told space and budget,
which its scenario asks for. Ours is `LearnedSampler()`, too; "told the space" has `search_space=`
besides, and so have the recurrent and the earlier policies, which are made for it. SMAC3 is the
real one, through its ask-and-tell interface; its forest
gets room for as many leaves as there are trials, which leaves its proposals as they are and makes
it faster; by its default it fits the forest after every eighth trial. "GP-EI, true kernel" knows
length scale and variance of the GP draws, as the paper's "Spearmint with fixed hyper-parameters"
did. Ax is asked in an environment of its own (`make peer-ax`), on a few problems and seeds. No
weights of ours were trained on these problems; but the rule by which the default policy
takes a logarithm of the objective was made after they had shown that a long bad tail was its
weakness, and then chosen on other functions.

    python -m hpo_benchmarks run all             # goes on where it stopped
    python -m hpo_benchmarks run paper --methods memory tpe --seeds 5
    python -m hpo_benchmarks compare paper       # prints how methods do, with errors
    python -m hpo_benchmarks run conditional --methods memory tpe tpe-group gp random
    python -m hpo_benchmarks compare rough --out new.jsonl --before old.jsonl
    python -m hpo_benchmarks pack                # puts the rows into hpo_benchmarks/results
    python -m hpo_benchmarks report

A row holds a digest of the code and weights behind it, the versions of packages and the commit.
`run` repeats the studies whose digest has changed and no others, refuses a folder that differs
from its commit, and `report` refuses rows of other code. A test runs a sample of rows again: ours,
TPE and random search come out the same, GPSampler drifts apart where a processor rounds otherwise.

The HPOLib tables are not part of the repository; `--data` names their folder. In the suites of
live problems the objective asks an Optuna trial for its parameters, and nobody is told space or
budget.
"""


def write_report(all_rows: list[Row], docs: Path, earlier: Sequence[Row] = ()) -> None:
    """Write `benchmarks.md`, `benchmarks/curves.html` and `benchmarks/*.png` below `docs`.

    Args:
        all_rows: what is reported.
        docs: the folder.
        earlier: rows of version 0.1.0's default policy, to compare today's with.

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
    fixed = [row for row in rows if row.suite not in SECTIONS]
    live = [row for row in rows if row.suite in SECTIONS]
    parts = ["# Benchmarks\n"]
    parts += summary(rows)
    if fixed:
        studies = Studies(fixed)
        parts += [*opening(studies, rows, folder), *_tables(studies)]
        parts += ["## The paper's experiments\n"]
        for drawn in FIGURES:
            parts += drawn.section(studies, folder)
        parts += [*_time(studies), *_parallel(studies), *_all_policies(studies)]
        parts += _since(studies, earlier)
        write_page(fixed, studies.regrets, docs / "benchmarks" / "curves.html")
    parts += live_sections(live)
    parts += [
        "## Methods, and how to rerun\n",
        METHODS,
        "## Seeds, studies and versions\n",
        markdown(seed_table(rows)),
        "## Problems\n",
        markdown(problem_list()),
        *_failed([row for row in all_rows if row.error is not None]),
    ]
    (docs / "benchmarks.md").write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")


def _tables(studies: Studies) -> list[str]:
    mine, budgets = studies.mine, studies.budgets
    everywhere = studies.of(studies.sequential, studies.names)
    peers = [name for name in studies.names if name not in studies.ours]
    others = [name for name in studies.names if name != mine]
    on_problems = studies.on_equal_terms(studies.sequential, studies.compared)
    kinds = [budgets[len(budgets) // 2 - 1], budgets[-1]] if len(budgets) > 1 else budgets
    parts = [
        f"## {label_of(mine)} against each other method\n",
        DIFFERENCES.format(mine=label_of(mine)),
        markdown(difference_table(everywhere, mine, peers, budgets)),
        DUELS,
        markdown(duel_table(everywhere, mine, others, budgets)),
    ]
    if on_problems:
        names = in_order(name for m in on_problems.values() for name in m)
        parts += ["## Kinds of problems\n", *(markdown(kind_table(studies, t)) for t in kinds)]
        parts += ["## Single problems\n"]
        for t in budgets:
            parts += [folded(f"After {t} trials", problem_table(on_problems, t, names))]
    return parts


def _since(studies: Studies, earlier: Sequence[Row]) -> list[str]:
    """What has changed since version 0.1.0, better and worse."""
    before = studies.mine + BEFORE
    regrets = regrets_of([*studies.rows, *renamed(earlier)])
    parts = []
    for kind, problems in by_kind([*studies.sequential, *studies.parallel]).items():
        shared = select(regrets, problems, [studies.mine, before])
        _, lines = difference_table(shared, studies.mine, [before], studies.budgets)
        parts += [[kind, *line[1:]] for line in lines]
    if not parts:
        return []
    head = ["problems", "number", "seeds", *(f"@{t}" for t in studies.budgets)]
    return [
        "## What has changed since version 0.1.0\n",
        f"Normalised regret of {label_of(studies.mine)} minus that of version 0.1.0's default, "
        "which was told space and budget; negative where today's is better:\n",
        markdown((head, parts)),
    ]


def kind_table(studies: Studies, t: int) -> Table:
    """Mean regret on each kind of sequential problem."""
    lines = []
    names = in_order(
        {
            n
            for m in studies.on_equal_terms(studies.sequential, studies.compared).values()
            for n in m
        }
    )
    for kind, problems in by_kind(studies.sequential).items():
        means = means_of(studies.of(problems, names), t)
        # A method that cannot run every problem of a kind has no mean to compare.
        whole = {
            name: float(mean_over_families({p: found[name] for p, found in means.items()}))
            for name in names
            if all(name in found for found in means.values())
        }
        lines.append([f"{kind} ({len(problems)})", *best_in_bold([whole.get(n) for n in names])])
    return [f"normalised regret @{t}", *map(label_of, names)], lines


def _time(studies: Studies) -> list[str]:
    timed = [row for row in studies.rows if row.suite == "speed"]
    if not timed:
        return []
    problems = sorted({row.problem for row in timed})
    lines = []
    for name in in_order(row.method for row in timed):
        cells = [
            [row.clock[-1] for row in timed if row.method == name and row.problem == problem]
            for problem in problems
        ]
        lines.append([label_of(name), *(f"{np.median(c):.3g}" if c else "" for c in cells)])
    return [
        f"### Table 1: seconds in the optimizer for {studies.trials} trials\n",
        "One study at a time, one thread, Optuna's own bookkeeping included; medians.\n",
        markdown((["method", *problems], lines)),
    ]


def _parallel(studies: Studies) -> list[str]:
    chosen = studies.of(studies.parallel, studies.compared)
    equal = studies.on_equal_terms(studies.parallel, studies.compared)
    if not equal:
        return []
    others = [name for name in studies.compared if name != studies.mine]
    return [
        "## Five evaluations at a time\n",
        f"Normalised regret on {len(equal)} problems (95 % bootstrap interval over problems), "
        "then mean rank, and differences as above:\n",
        markdown(score_table(equal, studies.budgets, ranks=False)),
        markdown(score_table(equal, studies.budgets, ranks=True)),
        markdown(difference_table(chosen, studies.mine, others, studies.budgets)),
    ]


def _all_policies(studies: Studies) -> list[str]:
    if len(studies.ours) == 1:
        return []
    chosen = studies.of(studies.sequential, studies.ours)
    return [
        "## All shipped policies\n",
        f"Normalised regret of {label_of(studies.mine)} minus that of each other policy, as "
        "above. Policies for single dimensions run only the problems of these dimensions.\n",
        markdown(difference_table(chosen, studies.mine, studies.ours[1:], studies.budgets)),
    ]


def seed_table(rows: list[Row]) -> Table:
    """Seeds, versions and commits behind the numbers, and the hours that the studies took."""
    lines = []
    for name in in_order(row.method for row in rows):
        mine = [row for row in rows if row.method == name]
        seeds: dict[str, set[int]] = {}
        for row in mine:
            seeds.setdefault(row.place, set()).add(row.seed)
        seconds = sum(row.clock[-1] + (row.objective_seconds or 0.0) for row in mine)
        lines.append(
            [
                label_of(name),
                span_of(map(len, seeds.values())),
                str(len(mine)),
                f"{seconds / 3600:.2f}",
                ", ".join(sorted({row.method_version for row in mine})),
                ", ".join(sorted({row.commit or "unknown" for row in mine})),
            ]
        )
    return ["method", "seeds a problem", "studies", "hours", "version", "commits"], lines


_DESCRIBED = (
    *("paper", "tables", "control", "neural", "conditional", "rough"),
    *("constrained", "several", "transfer"),
)
"""Suites whose problems the page lists: not those that repeat others, nor HPOLib's, whose tables
are not everywhere."""


def problem_list() -> Table:
    """Problems with size, source and cost."""
    lines = []
    for suite in _DESCRIBED:
        for problem in SUITES[suite](HPOLIB):
            fixed = isinstance(problem, Problem)
            size = str(len(problem.space)) if fixed else ""
            source = problem.source if fixed else problem.about
            lines.append([f"{suite}/{problem.name}", size, source, problem.cost])
    return ["problem", "parameters", "source", "cost of an evaluation"], lines


def _failed(rows: list[Row]) -> list[str]:
    if not rows:
        return []
    return [
        f"{len(rows)} studies failed:\n",
        *(f"- {row.place}, {row.method}, seed {row.seed}: {row.error}" for row in rows),
    ]
