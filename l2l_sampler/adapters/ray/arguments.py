"""What only a searcher is given: an objective's name, points to start with, reported values."""

from __future__ import annotations

import logging
import math
import operator
import os
from collections.abc import Mapping
from typing import Any

from ray.tune.result import DONE, TRAINING_ITERATION

from l2l_sampler.adapters.arguments import checked_space, shown
from l2l_sampler.adapters.ray.goal import Goal, as_objective
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
    """One metric and one mode that Ray knows, or lists of as many of both.

    Raises:
        TypeError: if a metric is no name.
        ValueError: if a mode is neither "min" nor "max", or the lists do not fit together.
    """
    several = isinstance(metric, (list, tuple)), isinstance(mode, (list, tuple))
    if any(several):
        if not all(several) or len(metric) != len(mode) or not metric:
            raise ValueError(
                "for several objectives, metric and mode must be lists of the same length, got "
                f"metric {shown(metric)} and mode {shown(mode)}"
            )
        if len(set(map(str, metric))) < len(metric):
            raise ValueError(f"metric names an objective twice: {shown(metric)}")
    for name in metric if several[0] else [metric]:
        if not isinstance(name, str) and not (name is None and not several[0]):
            raise TypeError(f"metric must be the name of what trials report, got {shown(name)}")
    for word in mode if several[1] else [mode]:
        if word not in ("min", "max") and not (word is None and not several[1]):
            raise ValueError(f"mode must be 'min' or 'max', got {shown(word)}")


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


def final_objectives(value: Any, goal: Goal, title: str) -> list[float]:
    """Objectives from elsewhere, with a warning that names the trial if it counts as failed.

    Raises:
        ValueError: they are not as many as the goal has.
    """
    listed = isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) > 0
    given = list(value) if listed and len(goal.metrics) > 1 else [value]
    if len(given) != len(goal.metrics):
        raise ValueError(
            f"{title} has the objectives {shown(value)}; give one for each of "
            f"{', '.join(map(repr, goal.metrics))}"
        )
    numbers = [as_objective(one) for one in given]
    if any(map(math.isnan, numbers)):
        warn_of_no_number(value, title)
        return [math.nan] * len(numbers)
    return numbers


def warn_of_no_number(value: Any, title: str) -> None:
    """Say that what a trial reported is no number, so that it counts as failed."""
    _logger.warning(
        "the objective of %s is %s, which is no number that a float can hold; the trial "
        "counts as failed",
        *(title, shown(value)),
    )
