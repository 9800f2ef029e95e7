"""The trials of a searcher, as they are asked and told, and their form on disk.

State on disk is plain JSON. Search spaces may hold any object as a choice or a constant; one that
JSON cannot carry is replaced by its name, which is enough to recognise the search space again,
but not to rebuild it.
"""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from l2l_sampler.files import replacing
from l2l_sampler.history import History
from l2l_sampler.spaces.axes import Axis, CategoricalAxis, FloatAxis, IntAxis, NormalAxis
from l2l_sampler.spaces.templates import Branch, Leaf

_logger = logging.getLogger(__name__)

_FORMAT, _VERSION = "l2l-sampler searcher", 1
_AXES: dict[str, type[Axis]] = {
    axis.__name__: axis for axis in (FloatAxis, IntAxis, CategoricalAxis, NormalAxis)
}


@dataclass
class Trial:
    """One trial.

    Attributes:
        id: Ray's name for it; None if it was evaluated elsewhere.
        u: (D,) its point.
        exact: parameters whose values are known better than by `u`.
        asked: moment of asking, on the table's clock.
        told: moment of its end; None while pending.
        value: last reported objective, in the user's sense; None if there is none. Of a trial
            that has ended, None means that it failed.
        stopped: whether it ended before it reported anything, so that nothing is known.
    """

    id: str | None
    u: list[float]
    exact: dict[str, float]
    asked: int
    told: int | None = None
    value: float | None = None
    stopped: bool = False


@dataclass
class TrialTable:
    """All trials, in the order asked; a trial's number is its index.

    A trial is pending until its first end. An objective is final; a failure is not, because Ray
    may run a failed trial again.
    """

    trials: list[Trial] = field(default_factory=list)
    clock: int = 0
    _by_id: dict[str, Trial] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Number of trials."""
        return len(self.trials)

    def get(self, trial_id: str) -> Trial | None:
        """The trial of this name, if there is one."""
        return self._by_id.get(trial_id)

    def ask(
        self, trial_id: str | None, u: np.ndarray, exact: Mapping[str, float] | None = None
    ) -> Trial:
        """Start a trial at u (D,)."""
        trial = Trial(trial_id, u.tolist(), dict(exact or {}), asked=self._tick())
        self.trials.append(trial)
        if trial_id is not None:
            self._by_id[trial_id] = trial
        return trial

    def report(self, trial: Trial, value: float) -> None:
        """An objective on the way; NaN takes back what was reported before."""
        if trial.told is None:
            trial.value = None if math.isnan(value) else value

    def tell(self, trial: Trial, value: float) -> None:
        """The trial has ended with this objective; NaN if it has failed."""
        if trial.told is None or trial.value is None:
            trial.value = None if math.isnan(value) else value
            trial.told, trial.stopped = self._tick(), False

    def stop(self, trial: Trial) -> None:
        """The trial has ended, and its last reported objective counts, if there is any."""
        if trial.told is None:
            trial.told, trial.stopped = self._tick(), trial.value is None

    def keep_named_in(self, text: str) -> None:
        """Stop the pending trials that this text does not name, because nobody runs them."""
        for trial in self.trials:
            if trial.told is None and trial.id is not None and trial.id not in text:
                trial.value = None
                self.stop(trial)

    def history(self, dim: int, *, maximize: bool) -> tuple[History, np.ndarray]:
        """What a policy is to know.

        Args:
            dim: unit-cube axes D.
            maximize: whether high objectives are good.

        Returns:
            history: pending trials and those with an objective, which is minimised.
            taken: (k, D) points of failed trials.
        """
        sign = -1.0 if maximize else 1.0
        known = [t for t in self.trials if t.told is None or t.value is not None]
        ended = [t.value if t.told is not None else None for t in known]
        history = History(
            np.array([t.u for t in known], dtype=np.float64).reshape(len(known), dim),
            np.array([math.nan if value is None else sign * value for value in ended]),
            np.array([float(t.asked) for t in known]),
            np.array([math.inf if t.told is None else float(t.told) for t in known]),
        )
        ended_badly = (t for t in self.trials if t.told is not None and t.value is None)
        taken = [t.u for t in ended_badly if not t.stopped]
        return history, np.array(taken, dtype=np.float64).reshape(len(taken), dim)

    def _tick(self) -> int:
        self.clock += 1
        return self.clock - 1

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        rows = [asdict(trial) | {"value": to_json(trial.value)} for trial in self.trials]
        return {"clock": self.clock, "trials": rows}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> TrialTable:
        """The inverse of `to_json`."""
        rows = [row | {"value": from_json(row["value"])} for row in state["trials"]]
        table = cls([Trial(**row) for row in rows], state["clock"])
        table._by_id = {trial.id: trial for trial in table.trials if trial.id is not None}
        return table


def as_objective(value: Any) -> float:
    """A reported value as a float; NaN if it is missing, or (with a warning) no number."""
    try:
        return math.nan if value is None else float(value)
    except (TypeError, ValueError):
        _logger.warning("a reported objective is no number, and counts as failed: %r", value)
        return math.nan


def to_json(value: Any) -> Any:
    """Any object as plain JSON values; an object that JSON cannot carry as its name alone."""
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if type(value) is list:
        return [to_json(element) for element in value]
    if type(value) is tuple:
        return {"tuple": [to_json(element) for element in value]}
    if type(value) is dict:
        return {"dict": [[to_json(key), to_json(element)] for key, element in value.items()]}
    if isinstance(value, Leaf):
        axis = {f.name: to_json(getattr(value.axis, f.name)) for f in fields(value.axis)}
        return {"leaf": [value.name, type(value.axis).__name__, axis]}
    if isinstance(value, Branch):
        return {"branch": [value.name, [to_json(option) for option in value.options]]}
    named = value if hasattr(value, "__qualname__") else type(value)
    return {"object": f"{named.__module__}.{named.__qualname__}"}


def from_json(value: Any) -> Any:
    """The inverse of `to_json`.

    Raises:
        LookupError: if it holds an object of which only the name is known.
    """
    if isinstance(value, list):
        return [from_json(element) for element in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "float":
        return float(content)
    if kind == "tuple":
        return tuple(from_json(element) for element in content)
    if kind == "dict":
        return {from_json(key): from_json(element) for key, element in content}
    if kind == "leaf":
        name, axis, arguments = content
        return Leaf(name, _AXES[axis](**{key: from_json(v) for key, v in arguments.items()}))
    if kind == "branch":
        name, options = content
        return Branch(name, tuple(from_json(option) for option in options))
    raise LookupError(content)


def write_state(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """Write a file that, at any moment, is either the old one or the new one."""
    content = {"format": _FORMAT, "version": _VERSION} | dict(state)
    with replacing(path, durable=True) as file:
        file.write(json.dumps(content, allow_nan=False).encode())


def read_state(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What `write_state` has written.

    Raises:
        ValueError: if the file is of another kind or version.
    """
    try:
        state = json.loads(Path(path).read_text(encoding="utf-8"))
        kind, version = state["format"], state["version"]
    except (ValueError, TypeError, KeyError):
        kind, version, state = None, None, {}
    if kind != _FORMAT:
        raise ValueError(f"{path} does not hold the state of a LearnedSearcher")
    if version != _VERSION:
        raise ValueError(
            f"{path} holds state version {version}, and this l2l_sampler reads {_VERSION}; "
            "install the release that wrote it"
        )
    return dict(state)
