"""Which problems belong together: forms of one problem, and kinds of problems for readers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

V = TypeVar("V")

FORMS = ("-nearest", "-interpolated", "-5-workers")
"""Ends of the names of problems that are forms of one."""


def kind_of(problem: str) -> str:
    """What sort of problem it is, for readers."""
    suite, name = problem.split("/")
    if suite == "paper":
        return "GP draws" if name.startswith("gp-") else "classic functions"
    return {
        "hpolib": "HPOLib tables",
        "tables": "own tables",
        "neural": "neural network",
        "parallel": "functions, five at a time",
        "speed": "functions, timed alone",
    }.get(suite, suite)


def family_of(problem: str) -> str:
    """The name that forms of one problem share."""
    for form in FORMS:
        problem = problem.removesuffix(form)
    return problem


def by_family(values: Mapping[str, V]) -> list[list[V]]:
    """The values of problems, those of the forms of one problem together."""
    families: dict[str, list[V]] = {}
    for problem, value in values.items():
        families.setdefault(family_of(problem), []).append(value)
    return [*families.values()]


def by_kind(problems: Iterable[str]) -> dict[str, list[str]]:
    """Kind, as `kind_of` says it -> its problems."""
    kinds: dict[str, list[str]] = {}
    for problem in problems:
        kinds.setdefault(kind_of(problem), []).append(problem)
    return kinds
