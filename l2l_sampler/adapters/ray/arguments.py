"""What only a searcher is given: an objective's name, points to start with, reported values."""

from __future__ import annotations

import logging
import math
import operator
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from ray.tune.result import DONE, TRAINING_ITERATION

from l2l_sampler.adapters.arguments import checked_space, shown
from l2l_sampler.adapters.ray.trials import LATEST, Trial
from l2l_sampler.policies.trained import TrainedPolicy

_logger = logging.getLogger(__name__)


def checked_domains(space: Any) -> dict[str, Any] | None:
    """The search space as a dict of its own; None if it is not given.

    Raises:
        TypeError: if it is no dict; a policy, which comes first in a `LearnedSampler`, is told so.
    """
    if isinstance(space, (str, os.PathLike, TrainedPolicy)):
        raise TypeError(
            f"space must be a dict of domains, got {shown(space)}. The first argument of "
            "LearnedSearcher is the search space; to choose a policy, write "
            f"LearnedSearcher(policy={shown(space)})"
        )
    return checked_space(space, "space", "domains")


def check_objective(metric: Any, mode: Any) -> None:
    """Only one objective, and a mode that Ray knows.

    Raises:
        TypeError: if `metric` is no name.
        ValueError: if there are several objectives, or `mode` is neither "min" nor "max".
    """
    if isinstance(metric, (list, tuple)) or isinstance(mode, (list, tuple)):
        raise ValueError(
            f"LearnedSearcher takes one objective, got metric {shown(metric)} and mode "
            f"{shown(mode)}; report a weighted sum, or use another search algorithm"
        )
    if metric is not None and not isinstance(metric, str):
        raise TypeError(f"metric must be the name of what trials report, got {shown(metric)}")
    if mode not in (None, "min", "max"):
        raise ValueError(f"mode must be 'min' or 'max', got {shown(mode)}")


def checked_points(points: Any, rewards: Any) -> tuple[list[Any], list[Any] | None]:
    """Configs, and an objective for each or none at all.

    Raises:
        TypeError: if either is no list.
        ValueError: if they are not as many.
    """
    for name, given in (("points_to_evaluate", points), ("evaluated_rewards", rewards)):
        listed = hasattr(given, "__len__") and not isinstance(given, (str, Mapping))
        if given is not None and not listed:
            raise TypeError(f"{name} must be a list, got {shown(given)}")
    configs = [] if points is None else list(points)
    if rewards is None:
        return configs, None
    if len(configs) != len(rewards):
        raise ValueError(
            f"evaluated_rewards has {len(rewards)} values for {len(configs)} points_to_evaluate; "
            "give one for each point, or leave it out to have the points run"
        )
    return configs, list(rewards)


def step_of(result: Mapping[str, Any]) -> int | None:
    """Number of a report, as Ray counts training iterations; None if the result has none."""
    try:
        step = operator.index(result[TRAINING_ITERATION])
    except (KeyError, TypeError):
        return None
    return step if 0 <= step <= LATEST else None


def was_cut(trial: Trial, step: int | None, result: Mapping[str, Any] | None) -> bool:
    """Whether somebody else has ended a trial: a scheduler, or a `Stopper`.

    Of such a trial Ray does not announce the last result by `on_trial_result`, or passes none at
    all if the trial was paused, or one that is not "done" if it was about to be.
    """
    if not result or result.get(DONE) is False:
        return True
    return step is not None and (trial.step is None or trial.step < step)


def as_objective(value: Any) -> float:
    """A reported value as a float; NaN if it is no real number that a float can hold.

    Infinities are numbers, and so are an array of one element and a text such as "0.5".
    """
    try:
        if np.iscomplexobj(value) or np.ma.is_masked(value):
            return math.nan
        return float(value.item() if isinstance(value, np.ndarray) else value)
    except Exception:  # a value of any type may come in, and its __float__ may raise anything
        return math.nan


def final_objective(value: Any, title: str) -> float:
    """As `as_objective`, with a warning that names the trial if it counts as failed."""
    number = as_objective(value)
    if math.isnan(number):
        _logger.warning(
            "the objective of %s is %s, which is no number that a float can hold; the trial "
            "counts as failed",
            *(title, shown(value)),
        )
    return number
