"""The state of a searcher, and its form on disk: strict JSON with a version.

A file may come from anywhere, so everything in it is checked before it is used: `State.from_json`
sees to names and types, and `Search.check` to whether points lie in the search space.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import NoneType
from typing import Any

from l2l_sampler.adapters.arguments import shown
from l2l_sampler.adapters.ray.arguments import check_objective
from l2l_sampler.adapters.ray.goal import Bounds, checked_bounds
from l2l_sampler.adapters.ray.space_json import to_json
from l2l_sampler.adapters.ray.trials import LATEST, Point, Trial, TrialTable, is_kept
from l2l_sampler.files import replacing

_FORMAT, _VERSION = "l2l-sampler searcher", 4
_WITHOUT_GOALS = 3
"""Version that knew one objective and no constraints; its files are read, too."""

_KINDS: dict[str, tuple[type, ...]] = {
    "metric": (str, list),
    "mode": (str, list, NoneType),
    "constraints": (dict,),
    "policy": (str, NoneType),
    "n_trials": (int, NoneType),
    "seed": (int,),
    "deduplicate": (bool,),
    "space": (object,),
    "queue": (list,),
    "clock": (int,),
    "trials": (list,),
}
_TRIAL_KINDS: dict[str, tuple[type, ...]] = {
    "id": (str, NoneType),
    "u": (list,),
    "exact": (dict,),
    "asked": (int,),
    "told": (int, NoneType),
    "value": (int, float, dict, NoneType),
    "stopped": (bool,),
    "step": (int, NoneType),
    "curve": (list,),
    "cut": (bool,),
    "others": (list,),
    "limits": (dict,),
}


@dataclass(frozen=True)
class State:
    """Everything that a searcher goes on from, but the weights.

    Attributes:
        metric: name of the objective, or a list of several; empty if it is not known yet.
        mode: "min", "max", or None if it is not known yet; a list with `metric`.
        constraints: least and largest allowed values of metrics, see `goal`.
        policy: name or path; None if it was given as an object.
        n_trials: intended number of trials, or None.
        seed: the seed.
        deduplicate: whether points are not repeated.
        space: the template by `to_json`; None if it is not known yet.
        queue: points that are to be evaluated first.
        trials: the trials so far.
    """

    metric: str | list[str]
    mode: str | list[str] | None
    constraints: Bounds
    policy: str | None
    n_trials: int | None
    seed: int
    deduplicate: bool
    space: Any
    queue: list[Point]
    trials: TrialTable

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        rows = [_row(trial) for trial in self.trials.trials]
        queue = [[list(u), dict(exact)] for u, exact in self.queue]
        bounds = {name: list(pair) for name, pair in self.constraints.items()}
        changed = {"queue": queue, "clock": self.trials.clock, "trials": rows}
        return plain | changed | {"constraints": bounds}

    @classmethod
    def from_json(cls, state: Any) -> State:
        """The inverse of `to_json`.

        Raises:
            ValueError: if a field is missing or unknown, or holds what it cannot; it is named.
        """
        _check_fields(state, _KINDS, "")
        _check_settings(state)
        queue = [_point(point, f"queue[{k}]") for k, point in enumerate(state["queue"])]
        count = 1 if isinstance(state["metric"], str) else len(state["metric"])
        rows = [_trial(row, f"trials[{k}]", count) for k, row in enumerate(state["trials"])]
        trials = _table(rows, state["clock"])
        same = {f.name: state[f.name] for f in fields(cls) if f.name in state}
        bounds = _bounds(state["constraints"])
        return cls(**same | {"queue": queue, "trials": trials, "constraints": bounds})


def write_state(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """Write a file that, at any moment, is either the old one or the new one."""
    content = {"format": _FORMAT, "version": _VERSION} | dict(state)
    text = json.dumps(content, allow_nan=False)
    with replacing(path, durable=True) as file:
        file.write(text.encode())


def read_state(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What `write_state` has written.

    Raises:
        ValueError: if the file is of another kind or version.
    """
    try:
        state = json.loads(Path(path).read_text(encoding="utf-8"))
        kind, version = state.pop("format"), state.pop("version")
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        kind, version, state = None, None, {}
    if kind != _FORMAT:
        raise ValueError("it does not hold the state of a LearnedSearcher")
    if version == _WITHOUT_GOALS and isinstance(state.get("trials"), list):
        state.setdefault("constraints", {})
        for row in filter(lambda row: isinstance(row, dict), state["trials"]):
            row.setdefault("others", [])
            row.setdefault("limits", {})
    elif version != _VERSION:
        raise ValueError(
            f"it holds state version {shown(version)}, and this l2l_sampler reads {_VERSION}; "
            "install the release that wrote it"
        )
    return dict(state)


def _check_fields(row: Any, kinds: Mapping[str, tuple[type, ...]], name: str) -> None:
    """The fields are these, and each is of one of its kinds; a bool is no number."""
    title = name or "it"
    if not isinstance(row, Mapping):
        raise ValueError(f"{title} holds {shown(row)}, which is no dict")
    for verb, names in (("lacks", kinds.keys() - row.keys()), ("has", row.keys() - kinds.keys())):
        if names:
            raise ValueError(f"{title} {verb} the fields {', '.join(sorted(map(shown, names)))}")
    for field, allowed in kinds.items():
        value = row[field]
        known = type(value) in allowed if isinstance(value, bool) else isinstance(value, allowed)
        _require(known or object in allowed, f"{name}.{field}" if name else field, value)


