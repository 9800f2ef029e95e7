"""Trials of earlier experiments, as rows of the history of another one."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from l2l_sampler.adapters.arguments import shown
from l2l_sampler.adapters.ray.goal import Goal, as_objective
from l2l_sampler.adapters.ray.search import Search
from l2l_sampler.adapters.ray.space_json import from_json
from l2l_sampler.adapters.ray.state import State, read_state
from l2l_sampler.history import History, preceded
from l2l_sampler.spaces.templates import TemplateCube

Row: TypeAlias = tuple[Mapping[str, Any], list[float], dict[str, float]]
"""A config, its minimised objectives, NaN if it failed, and values of bounded metrics."""


class Earlier:
    """Experiments whose trials tell where to begin; read when the search space is known.

    Args:
        experiments: folders of Ray Tune, state files, or lists of pairs (config, value).

    Raises:
        FileNotFoundError: a path leads nowhere.
        TypeError: it is no list of such.
    """

    def __init__(self, experiments: Any) -> None:
        """Check what can be checked already."""
        if isinstance(experiments, (str, Mapping)) or not isinstance(experiments, Sequence):
            raise TypeError(f"earlier must be a list of experiments, got {shown(experiments)}")
        for k, given in enumerate(experiments):
            if isinstance(given, (str, os.PathLike)):
                if not Path(given).expanduser().exists():
                    raise FileNotFoundError(
                        f"earlier[{k}]: there is nothing at {os.fspath(given)}"
                    )
            elif not isinstance(given, Sequence):
                raise TypeError(
                    f"earlier[{k}] is {shown(given)}; give the folder of an experiment, the file "
                    "of a LearnedSearcher's state, or a list of pairs (config, value)"
                )
        self._experiments = list(experiments)
        self._read: tuple[Any, list[History]] | None = None  # for a space and a goal

    def before(self, history: History, search: Search, goal: Goal) -> History:
        """The history with the trials of all experiments before it.

        Raises:
            ValueError: an experiment cannot be read.
        """
        if not self._experiments:
            return history
        if self._read is None or self._read[0] != (search.plain, goal):
            found = [
                history_of(given, f"earlier[{k}]", search, goal)
                for k, given in enumerate(self._experiments)
            ]
            self._read = (search.plain, goal), found
        return preceded(history, *self._read[1])


def history_of(given: Any, title: str, search: Search, goal: Goal) -> History:
    """The trials of an earlier experiment that lie in the search space.

    A parameter that its configs lack rests in the middle of its axis.

    Args:
        given: path of a folder or of a state file, or pairs of a config and its objective.
        title: of it, for messages.
        search: of the experiment at hand.
        goal: likewise.

    Raises:
        ValueError: it holds no such thing, or another number of objectives.
    """
    rest = search.space.config(search.cube.rest)
    points, values, limits = [], [], []
    try:
        for config, objectives, bounded in _rows(given, goal):
            if len(objectives) != len(goal.metrics):
                raise ValueError(
                    f"it has {len(objectives)} objectives, and this experiment {len(goal.metrics)}"
                )
            try:
                u, _ = search.point(_over(rest, config))
            except (TypeError, ValueError):
                continue  # it lies outside
            points.append(u)
            values.append(objectives)
            limits.append(goal.violations(bounded))
    except ValueError as error:
        raise ValueError(f"{title} cannot be read: {error}") from error
    n, y = len(points), np.array(values, dtype=np.float64).reshape(len(points), -1)
    if not n:
        y = np.zeros((0, len(goal.metrics)))
    x = np.array(points, dtype=np.float64).reshape(n, search.cube.dim)
    moments = np.arange(n, dtype=np.float64)
    constraints = np.array(limits, dtype=np.float64).reshape(n, len(goal.violations({})))
    failed = np.isnan(y[:, 0])
    return History(x, y[:, 0], moments, moments + 0.5, failed, constraints, y[:, 1:])


def _rows(given: Any, goal: Goal) -> Iterator[Row]:
    if not isinstance(given, (str, os.PathLike)):
        for pair in given:
            if (
                not isinstance(pair, Sequence)
                or len(pair) != 2
                or not isinstance(pair[0], Mapping)
            ):
                raise ValueError(f"{shown(pair)} is no pair (config, value)")
            values = pair[1] if isinstance(pair[1], Sequence) else [pair[1]]
            yield pair[0], _minimised([as_objective(v) for v in values], goal.signs), {}
        return
    path = Path(given).expanduser()
    yield from _of_folder(path, goal) if path.is_dir() else _of_state(path)


def _of_folder(folder: Path, goal: Goal) -> Iterator[Row]:
    """Trials of an experiment of Ray Tune: each has a folder with params.json and result.json."""
    files = sorted(folder.glob("**/params.json"))
    if not files:
        raise ValueError(f"{folder} holds no trial of Ray Tune, which has a params.json")
    for file in files:
        config = json.loads(file.read_text(encoding="utf-8"))
        reports = file.with_name("result.json")
        lines = reports.read_text(encoding="utf-8").splitlines() if reports.exists() else []
        result = json.loads(lines[-1]) if lines else {}
        objectives = goal.objectives(result)
        if isinstance(config, dict) and objectives is not None:
            yield config, _minimised(objectives, goal.signs), goal.limits(result)


def _of_state(file: Path) -> Iterator[Row]:
    """Trials of another searcher."""
    state = State.from_json(read_state(file))
    if state.space is None:
        return
    try:
        space = TemplateCube(from_json(state.space))
    except LookupError:
        raise ValueError("its search space holds objects, which a file cannot") from None
    signs = Goal.of(state.metric, state.mode, {}).signs
    for trial in state.trials.trials:
        if trial.told is None or trial.stopped:
            continue
        values = [math.nan] * len(signs) if trial.value is None else [trial.value, *trial.others]
        yield space.config(np.array(trial.u), trial.exact), _minimised(values, signs), trial.limits


def _minimised(values: list[float], signs: np.ndarray) -> list[float]:
    if len(values) != len(signs):
        return values  # which is refused
    found = [float(sign * value) for sign, value in zip(signs, values, strict=True)]
    return [math.nan] * len(found) if any(map(math.isnan, found)) else found


def _over(rest: Any, config: Any) -> Any:
    """A config with the values of another one where it lacks some."""
    if not isinstance(rest, Mapping) or not isinstance(config, Mapping):
        return config
    found = dict(rest)
    for name, value in config.items():
        found[name] = _over(rest.get(name), value)
    return found
