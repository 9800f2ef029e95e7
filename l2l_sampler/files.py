"""Files that are replaced as a whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: str | os.PathLike[str], *, durable: bool = False) -> Iterator[BinaryIO]:
    """A binary file to write, which takes the place of `path` when the block ends.

    Whoever reads meanwhile finds the old file or the new one, whole. If the block raises, the old
    file stays and nothing else is left behind. The new file has the mode that the umask gives.

        with replacing(path) as file:
            file.write(content)

    Args:
        path: the file; its folder must exist.
        durable: wait until the content is on the disk, so that it outlives a power cut too.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with part.open("wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
