"""What both kinds of plots check first."""

from __future__ import annotations

from importlib.util import find_spec

from l2l_sampler.explanation.explanation import Explanation, Reading


def chosen(explanation: Explanation, title: str | None) -> Reading:
    """The reading of this title, the first one if None.

    Raises:
        ValueError: there is none.
    """
    if title is None:
        return explanation.readings[0]
    for reading in explanation.readings:
        if reading.title == title:
            return reading
    titles = ", ".join(repr(reading.title) for reading in explanation.readings)
    raise ValueError(f"there is no reading {title!r}; there are {titles}")


def needs(library: str) -> None:
    """Raise ImportError if a library is not installed."""
    if find_spec(library) is None:
        raise ImportError(f"this plot needs {library}: pip install {library}")
