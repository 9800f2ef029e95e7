"""The variables that every measurement needs, set before anything that reads them is imported."""

from __future__ import annotations

import os
import sys

VARIABLES = {
    # One thread a process, and in the workers that inherit it, so that times compare.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # SMAC3 iterates over sets of strings: without a fixed hash seed no two runs of it are alike.
    "PYTHONHASHSEED": "0",
}


def run_in_fixed_environment(module: str) -> None:
    """Replace this process by `python -m module` with VARIABLES set, unless they are already.

    Args:
        module: what this process runs, with the arguments in `sys.argv`.
    """
    if any(os.environ.get(name) != value for name, value in VARIABLES.items()):
        command = [sys.executable, "-m", module, *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, **VARIABLES})
