"""Ask and tell over lines of JSON, for objectives in any language.

The study lies in a file that any number of processes may share and that survives a kill; it is a
`JournalStorage` of Optuna, so that Optuna's tools read it, too.
"""

from __future__ import annotations

import argparse
import json
import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    distribution_to_json,
    json_to_distribution,
)
from optuna.exceptions import ExperimentalWarning
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import Study
from optuna.trial import TrialState

from l2l_sampler.adapters.arguments import shown
from l2l_sampler.adapters.optuna.private import set_constraint_values
from l2l_sampler.adapters.optuna.sampler import LearnedSampler

DESCRIPTION = """\
Reads a request a line from standard input and writes an answer a line, both JSON:

  {"ask": 1}                              -> {"trial": 0, "params": {"rate": 0.01, "n": 3}}
  {"ask": 2}                              two trials, a line each
  {"tell": 0, "value": 0.25}              -> {"told": 0}
  {"tell": 0, "value": [0.25, 12]}        of several objectives
  {"tell": 0, "value": 0.25, "constraints": [-0.1, 0.2]}   above 0 is violated
  {"tell": 0, "failed": true}
  {"best": 1}                             -> {"trial": 0, "params": {...}, "value": 0.25}
  anything else                           -> {"error": "..."}

The space is a JSON object, in a file or in the argument itself. It is kept in the state, so that
later calls may leave it out; another one counts from then on:

  {"rate": {"type": "float", "low": 1e-5, "high": 0.1, "log": true},
   "n": {"type": "int", "low": 1, "high": 8},
   "kind": {"type": "categorical", "choices": ["a", "b"]}}
"""
_STUDY = "l2l-sampler"
_SPACE = "l2l-sampler:space"
_KINDS: dict[str, tuple[type[BaseDistribution], set[str], set[str]]] = {
    "float": (FloatDistribution, {"low", "high"}, {"log", "step"}),
    "int": (IntDistribution, {"low", "high"}, {"log", "step"}),
    "categorical": (CategoricalDistribution, {"choices"}, set()),
}
"""Class, needed fields and others, by type."""

Space = dict[str, BaseDistribution]


