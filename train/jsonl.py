"""Files of JSON lines, which grow as results come in; a kill costs the last line only."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO


def append_line(path: Path, line: str) -> None:
    """Append a line; the file is made if it is missing, and a torn last line is cut off."""
    with path.open("ab+") as file:
        _cut_torn_line(file)
        file.write(line.encode() + b"\n")


def read_lines(path: Path) -> list[str]:
    """All whole lines of a .jsonl or .jsonl.gz file; a missing file has none.

    Raises:
        ValueError: a compressed file is cut off or damaged, or there is no text in it.
    """
    if not path.exists():
        return []
    content = path.read_bytes()
    try:
        whole = gzip.decompress(content) if path.suffix == ".gz" else content
        return whole[: whole.rfind(b"\n") + 1].decode().split("\n")[:-1]
    except (EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def _cut_torn_line(file: BinaryIO) -> None:
    """Cut off what a kill left behind the last end of a line."""
    size = file.seek(0, 2)
    if size == 0:
        return
    file.seek(size - 1)
    if file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
