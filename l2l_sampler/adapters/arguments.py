"""Arguments that `LearnedSampler` and `LearnedSearcher` share, and how values look in messages."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

_LONGEST = 100
"""Characters of a value in a message: a line, so that the words around it are still seen."""


def checked_n_trials(n_trials: int | None) -> int | None:
    """The intended number of trials as a Python integer; None if unknown.

    Raises:
        TypeError: if it is no whole number.
        ValueError: if it is below 1.
    """
    if n_trials is None:
        return None
    number = _whole(n_trials, "n_trials must be a whole number, or None if unknown")
    if number < 1:
        raise ValueError(f"n_trials must be at least 1, or None if unknown; got {shown(number)}")
    return number


def checked_seed(seed: int | None) -> int:
    """The seed as a Python integer; a random one for None.

    Raises:
        TypeError: if it is no whole number.
        ValueError: if it is negative.
    """
    if seed is None:
        return random_seed()
    number = _whole(seed, "seed must be a whole number, or None for a random one")
    if number < 0:
        raise ValueError(f"seed must be at least 0, or None for a random one; got {shown(number)}")
    return number


def checked_flag(flag: bool, name: str) -> bool:
    """True or False.

    Raises:
        TypeError: if it is anything else, such as the text "no", which Python takes for true.
    """
    if not isinstance(flag, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {shown(flag)}")
    return bool(flag)


def random_seed() -> int:
    """A seed of 64 bits from the operating system's entropy."""
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])


def checked_space(space: Mapping[str, Any] | None, name: str, of: str) -> dict[str, Any] | None:
    """A search space as a dict of its own; None if it is not given.

    Args:
        space: what the user gave.
        name: of the argument.
        of: what it maps names to, such as "distributions".

    Raises:
        TypeError: if it is no mapping.
    """
    if space is None:
        return None
    if not isinstance(space, Mapping):
        raise TypeError(f"{name} must be a dict of {of}, got {shown(space)}")
    return dict(space)


def shown(value: Any) -> str:
    """What a value looks like, on one line of a message; never an error, whatever it is."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # anybody's __repr__ may raise anything, and so do integers of 5,000 digits
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _whole(number: Any, expected: str) -> int:
    """A number as a Python integer; bools and floats are none, even if they are whole."""
    try:
        if isinstance(number, (bool, np.bool_)):
            raise TypeError
        return operator.index(number)
    except TypeError:
        raise TypeError(f"{expected}; got {shown(number)}") from None
