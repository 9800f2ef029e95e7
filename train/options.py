"""The command line of a training run, made of the fields of its configuration."""

from __future__ import annotations

import argparse
import json
import typing
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, NoReturn

from train.config import (
    OF_THE_POLICY,
    MemoryConfig,
    RecurrentConfig,
    TrainConfig,
    listed,
    metadata_of,
)

FAMILIES: dict[type[TrainConfig], str] = {
    MemoryConfig: "memory",
    RecurrentConfig: "lstm and dnc",
}
_BY_HAND = {"policy", "dims", "out", "changes"}  # settings whose options are written out below
_METAVARS = {int: "N", float: "X", str: "NAME", Path: "PATH"}


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2."""
        self.exit(2, f"{self.prog}: error: {' '.join(message.split())}\n")


def make_parser() -> Parser:
    """The parser of `python -m train.fit`."""
    parser = Parser(
        prog="python -m train.fit",
        usage="%(prog)s [--dim D | --dims D [D ...]] [--policy KIND] [--out FOLDER] [options]",
        description="Train a policy on functions drawn from a prior.",
        argument_default=argparse.SUPPRESS,
    )
    dims = parser.add_mutually_exclusive_group()
    default = f" (default: {' '.join(map(str, MemoryConfig.dims))})"
    one = metadata_of(MemoryConfig, "dims")["help"]
    dims.add_argument("--dim", dest="dims", type=int, nargs=1, metavar="D", help=one)
    dims.add_argument(
        "--dims", type=int, nargs="+", metavar="D", help="several, for memory" + default
    )
    parser.add_argument(
        "--policy",
        choices=("memory", "lstm", "dnc"),
        default=RecurrentConfig.policy,
        help=metadata_of(MemoryConfig, "policy")["help"] + " (default: %(default)s)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help=metadata_of(MemoryConfig, "out")["help"]
        + " (default: one in runs/ with a name made of the options, such as runs/lstm-logei-d3)",
    )
    parser.add_argument(
        "--resume", action="store_true", default=False, help="go on with the run in --out"
    )
    add_settings(parser, FAMILIES)
    parser.add_argument(
        "--set",
        dest="changes",
        nargs="+",
        type=assignment,
        metavar="NAME=VALUE",
        help=metadata_of(MemoryConfig, "changes")["help"] + "; for memory",
    )
    return parser


def assignment(text: str) -> tuple[str, Any]:
    """A field and its value from NAME=VALUE; the value is JSON, or else a text."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"give NAME=VALUE, such as rise=0.3; got {text!r}")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def parse(parser: Parser, arguments: Sequence[str] | None = None) -> tuple[TrainConfig, bool]:
    """The configuration of a command line, and whether to resume.

    Raises:
        SystemExit: the arguments contradict each other or lie out of range.
    """
    given = vars(parser.parse_args(arguments))
    resume = given.pop("resume")
    family = MemoryConfig if given["policy"] == "memory" else RecurrentConfig
    if "dims" in given:
        given["dims"] = tuple(given["dims"])
    elif family is RecurrentConfig:
        parser.error(f"{given['policy']} is trained for one dimension: say which with --dim")
    foreign = given.keys() - {field.name for field in fields(family)}
    if foreign:
        (other,) = FAMILIES.keys() - {family}
        names = sorted("set" if name == "changes" else name for name in foreign)
        options = " and ".join(map(_option, names))
        parser.error(
            f"{given['policy']} takes no {options}. Leave out what is for {FAMILIES[other]} only, "
            "or choose another --policy."
        )
    changes = dict(given.pop("changes", {}))
    for name in changes.keys() & OF_THE_POLICY:
        given[name] = changes.pop(name)
    if changes:
        given["changes"] = changes
    try:
        config = family(**{"out": Path(), **given})
        if "out" not in given:
            config = family(**given, out=_folder(config))
    except ValueError as error:
        parser.error(str(error))
    return config, resume


def add_settings(
    parser: Parser,
    families: Mapping[type[TrainConfig], str],
    *,
    without: Collection[str] = (),
    defaults: bool = True,
) -> None:
    """Add an option for every setting; what is not given is left out of the outcome.

    Args:
        parser: where to add them.
        families: whose settings, and what they are called.
        without: settings to leave out.
        defaults: whether the help says them.
    """
    length = parser.add_mutually_exclusive_group()
    groups: dict[str, Any] = {"minutes": length, "steps": length}
    for name in dict.fromkeys(f.name for family in families for f in fields(family)):
        having = {family: label for family, label in families.items() if _has(family, name)}
        (label, *others) = having.values()
        title = f"options for {label}" if len(families) > 1 and not others else "options for all"
        if name in _BY_HAND or name in without:
            continue
        if title not in groups:
            groups[title] = parser.add_argument_group(title)
        kind = _type_of(next(iter(having)), name)
        groups.get(name, groups[title]).add_argument(
            _option(name),
            type=kind,
            metavar=_METAVARS[kind],
            default=argparse.SUPPRESS,
            help=_help(having, name, defaults).replace("%", "%%"),
        )


def _help(families: Mapping[type[TrainConfig], str], name: str, defaults: bool) -> str:
    """What a setting is, what it may be, and what it is if nobody says."""
    choices, default = {}, {}
    for family, label in families.items():
        choices[label] = listed(metadata_of(family, name))
        value = next(f.default for f in fields(family) if f.name == name)
        default[label] = "" if value is None or value is MISSING else str(value)
    text: str = metadata_of(next(iter(families)), name)["help"]
    if any(choices.values()):
        text += f": {_by_family(choices)}"
    if defaults and any(default.values()):
        text += f" (default: {_by_family(default)})"
    return text


def _by_family(texts: Mapping[str, str]) -> str:
    """One text if it is the same for all families, else each with its family."""
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return "; ".join(f"{text} for {label}" for label, text in texts.items())


def _has(family: type[TrainConfig], name: str) -> bool:
    return any(f.name == name for f in fields(family))


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _type_of(family: type[TrainConfig], name: str) -> type:
    """What the option's text is turned into; `int | None` is told as an int."""
    hint = typing.get_type_hints(family)[name]
    kinds = [kind for kind in typing.get_args(hint) or (hint,) if kind is not type(None)]
    kind: type = kinds[0]
    return kind


def _folder(config: TrainConfig) -> Path:
    """Where a run goes that is not told."""
    told = config.read if isinstance(config, MemoryConfig) else config.loss
    shape = f"d{config.dims[0]}" if len(config.dims) == 1 else "any"
    return Path("runs") / f"{config.policy}-{told}-{shape}"