def _check_settings(state: Mapping[str, Any]) -> None:
    """What is neither a point nor a trial."""
    n_trials, space = state["n_trials"], state["space"]
    try:
        check_objective(state["metric"], state["mode"])
    except (TypeError, ValueError):
        raise ValueError(
            f"the fields metric and mode hold {shown(state['metric'])} and "
            f"{shown(state['mode'])}, which do not fit together"
        ) from None
    _require(n_trials is None or n_trials >= 1, "n_trials", n_trials)
    _require(state["seed"] >= 0, "seed", state["seed"])
    try:
        json.dumps(space)
    except (RecursionError, TypeError, ValueError):
        raise ValueError("the field space holds more than plain JSON") from None
    if space is None and (state["queue"] or state["trials"]):
        raise ValueError("the field space holds None, but there are points of a space")


def _table(rows: list[Trial], clock: int) -> TrialTable:
    """Trials that one table may have made, in the order in which it was asked for them."""
    names = [trial.id for trial in rows if trial.id is not None]
    asked = [trial.asked for trial in rows]
    moments = asked + [trial.told for trial in rows if trial.told is not None]
    if len(set(names)) < len(names):
        raise ValueError("the field trials holds two trials of one id")
    if asked != sorted(asked) or len(set(moments)) < len(moments):
        raise ValueError("the field trials is not in the order of its moments")
    _require(max(moments, default=-1) < clock <= LATEST, "clock", clock)
    return TrialTable(rows, clock)


def _row(trial: Trial) -> dict[str, Any]:
    """A trial as plain JSON values."""
    curve = [[step, to_json(value)] for step, value in trial.curve.items()]
    others = [to_json(other) for other in trial.others]
    limits = {name: to_json(value) for name, value in trial.limits.items()}
    changed = {"value": to_json(trial.value), "curve": curve, "others": others, "limits": limits}
    return asdict(trial) | changed


def _bounds(constraints: Mapping[str, Any]) -> Bounds:
    """Least and largest allowed values."""
    try:
        return checked_bounds(constraints)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the field constraints: {error}") from None


def _trial(row: Any, name: str, objectives: int) -> Trial:
    """A row of the file as a trial of so many objectives."""
    _check_fields(row, _TRIAL_KINDS, name)
    u, exact = _point((row["u"], row["exact"]), name)
    asked, told, value = row["asked"], row["told"], row["value"]
    _require(asked >= 0, f"{name}.asked", asked)
    _require(told is None or told > asked, f"{name}.told", told)
    if value is not None:
        value = _objective(value, f"{name}.value")
    stopped, step, cut = row["stopped"], row["step"], row["cut"]
    _require(not stopped or (told is not None and value is None), f"{name}.stopped", stopped)
    _require(step is None or 0 <= step <= LATEST, f"{name}.step", step)
    _require(not cut or (told is not None and value is not None), f"{name}.cut", cut)
    curve = _curve(row["curve"], -1 if step is None else step, f"{name}.curve")
    others = [_objective(other, f"{name}.others") for other in row["others"]]
    known = len(others) == (0 if value is None else objectives - 1)
    _require(known, f"{name}.others", row["others"])
    limits = {key: _objective(limit, f"{name}.limits") for key, limit in row["limits"].items()}
    _require(all(isinstance(key, str) for key in limits), f"{name}.limits", row["limits"])
    return Trial(
        *(row["id"], u, exact, asked, told, value, stopped, step, curve, cut, others, limits)
    )


def _curve(reports: list[Any], last: int, name: str) -> dict[int, float]:
    """Reported objectives by step, in order and up to the last one."""
    curve: dict[int, float] = {}
    before = -1
    for report in reports:
        _require(isinstance(report, list) and len(report) == 2, name, report)
        step, value = report
        known = type(step) is int and before < step <= last and is_kept(step)
        _require(known, name, step)
        curve[step] = _objective(value, name)
        before = step
    return curve


def _objective(value: Any, name: str) -> float:
    """A number as `to_json` writes it; it may be infinite."""
    if isinstance(value, dict):
        _require(value in ({"float": "inf"}, {"float": "-inf"}), name, value)
        return float(value["float"])
    _require(_is_finite(value), name, value)
    number: float = value
    return number


def _point(point: Any, name: str) -> Point:
    """A list of coordinates in [0, 1], and numbers by name."""
    _require(isinstance(point, (list, tuple)) and len(point) == 2, name, point)
    u, exact = point
    inside = isinstance(u, list) and all(_is_finite(t) and 0.0 <= t <= 1.0 for t in u)
    _require(inside, f"{name}.u", u)
    known = isinstance(exact, dict) and all(map(_is_finite, exact.values()))
    _require(known, f"{name}.exact", exact)
    return list(u), dict(exact)


def _is_finite(value: Any) -> bool:
    """Whether it is a number that a float can hold."""
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:
        return False


def _require(condition: bool, name: str, value: Any) -> None:
    if not condition:
        raise ValueError(f"the field {name} holds {shown(value)}, which it cannot")
