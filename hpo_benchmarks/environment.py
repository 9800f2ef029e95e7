"""SMAC3 iterates over sets of strings: without a fixed hash seed no two runs of it are alike."""

from __future__ import annotations

import os
import sys


def fix_hash_seed(module: str) -> None:
    """Replace this process by `python -m module` with hash seed 0, unless it has that already.

    Args:
        module: what this process runs, with the arguments in `sys.argv`.
    """
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]])
