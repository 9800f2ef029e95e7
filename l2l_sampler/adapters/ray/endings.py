"""How a trial of Ray has ended, and what that says of it."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Set
from typing import Any

from l2l_sampler.adapters.ray.arguments import warn_of_no_number, was_cut
from l2l_sampler.adapters.ray.goal import Goal
from l2l_sampler.adapters.ray.search import Search
from l2l_sampler.adapters.ray.trials import FAILED, Trial, TrialTable

_logger = logging.getLogger("l2l_sampler.adapters.ray.searcher")


def end(
    trials: TrialTable,
    trial: Trial,
    goal: Goal,
    result: Mapping[str, Any] | None,
    step: int | None,
    error: bool,
    missing: Set[str],
) -> set[str]:
    """Note how a trial has ended: with its last result, by an error, or stopped by Ray.

    Args:
        trials: the table that it is in.
        trial: the trial.
        goal: the objectives and constraints.
        result: its last one, if there is any.
        step: number of that report.
        error: whether it raised.
        missing: constraints of which it was said already that trials do not report them.

    Returns:
        Constraints of which it was said now.
    """
    result = result or {}
    cut, reported = was_cut(trial, step, result), goal.objectives(result)
    trial.limits |= goal.limits(result)
    if error:
        trials.tell(trial, FAILED)
        return set()
    title = f"trial {trial.id}"
    if not result or (reported is None and trial.value is not None):
        trials.stop(trial, step, cut)
    elif reported is None:
        names = goal.metrics[0] if len(goal.metrics) == 1 else list(goal.metrics)
        _logger.warning(
            "%s ended without metric %r, and counts as failed. It reported: %s",
            *(title, names, ", ".join(map(str, result))),
        )
        trials.tell(trial, FAILED)
    else:
        if math.isnan(reported[0]):
            given = [result[metric] for metric in goal.metrics]
            warn_of_no_number(given[0] if len(given) == 1 else given, title)
        trials.tell(trial, reported, step, cut)
    unknown = goal.bounds.keys() - trial.limits.keys() - missing
    for name in sorted(unknown):
        _logger.warning(
            "%s ended without metric %r, of which there is a constraint; where it is not "
            "reported it counts as met",
            *(title, name),
        )
    return unknown


def adopt(
    trials: TrialTable, search: Search | None, trial_id: str, result: Mapping[str, Any]
) -> Trial | None:
    """A trial for a result of unknown origin; None if it has no config of the search space.

    Args:
        trials: the table that it is put into.
        search: None if the search space is not known.
        trial_id: Ray's name for it.
        result: which holds its config.
    """
    try:
        if search is None:
            raise ValueError("the search space is not known")
        return trials.ask(trial_id, search.point_of(result))
    except ValueError as error:
        _logger.warning("ignored a result of unknown trial %s: %s", trial_id, error)
        return None
