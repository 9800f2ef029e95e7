"""Runs cells (problem, method, seed), one JSON line each, and resumes where it was stopped."""

from __future__ import annotations

import gzip
import heapq
import json
import math
import subprocess
import time
import traceback
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import optuna
from tqdm import tqdm

import l2l_sampler
from hpo_benchmarks.methods.catalogue import Method, make_sampler
from hpo_benchmarks.problems.problem import Problem, rng_of

Row = dict[str, Any]
ROOT = Path(__file__).parents[1]
CELL = ("suite", "problem", "method", "seed", "trials")


@dataclass(frozen=True)
class Cell:
    """One study to run."""

    problem: Problem
    method: Method
    seed: int
    trials: int

    @property
    def key(self) -> Row:
        """The fields of this cell's row that say what was run."""
        return {
            "suite": self.problem.suite,
            "problem": self.problem.name,
            "method": self.method.name,
            "seed": self.seed,
            "trials": self.trials,
            "method_version": self.method.version,
        }


def tune(cell: Cell) -> Row:
    """Run one study, with `problem.workers` evaluations at a time in simulated time.

    The sampler's seed and the simulated run times, U(0.5, 1.5), come from suite, problem and
    seed, so that methods differ in nothing else. Warm-up counts as trials.

    Returns:
        `curve`: best value after each finished trial; `best_params` of the last; `clock`:
        seconds spent in the optimizer until then, rounded to microseconds; `objective_seconds`;
        `optimum` where known; for one-dimensional problems also `queries`, the points asked.
    """
    problem, seed = cell.problem, cell.seed
    rng = rng_of(problem.suite, problem.name, seed)
    sampler_seed, durations = int(rng.integers(2**31)), rng.uniform(0.5, 1.5, cell.trials)
    start = time.perf_counter()
    sampler = make_sampler(cell.method, sampler_seed, problem.space, cell.trials)
    study = optuna.create_study(sampler=sampler)
    optimizer_seconds, objective_seconds = time.perf_counter() - start, 0.0
    running: list[tuple[float, int, float]] = []  # simulated end, trial number, value
    curve: list[float] = []
    clock: list[float] = []
    queries: list[float] = []
    now, asked = 0.0, 0
    while len(curve) < cell.trials:
        while len(running) < problem.workers and asked < cell.trials:
            start = time.perf_counter()
            trial = study.ask(dict(problem.space))
            asking = time.perf_counter()
            value = problem.objective(trial.params, seed)
            optimizer_seconds += asking - start
            objective_seconds += time.perf_counter() - asking
            heapq.heappush(running, (now + durations[asked], trial.number, value))
            queries.extend(trial.params.values())
            asked += 1
        now, number, value = heapq.heappop(running)
        start = time.perf_counter()
        study.tell(number, value)
        optimizer_seconds += time.perf_counter() - start
        curve.append(min(value, curve[-1]) if curve else value)
        clock.append(round(optimizer_seconds, 6))
    row: Row = {
        "curve": curve,
        "best_params": study.best_params,
        "clock": clock,
        "objective_seconds": round(objective_seconds, 3),
    }
    if problem.optimum:
        row["optimum"] = problem.optimum(seed)
    if len(problem.space) == 1:
        row["queries"] = queries
    return row


def run_cell(cell: Cell, version: Row) -> Row:
    """The cell's row; an exception becomes a row with `error` in place of results."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    row = {**cell.key, "workers": cell.problem.workers, **version}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = tune(cell)
        if not all(map(math.isfinite, result["curve"])):
            raise ValueError("the objective returned a value that is not finite")
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        result = {
            "error": f"{type(error).__name__}: {error}",
            "where": f"{Path(place.filename).name}:{place.lineno}",
        }
    return row | result


def version_of_checkout() -> Row:
    """Release and commit, for the rows."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return {"version": l2l_sampler.__version__, "commit": done.stdout.strip() or "unknown"}


def read_rows(paths: Iterable[Path]) -> list[Row]:
    """Rows of .jsonl and .jsonl.gz files, the last one of each cell; missing files have none.

    A cell is (suite, problem, method, seed, trials): a rerun with another version of the method
    replaces the older row. A last line that was cut off by a kill is left out.
    """
    latest: dict[tuple[Any, ...], Row] = {}
    for path in paths:
        if not path.exists():
            continue
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
            for line in file:
                if line.endswith("\n"):
                    row = json.loads(line)
                    latest[tuple(row[field] for field in CELL)] = row
    return list(latest.values())


def write_packed(rows: Iterable[Row], path: Path) -> None:
    """Write rows as one .jsonl.gz whose bytes depend on the rows alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = sorted(json.dumps(row, sort_keys=True) + "\n" for row in rows)
    path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))


def cells_of(
    problems: Iterable[Problem], methods: Iterable[Method], seeds: int, trials: int
) -> list[Cell]:
    """Every cell to run, seed by seed, so that a run cut short has few but complete seeds."""
    methods = list(methods)
    return [
        Cell(problem, method, seed, trials)
        for seed in range(seeds)
        for problem in problems
        for method in methods
        if method.suits(problem) and (method.seeds is None or seed < method.seeds)
    ]


def unfinished(cells: Iterable[Cell], rows: Iterable[Row]) -> list[Cell]:
    """The cells without a row of the same method version, or with a failed one."""
    fields = (*CELL, "method_version")
    done = {tuple(row[field] for field in fields) for row in rows if "error" not in row}
    return [cell for cell in cells if tuple(cell.key[field] for field in fields) not in done]


def _results(cells: list[Cell], version: Row, jobs: int) -> Iterator[Row]:
    """Rows as local processes finish them."""
    tasks = (joblib.delayed(run_cell)(cell, version) for cell in cells)
    yield from joblib.Parallel(jobs, return_as="generator_unordered")(tasks)


def _ray_results(cells: list[Cell], version: Row, jobs: int, address: str) -> Iterator[Row]:
    """Rows from the Ray cluster at `address`, or from one started here if that is "local".

    Joblib's Ray backend returns lists only, so the cells go out in batches.
    """
    import ray
    from ray.util.joblib import register_ray

    register_ray()
    ray.init(
        address=None if address == "local" else address,
        runtime_env={
            "env_vars": {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}
        },
        log_to_driver=False,
    )
    try:
        with joblib.parallel_config(backend="ray"):
            for i in range(0, len(cells), 4 * jobs):
                batch = cells[i : i + 4 * jobs]
                yield from joblib.Parallel(jobs)(
                    joblib.delayed(run_cell)(cell, version) for cell in batch
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
    version = version_of_checkout()
    out.parent.mkdir(parents=True, exist_ok=True)
    _drop_cut_line(out)
    failed = 0
    if ray_address:
        results = _ray_results(cells, version, jobs, ray_address)
    else:
        results = _results(cells, version, jobs)
    with (
        out.open("a") as file,
        tqdm(total=len(cells), unit="cell", disable=not cells) as bar,
    ):
        for row in results:
            file.write(json.dumps(row) + "\n")
            file.flush()
            bar.update()
            bar.set_postfix_str(f"{row['problem']} {row['method']}")
            if "error" in row:
                failed += 1
                bar.write(
                    f"failed: {row['suite']}/{row['problem']} {row['method']} seed "
                    f"{row['seed']}: {row['error']}"
                )
    return failed


def _drop_cut_line(path: Path) -> None:
    """Remove a last line that a kill cut off, so that the next row starts its own."""
    if path.exists():
        content = path.read_bytes()
        if not content.endswith(b"\n"):
            path.write_bytes(content[: content.rfind(b"\n") + 1])
