"""Pre-computed tuning tables: HPOLib's three originals, and our own computed with scikit-learn.

A `Table` holds the objective on a full grid. Three ways turn it into a problem:

- `index_problem`: parameters are grid indices, each value with equal weight. This is how HPOLib
  defines its tables, so spacing plays no part there.
- `surrogate_problem(..., "nearest")`: parameters in their own units; the nearest cell answers.
- `surrogate_problem(..., "interpolated")`: the same, multilinear between the cells.
"""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from scipy.ndimage import map_coordinates

from hpo_benchmarks.problems.problem import Params, Problem

OWN_TABLES = Path(__file__).parent / "tables"
HPOLIB = Path(__file__).parents[3] / "shared" / "hpolib"


@dataclass(frozen=True, eq=False)
class Axis:
    """One hyper-parameter of a table and its grid.

    Attributes:
        values: (n,) grid in index order; strings make the axis categorical.
        log: the axis is linear in the logarithm.
    """

    name: str
    values: np.ndarray
    log: bool = False

    @property
    def categorical(self) -> bool:
        """Whether the values are names rather than numbers."""
        return self.values.dtype.kind == "U"

    def distribution(self) -> BaseDistribution:
        """The axis in its own units."""
        if self.categorical:
            return CategoricalDistribution(self.values.tolist())
        low, high = self.values[[0, -1]].tolist()
        if self.values.dtype.kind == "i":
            return IntDistribution(low, high, log=self.log)
        return FloatDistribution(low, high, log=self.log)

    def coordinate(self, value: Any) -> float:
        """Position of a value on the grid, in steps: 2.5 is half way from index 2 to 3."""
        if self.categorical:
            return float(self.values.tolist().index(value))
        scale = np.log if self.log else np.asarray
        return float(np.interp(scale(value), scale(self.values), np.arange(len(self.values))))


@dataclass(frozen=True, eq=False)
class Table:
    """An objective known on a full grid.

    Attributes:
        objective: (n_1, ..., n_d) values to minimise, one grid dimension an axis.
        seconds: the same shape, what each evaluation took.
        source: where data and numbers come from.
    """

    name: str
    axes: tuple[Axis, ...]
    objective: np.ndarray
    seconds: np.ndarray
    source: str

    def __post_init__(self) -> None:
        """Check that the grid is full."""
        shape = tuple(len(axis.values) for axis in self.axes)
        if self.objective.shape != shape or self.seconds.shape != shape:
            raise ValueError(
                f"table {self.name} has axes of lengths {shape}, but an objective of shape "
                f"{self.objective.shape} and seconds of shape {self.seconds.shape}; "
                "all three must agree"
            )
        if not np.isfinite(self.objective).all():
            raise ValueError(f"table {self.name} has cells without a finite objective")

    def minimum(self, seed: int = 0) -> float:
        """Smallest value in the table; multilinear interpolation goes no lower."""
        return float(self.objective.min())

    @property
    def cost(self) -> str:
        """What the table saves, in words."""
        return f"a look-up; {np.median(self.seconds):.3g} s when it was computed (median)"


def _at_index(table: Table, params: Params, seed: int) -> float:
    return float(table.objective[tuple(params[axis.name] for axis in table.axes)])


def index_problem(table: Table, suite: str) -> Problem:
    """The table with grid indices as integer parameters."""
    return Problem(
        name=table.name,
        suite=suite,
        space={axis.name: IntDistribution(0, len(axis.values) - 1) for axis in table.axes},
        objective=partial(_at_index, table),
        source=table.source,
        cost=table.cost,
        optimum=table.minimum,
    )


def _surrogate(
    table: Table, kind: Literal["nearest", "interpolated"], params: Params, seed: int
) -> float:
    at = np.array([[axis.coordinate(params[axis.name])] for axis in table.axes])
    if kind == "nearest":
        at = np.rint(at)
    return float(map_coordinates(table.objective, at, order=1, mode="nearest")[0])


def surrogate_problem(
    table: Table, suite: str, kind: Literal["nearest", "interpolated"]
) -> Problem:
    """The table with parameters in their own units."""
    return Problem(
        name=f"{table.name}-{kind}",
        suite=suite,
        space={axis.name: axis.distribution() for axis in table.axes},
        objective=partial(_surrogate, table, kind),
        source=table.source,
        cost=table.cost,
        optimum=table.minimum,
    )


