"""Runs cells (problem, method, seed), one JSON line each, and resumes where it was stopped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import joblib

import l2l_sampler
from hpo_benchmarks.environment import VARIABLES
from hpo_benchmarks.methods.catalogue import Method
from hpo_benchmarks.problems.problem import AnyProblem
from hpo_benchmarks.rows import Row
from hpo_benchmarks.sources import ROOT, machine, packages
from hpo_benchmarks.study import Cell, run_cell
from train.bars import bar
from train.jsonl import append_line
from train.revision import holds_code, revision


def origin() -> dict[str, Any]:
    """Release, commit, packages and machine, for the rows."""
    return {
        "version": l2l_sampler.__version__,
        "commit": revision() or "unknown",
        "packages": packages(),
        "machine": machine(),
    }


def refuse_dirty_tree() -> None:
    """Raise unless a commit holds the code that is about to run.

    Raises:
        ValueError: files differ from the commit, or there is no commit.
    """
    commit = revision()
    if not holds_code(commit):
        state = "is no git checkout" if commit is None else f"differs from its commit ({commit})"
        raise ValueError(
            f"the source folder {state}, so nobody could make these rows again: commit first, or "
            "say --dirty to look at rows that `pack` will refuse"
        )


def cells_of(
    problems: Iterable[AnyProblem], methods: Iterable[Method], seeds: int, trials: int
) -> list[Cell]:
    """Every cell to run, seed by seed, so that a run cut short has few but complete seeds."""
    methods = list(methods)
    return [
        Cell(problem, method, seed, trials)
        for seed in range(seeds)
        for problem in problems
        for method in methods
        if method.suits(problem)
    ]


def unfinished(cells: Iterable[Cell], rows: Iterable[Row]) -> list[Cell]:
    """The cells without a row of the same method version and code, or with a failed one."""
    done = {(*row.key, row.method_version, row.sources) for row in rows if row.error is None}
    return [cell for cell in cells if (*cell.key, cell.method.version, cell.sources) not in done]


def stale(rows: Iterable[Row], methods: Mapping[str, Method]) -> list[Row]:
    """The rows that today's code or weights did not make, or that do not say what did.

    Of a method that is not installed only the code is compared.
    """
    found = []
    for row in rows:
        method = methods.get(row.method)
        if (
            method is None
            or not row.traceable
            or method.sources(row.suite) != row.sources
            or (method.installed and method.version != row.method_version)
        ):
            found.append(row)
    return found


def _results(cells: list[Cell], source: Mapping[str, Any], jobs: int) -> Iterator[Row]:
    """Rows as local processes finish them."""
    tasks = (joblib.delayed(run_cell)(cell, source) for cell in cells)
    yield from joblib.Parallel(jobs, return_as="generator_unordered")(tasks)


def _ray_results(
    cells: list[Cell], source: Mapping[str, Any], jobs: int, address: str
) -> Iterator[Row]:
    """Rows from the Ray cluster at `address`, or from one started here if that is "local".

    Joblib's Ray backend returns lists only, so the cells go out in batches.
    """
    import ray
    from ray.util.joblib import register_ray

    register_ray()
    ray.init(
        address=None if address == "local" else address,
        runtime_env={"env_vars": {**VARIABLES, "PYTHONPATH": str(ROOT)}},
        log_to_driver=False,
    )
    try:
        with joblib.parallel_config(backend="ray"):
            for i in range(0, len(cells), 4 * jobs):
                batch = cells[i : i + 4 * jobs]
                yield from joblib.Parallel(jobs)(
                    joblib.delayed(run_cell)(cell, source) for cell in batch
                )
    finally:
        ray.shutdown()


def run(cells: list[Cell], out: Path, *, jobs: int, ray_address: str | None = None) -> int:
    """Run cells and append their rows to `out` as they finish.

    Args:
        cells: what to run.
        out: a .jsonl file, made if missing.
        jobs: processes at a time.
        ray_address: run on this Ray cluster in place of local processes.

    Returns:
        Number of cells that failed.
    """
    source = origin()
    out.parent.mkdir(parents=True, exist_ok=True)
    failed = 0
    if ray_address:
        results = _ray_results(cells, source, jobs, ray_address)
    else:
        results = _results(cells, source, jobs)
    with bar(total=len(cells), unit="cell", disable=not cells) as progress:
        for row in results:
            append_line(out, row.to_json())
            progress.update()
            progress.set_postfix_str(f"{row.problem} {row.method}")
            if row.error is not None:
                failed += 1
                progress.write(f"failed: {row.place} {row.method} seed {row.seed}: {row.error}")
    return failed