@dataclass(frozen=True)
class Session:
    """A study and the space that its trials are asked for in."""

    study: Study
    space: Space


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `suggest`."""
    parser.add_argument("--state", type=Path, metavar="FILE", required=True, help="of the study")
    parser.add_argument("--space", metavar="JSON", help="file or text; needed the first time")
    parser.add_argument(
        "--directions",
        nargs="+",
        choices=("minimize", "maximize"),
        default=["minimize"],
        help="of each objective (default: minimize); what counts is what was said the first time",
    )
    parser.add_argument("--policy", default="memory", metavar="NAME", help="(default: memory)")
    parser.add_argument("--seed", type=int, metavar="N", help="(default: a random one)")


def session_of(options: argparse.Namespace) -> Session:
    """The session that the arguments describe.

    Raises:
        OSError: the state cannot be read or written.
        ValueError: the space is missing or wrong, or the file holds something else.
    """
    space = None if options.space is None else space_of(options.space)
    sampler = LearnedSampler(options.policy, seed=options.seed, search_space=space)
    if space is None and not options.state.exists():
        raise ValueError(f"{options.state} is new, so --space is needed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            storage = JournalStorage(JournalFileBackend(str(options.state)))
        study = optuna.create_study(
            storage=storage,
            study_name=_STUDY,
            directions=options.directions,
            sampler=sampler,
            load_if_exists=True,
        )
        kept = study.user_attrs.get(_SPACE)
    except OSError:
        raise
    except Exception as error:  # Optuna reads a log line by line, and checks little of it
        raise ValueError(f"{options.state} holds no state of this command: {error!r}") from error
    if space is None:
        if kept is None:
            raise ValueError(f"{options.state} holds no space, so --space is needed")
        space = {name: json_to_distribution(text) for name, text in kept.items()}
        study.sampler = LearnedSampler(options.policy, seed=options.seed, search_space=space)
    else:
        plain = {name: distribution_to_json(one) for name, one in space.items()}
        if plain != kept:
            study.set_user_attr(_SPACE, plain)
    return Session(study, space)


def space_of(given: str) -> Space:
    """A search space from JSON, in a file or as it stands.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no JSON, or no search space; the parameter is named.
    """
    text = given if given.lstrip().startswith("{") else Path(given).read_text(encoding="utf-8")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the space is not JSON: {error}") from None
    if not isinstance(found, dict) or not found:
        raise ValueError(f"the space must be an object of parameters, got {shown(found)}")
    return {name: _distribution(name, one) for name, one in found.items()}


def _distribution(name: str, given: Any) -> BaseDistribution:
    """One parameter of the space."""
    kind = given.get("type") if isinstance(given, dict) else None
    if kind not in _KINDS:
        raise ValueError(
            f"parameter {name!r} is {shown(given)}; give it a type, one of {', '.join(_KINDS)}"
        )
    make, needed, others = _KINDS[kind]
    fields = {key: value for key, value in given.items() if key != "type"}
    if lacks := needed - fields.keys():
        raise ValueError(f"parameter {name!r} lacks {', '.join(sorted(lacks))}")
    if unknown := fields.keys() - needed - others:
        raise ValueError(f"parameter {name!r} has unknown {', '.join(sorted(unknown))}")
    try:
        return make(**fields)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"parameter {name!r} cannot be: {error}") from None


def serve(session: Session, requests: TextIO, answers: TextIO) -> None:
    """Answer every line until there are no more; a wrong one gets an error and changes nothing."""
    for line in requests:
        if not line.strip():
            continue
        try:
            for answer in answers_to(session, _request(line)):
                _write(answers, answer)
        except (ValueError, TypeError, OverflowError, RuntimeError) as error:
            _write(answers, {"error": " ".join(str(error).split())})


def answers_to(session: Session, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The answers to one request.

    Raises:
        ValueError: it is none, or of no trial that runs.
    """
    verbs = [verb for verb in ("ask", "tell", "best") if verb in request]
    if len(verbs) != 1:
        raise ValueError(f'a request has one of "ask", "tell" and "best"; got {shown(request)}')
    known = {"ask": {"ask"}, "best": {"best"}}.get(verbs[0])
    known = known or {"tell", "value", "failed", "constraints"}
    if unknown := request.keys() - known:
        raise ValueError(f"unknown {', '.join(sorted(map(shown, unknown)))}")
    count = request[verbs[0]]
    least = 0 if verbs == ["tell"] else 1
    if type(count) is not int or count < least:
        raise ValueError(f"{verbs[0]} must be a whole number from {least} on, got {shown(count)}")
    if verbs == ["tell"]:
        yield _told(session.study, count, request)
    elif verbs == ["ask"]:
        for _ in range(count):
            trial = session.study.ask(session.space)
            yield {"trial": trial.number, "params": trial.params}
    else:
        found = session.study.best_trials[:count]
        if not found:
            raise ValueError("no trial has a value yet that meets the constraints")
        for best in found:
            value = best.values[0] if len(best.values) == 1 else best.values
            yield {"trial": best.number, "params": best.params, "value": value}


def _told(study: Study, number: int, request: Mapping[str, Any]) -> dict[str, Any]:
    """Tell the study what a request says of a trial."""
    trials = study.get_trials(deepcopy=False)
    if number >= len(trials):
        raise ValueError(f"there is no trial {number}; {len(trials)} were asked for")
    if trials[number].state.is_finished():
        raise ValueError(f"trial {number} was told before; nothing was changed")
    failed = request.get("failed", False)
    if not isinstance(failed, bool) or failed == ("value" in request):
        raise ValueError('tell a trial either "value" or "failed": true')
    if failed:
        study.tell(number, state=TrialState.FAIL)
        return {"told": number}
    value = request["value"]
    values = [_number(one) for one in (value if isinstance(value, list) else [value])]
    if len(values) != len(study.directions):
        raise ValueError(f"give {len(study.directions)} values, got {shown(value)}")
    constraints = request.get("constraints", [])
    if not isinstance(constraints, list):
        raise ValueError(f"constraints must be a list of numbers, got {shown(constraints)}")
    limits = [_number(one) for one in constraints]
    if limits:
        set_constraint_values(study, trials[number], limits)
    study.tell(number, values)
    return {"told": number}


def _number(value: Any) -> float:
    """A value as a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise ValueError(f'{shown(value)} is no number; tell "failed": true where there is none')
    return float(value)


def _request(line: str) -> dict[str, Any]:
    """A line as an object."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"a request is a JSON object: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"a request is a JSON object, got {shown(found)}")
    return found


def _write(answers: TextIO, answer: Mapping[str, Any]) -> None:
    """One line, at once: whoever reads it waits for it."""
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