def save_table(table: Table, path: Path) -> None:
    """Write one compressed .npz of plain arrays, without pickles."""
    about = {
        "name": table.name,
        "axes": [{"name": axis.name, "log": axis.log} for axis in table.axes],
        "source": table.source,
    }
    np.savez_compressed(
        path,
        allow_pickle=False,
        about=np.array(json.dumps(about)),
        objective=table.objective.astype(np.float32),
        seconds=table.seconds.astype(np.float16),
        **{f"axis_{i}": axis.values for i, axis in enumerate(table.axes)},
    )


def load_table(path: Path) -> Table:
    """Read what `save_table` wrote."""
    with np.load(path, allow_pickle=False) as data:
        about = json.loads(str(data["about"]))
        axes = tuple(
            Axis(axis["name"], data[f"axis_{i}"], axis["log"])
            for i, axis in enumerate(about["axes"])
        )
        return Table(
            name=about["name"],
            axes=axes,
            objective=data["objective"].astype(np.float64),
            seconds=data["seconds"].astype(np.float64),
            source=about["source"],
        )


def own_problems() -> list[Problem]:
    """Both surrogates of every table that `make_tables` computed."""
    tables = [load_table(path) for path in sorted(OWN_TABLES.glob("*.npz"))]
    return [
        surrogate_problem(table, "tables", kind)
        for table in tables
        for kind in ("nearest", "interpolated")
    ]


# File, hyper-parameters in HPOLib's order, objective, hyper-parameters whose index runs downwards.
_HPOLIB_FILES: dict[str, tuple[tuple[str, ...], str, set[str]]] = {
    "svm": (("C", "alpha", "epsilon"), "loss", {"epsilon"}),
    "lda": (("kappa", "tau", "S"), "perplexity", set()),
    "logreg": (("lrate", "l2_reg", "batchsize", "n_epochs"), "valid_error", set()),
}


# The tables are not in this repository, so that their values are part of the code behind a row.
_HPOLIB_DIGESTS = {"svm": "b30dcf397b1b", "lda": "44a8b1685f62", "logreg": "345eb317280d"}


def load_hpolib(name: str, folder: Path) -> Table:
    """One of HPOLib's tables (`svm`, `lda`, `logreg`) from its CSV file with a header.

    Raises:
        FileNotFoundError: the file is not in the folder.
    """
    path = folder / f"{name}.csv"
    if not path.is_file():
        raise FileNotFoundError(
            f"HPOLib's table {name} is not at {path}. The tables are not part of this "
            "repository; give the folder that holds svm.csv, lda.csv and logreg.csv with --data."
        )
    names, objective, downwards = _HPOLIB_FILES[name]
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    axes, index = [], []
    for axis in names:
        column = np.array([float(row[axis]) for row in rows])
        values, position = np.unique(column, return_inverse=True)
        if axis in downwards:
            values, position = values[::-1], len(values) - 1 - position
        axes.append(Axis(axis, values))
        index.append(position)
    shape = tuple(len(axis.values) for axis in axes)
    grid, seconds = np.full(shape, np.nan), np.full(shape, np.nan)
    grid[tuple(index)] = [float(row[objective]) for row in rows]
    seconds[tuple(index)] = [float(row["time_s"]) for row in rows]
    source = "HPOLib (Eggensperger et al. 2013); Chen et al. 2017, section 3.4"
    return Table(f"hpolib-{name}", tuple(axes), grid, seconds, source)


def hpolib_problems(folder: Path = HPOLIB) -> list[Problem]:
    """HPOLib's three tables over grid indices.

    Raises:
        FileNotFoundError: a file is not in the folder.
        ValueError: a table has other values than those that the committed rows were made with.
    """
    tables = {name: load_hpolib(name, folder) for name in _HPOLIB_FILES}
    for name, table in tables.items():
        digest = hashlib.sha256(np.ascontiguousarray(table.objective)).hexdigest()[:12]
        if digest != _HPOLIB_DIGESTS[name]:
            raise ValueError(
                f"{folder / name}.csv has values of digest {digest}, where the committed rows are "
                f"of {_HPOLIB_DIGESTS[name]}; get HPOLib's table anew, or remove the file to go "
                "without this suite"
            )
    return [index_problem(table, "hpolib") for table in tables.values()]
