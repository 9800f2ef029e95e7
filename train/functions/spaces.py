"""The search space of a function drawn from a prior, as it would be declared for a real problem.

A dimension with plateaus is an integer, the dimensions that code a categorical are one
categorical parameter, and every other dimension is a float.

Notation
    d  dimensions of the function     x  (..., d) points in [0, 1], by dimension
    u  (..., d) the same points in the unit cube of the space, by parameter
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from l2l_sampler.adapters.optuna.study_reader import axis_of
from l2l_sampler.spaces.cube import UnitCube
from train.functions.functions import Functions


@dataclass(frozen=True)
class Space:
    """A search space, and where the dimensions of its function are in the unit cube.

    Attributes:
        distributions: what Optuna is told of each parameter.
        cube: the unit cube of the parameters; a categorical's coordinates are side by side.
        order: (d,) the dimension that each coordinate of the cube stands for.
    """

    distributions: dict[str, BaseDistribution]
    cube: UnitCube
    order: np.ndarray

    def to_cube(self, x: np.ndarray) -> np.ndarray:
        """The valid points u (..., d) nearest to x (..., d)."""
        return self.cube.snap(x[..., self.order])

    def from_cube(self, u: np.ndarray) -> np.ndarray:
        """The points x (..., d) at u (..., d)."""
        return u[..., np.argsort(self.order)]


def spaces(functions: Functions) -> list[Space]:
    """The search space of every function."""
    rows = zip(functions.bins.tolist(), functions.one_of.tolist(), strict=True)
    return [_space(bins, one_of) for bins, one_of in rows]


def _space(bins: list[int], one_of: list[bool]) -> Space:
    """The space of a function with these (d,) bins, 0 for none, and these in the categorical."""
    group = [k for k, coded in enumerate(one_of) if coded]
    distributions: dict[str, BaseDistribution] = {}
    order: list[int] = []
    for k, count in enumerate(bins):
        if k in group[1:]:
            continue
        if k in group:
            distributions[f"x{k}"] = CategoricalDistribution(range(len(group)))
        elif count:
            distributions[f"x{k}"] = IntDistribution(0, count - 1)
        else:
            distributions[f"x{k}"] = FloatDistribution(0.0, 1.0)
        order += group if k in group else [k]
    cube = UnitCube({name: axis_of(d) for name, d in distributions.items()})
    return Space(distributions, cube, np.array(order))
