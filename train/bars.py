"""Progress bars for a terminal, and for a log file: there, a line now and then."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, TextIO

from tqdm import tqdm

SECONDS = 30.0
"""Between two lines of a log file."""
WIDTH = 100
"""Characters of such a line."""


class Lines:
    """A stream on which each state of a bar is a line of its own, not written over the last."""

    def __init__(self, stream: TextIO) -> None:
        """Begin with a stream."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what there is besides returns to the beginning of the line."""
        said = text.strip()
        return self._stream.write(f"{said}\n") if said else 0

    def flush(self) -> None:
        """Pass it on."""
        self._stream.flush()


def bar(iterable: Iterable[Any] | None = None, **settings: Any) -> tqdm:
    """A bar of tqdm on standard error, as plain lines if that is no terminal.

    Args:
        iterable: what to go through, if anything.
        settings: as of `tqdm`.
    """
    if not sys.stderr.isatty():
        lines = {"file": Lines(sys.stderr), "ascii": True, "ncols": WIDTH, "mininterval": SECONDS}
        settings = {**lines, "maxinterval": SECONDS, "miniters": 1, "leave": True, **settings}
    return tqdm(iterable, **settings)
