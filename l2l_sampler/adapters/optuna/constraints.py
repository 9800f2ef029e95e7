"""The function that a user may give for the constraints of a trial, and what it returns."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import optuna
from optuna.trial import FrozenTrial

from l2l_sampler.adapters.arguments import shown

ConstraintsFunc: TypeAlias = Callable[[FrozenTrial], Sequence[float]]


def checked_constraints_func(function: Any) -> ConstraintsFunc | None:
    """The function as it was given, with a warning where Optuna has a better way.

    Raises:
        TypeError: if it cannot be called.
    """
    if function is None:
        return None
    if not callable(function):
        raise TypeError(
            "constraints_func must be a function of a trial that returns the values of its "
            f"constraints, or None; got {shown(function)}"
        )
    if hasattr(optuna.Trial, "set_constraint"):
        warnings.warn(
            "`constraints_func` is deprecated since Optuna 5.0; call "
            "`trial.set_constraint(name, value)` in the objective",
            FutureWarning,
            stacklevel=3,
        )
    checked: ConstraintsFunc = function
    return checked


def checked_constraints(values: Any) -> list[float]:
    """The values of a trial's constraints.

    Raises:
        TypeError: if it is no sequence of numbers.
        ValueError: if one is NaN.
    """
    try:
        if isinstance(values, (str, bytes)):
            raise TypeError
        found = [float(value) for value in values]
    except (TypeError, ValueError):
        raise TypeError(
            "constraints_func must return a sequence of numbers, above 0 where a constraint is "
            f"violated; got {shown(values)}"
        ) from None
    if any(map(math.isnan, found)):
        raise ValueError(
            f"constraints_func returned {shown(found)}; NaN is neither met nor violated. Give a "
            "positive number for a constraint that could not be measured"
        )
    return found
