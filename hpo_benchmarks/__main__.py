"""Command line: `run` makes rows, `pack` commits them, `report` draws them."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

# One thread a process, here and in the workers that inherit it, so that times compare.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

from hpo_benchmarks.environment import fix_hash_seed  # noqa: E402
from hpo_benchmarks.methods.catalogue import methods  # noqa: E402
from hpo_benchmarks.problems.suites import SUITES  # noqa: E402
from hpo_benchmarks.problems.tabular import HPOLIB  # noqa: E402
from hpo_benchmarks.runner import (  # noqa: E402
    ROOT,
    cells_of,
    read_rows,
    run,
    unfinished,
    write_packed,
)

PACKED = Path(__file__).parent / "results" / "rows.jsonl.gz"
NEW_ROWS = ROOT / "runs" / "benchmarks" / "rows.jsonl"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m hpo_benchmarks", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    runs = commands.add_parser("run", help="run the unfinished cells of a suite")
    runs.add_argument("suite", choices=[*SUITES, "all"])
    runs.add_argument("--methods", nargs="+", metavar="NAME", help="all, if left out")
    runs.add_argument("--seeds", type=int, default=20, help="seeds 0 to N-1 (default: 20)")
    runs.add_argument("--trials", type=int, default=100, help="trials a study (default: 100)")
    runs.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    runs.add_argument("--data", type=Path, default=HPOLIB, help="folder of HPOLib's tables")
    runs.add_argument("--ray", metavar="ADDRESS", help='Ray cluster, or "local" to start one')
    runs.add_argument(
        "--again", action="store_true", help="run what is packed anew; rows of --out still count"
    )
    pack = commands.add_parser("pack", help="put all rows into the repository's results")
    report = commands.add_parser("report", help="write docs/benchmarks.md, figures and HTML")
    report.add_argument("--docs", type=Path, default=ROOT / "docs", help="folder to write to")
    for command in (runs, pack, report):
        command.add_argument("--out", type=Path, default=NEW_ROWS, help="file of the new rows")
    return top


def run_suites(options: argparse.Namespace) -> int:
    """Run the suites asked for; the suite `speed` has the machine to itself.

    Raises:
        ValueError: an unknown method.
    """
    known = methods()
    names = options.methods or list(known)
    if unknown := sorted(set(names) - set(known)):
        raise ValueError(f"no method {', '.join(unknown)}; there are {', '.join(known)}")
    failed = 0
    for suite in SUITES if options.suite == "all" else [options.suite]:
        alone = suite == "speed"
        cells = cells_of(
            SUITES[suite](options.data),
            [known[name] for name in names],
            options.seeds,
            options.trials,
        )
        finished = read_rows([options.out] if options.again else [PACKED, options.out])
        todo = unfinished(cells, finished)
        print(f"{suite}: {len(cells) - len(todo)} of {len(cells)} cells are finished")
        failed += run(
            todo,
            options.out,
            jobs=1 if alone else options.jobs,
            ray_address=None if alone else options.ray,
        )
    return failed


def main() -> int:
    """Do what the command line says; 1 if a cell failed or the command is wrong."""
    options = parser().parse_args()
    try:
        if options.command == "run":
            return int(run_suites(options) > 0)
        rows = read_rows([PACKED, options.out])
        if options.command == "pack":
            write_packed(rows, PACKED)
        else:
            from hpo_benchmarks.report.report import write_report

            write_report(rows, options.docs)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    fix_hash_seed("hpo_benchmarks")
    sys.exit(main())
