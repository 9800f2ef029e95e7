"""Command line: `run` makes rows, `compare` prints, `pack` commits and `report` draws them."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from hpo_benchmarks.environment import run_in_fixed_environment
from hpo_benchmarks.methods.catalogue import methods
from hpo_benchmarks.problems.suites import SUITES, TRIALS
from hpo_benchmarks.problems.tabular import HPOLIB
from hpo_benchmarks.rows import Row, read_rows, write_packed
from hpo_benchmarks.runner import cells_of, refuse_dirty_tree, run, stale, unfinished
from hpo_benchmarks.sources import ROOT

PACKED = Path(__file__).parent / "results" / "rows.jsonl.gz"
EARLIER = PACKED.with_name("version-0.1.0.jsonl.gz")
NEW_ROWS = ROOT / "runs" / "benchmarks" / "rows.jsonl"


def at_least_one(given: str) -> int:
    """A number from the command line."""
    try:
        number = int(given)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 on is needed, not {given!r}")
    return number


def a_file(given: str) -> Path:
    """A file from the command line that must be there."""
    if not Path(given).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {given}")
    return Path(given)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m hpo_benchmarks", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    runs = commands.add_parser("run", help="run the unfinished cells of a suite")
    runs.add_argument("suite", choices=[*SUITES, "all"])
    runs.add_argument("--methods", nargs="+", metavar="NAME", help="all, if left out")
    runs.add_argument(
        "--seeds", type=at_least_one, default=20, help="seeds 0 to N-1 (default: 20)"
    )
    runs.add_argument(
        "--trials",
        type=at_least_one,
        help="trials a study (default: 100; conditional, rough and held-out 50, transfer 30, "
        "long 500)",
    )
    runs.add_argument(
        "--jobs", type=at_least_one, default=os.cpu_count(), help="processes at a time"
    )
    runs.add_argument("--data", type=Path, default=HPOLIB, help="folder of HPOLib's tables")
    runs.add_argument("--ray", metavar="ADDRESS", help='Ray cluster, or "local" to start one')
    runs.add_argument(
        "--again", action="store_true", help="run what is packed anew; rows of --out still count"
    )
    runs.add_argument(
        "--dirty",
        action="store_true",
        help="run code that no commit holds; `pack` refuses its rows",
    )
    compare = commands.add_parser("compare", help="print how methods do on a suite")
    compare.add_argument("suite", choices=[*SUITES])
    compare.add_argument("--methods", nargs="+", metavar="NAME", help="all, if left out")
    compare.add_argument("--mine", metavar="NAME", help="the method to compare with the others")
    compare.add_argument(
        "--before", type=a_file, metavar="ROWS", help='rows of earlier code, as "NAME before"'
    )
    pack = commands.add_parser("pack", help="put all rows into the repository's results")
    report = commands.add_parser("report", help="write docs/benchmarks.md, figures and HTML")
    report.add_argument("--docs", type=Path, default=ROOT / "docs", help="folder to write to")
    report.add_argument("--stale", action="store_true", help="report rows of other code, too")
    runs.add_argument("--out", type=Path, default=NEW_ROWS, help="file of the new rows")
    for command in (compare, pack, report):
        command.add_argument("--out", type=a_file, default=NEW_ROWS, help="file of the new rows")
    return top


def run_suites(options: argparse.Namespace) -> int:
    """Run the suites asked for; the suite `speed` has the machine to itself.

    Raises:
        OSError: HPOLib's tables are not there, or the rows cannot be written.
        ValueError: an unknown method, one that suits no problem, or code that no commit holds.
    """
    known = methods()
    names = list(dict.fromkeys(options.methods or known))
    if unknown := sorted(set(names) - set(known)):
        raise ValueError(f"no method {', '.join(unknown)}; there are {', '.join(known)}")
    if not options.dirty:
        refuse_dirty_tree()
    failed = 0
    for suite in SUITES if options.suite == "all" else [options.suite]:
        alone = suite == "speed"
        try:
            problems = SUITES[suite](options.data)
        except FileNotFoundError as error:
            if options.suite != "all":
                raise
            print(f"{suite}: skipped, {error}", file=sys.stderr)
            continue
        cells = cells_of(
            problems,
            [known[name] for name in names],
            options.seeds,
            options.trials or TRIALS.get(suite, 100),
        )
        if not cells and options.suite != "all":
            raise ValueError(f"{' and '.join(names)} cannot run any problem of the suite {suite}")
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


def pack_rows(out: Path) -> None:
    """Put new rows into the repository's results.

    Where a method has new rows of a suite, its rows there of other code or weights go, so that no
    mean mixes two versions.

    Raises:
        ValueError: a row whose code no commit holds, or whose values cannot be.
    """
    new = read_rows([out])
    if lost := [row for row in new if not row.traceable]:
        raise ValueError(
            f"{len(lost)} of {len(new)} rows of {out} are of code that no commit holds, such as "
            f"{lost[0].place}, {lost[0].method}, seed {lost[0].seed} (commit {lost[0].commit}): "
            "run them again from a committed state"
        )
    refuse_impossible(new)
    renewed = {(row.suite, row.method) for row in new}
    made_by = {(row.suite, row.method, row.method_version, row.sources) for row in new}
    rows = read_rows([PACKED, out])
    kept = [
        row
        for row in rows
        if (row.suite, row.method) not in renewed
        or (row.suite, row.method, row.method_version, row.sources) in made_by
    ]
    write_packed(kept, PACKED)
    print(f"{len(kept)} rows are packed; {len(rows) - len(kept)} of other code went")


def refuse_impossible(rows: list[Row]) -> None:
    """Raise if a value lies below what its problem says is the smallest there is.

    Raises:
        ValueError: where.
    """
    if found := [row for row in rows if row.impossible]:
        row = found[0]
        raise ValueError(
            f"{len(found)} of {len(rows)} rows end below the optimum that their problem states, "
            f"such as {row.place}, {row.method}, seed {row.seed}: {row.curve[-1]} below "
            f"{row.optimum}; either the row or the optimum is wrong"
        )


def refuse_stale(rows: list[Row]) -> None:
    """Raise if rows are of code that has changed since.

    Raises:
        ValueError: which, and what to run.
    """
    if old := stale(rows, methods()):
        suites = " ".join(sorted({row.suite for row in old}))
        names = " ".join(sorted({row.method for row in old}))
        raise ValueError(
            f"{len(old)} of {len(rows)} rows are of code or weights that have changed since, or "
            f"that they do not name: run the suites {suites} with `--methods {names}` again, or "
            "say --stale"
        )


def print_comparison(options: argparse.Namespace) -> None:
    """Compare methods by the rows of --out, and the packed ones where --out has none.

    Raises:
        ValueError: there are no rows of a method, or of the suite.
    """
    from hpo_benchmarks.report.compare import comparison, renamed

    rows = read_rows([PACKED, options.out])
    if options.before is not None:
        rows += renamed(read_rows([options.before]))
    if options.methods is not None:
        there = {row.method for row in rows if row.suite == options.suite}
        if there and (lost := sorted(set(options.methods) - there)):
            raise ValueError(
                f"no rows of {', '.join(lost)} on {options.suite}; there are rows of "
                f"{', '.join(sorted(there))}"
            )
        rows = [row for row in rows if row.method in options.methods]
    print(comparison(rows, options.suite, options.mine))


def main() -> int:
    """Do what the command line says; 1 if that fails, 130 if it is stopped."""
    options = parser().parse_args()
    try:
        if options.command == "run":
            return int(run_suites(options) > 0)
        if options.command == "compare":
            print_comparison(options)
        elif options.command == "pack":
            pack_rows(options.out)
        else:
            from hpo_benchmarks.report.report import write_report

            rows = read_rows([PACKED, options.out])
            refuse_impossible(rows)
            if not options.stale:
                refuse_stale(rows)
            write_report(rows, options.docs, read_rows([EARLIER]))
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; finished studies are kept, and the same command goes on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    run_in_fixed_environment("hpo_benchmarks")
    sys.exit(main())
