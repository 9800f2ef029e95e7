"""Which code wrote a result."""

from __future__ import annotations

import subprocess
from pathlib import Path


def revision() -> str | None:
    """The commit of this checkout, with "-dirty" where files differ from it; None outside one."""
    git = ["git", "-C", str(Path(__file__).parent)]
    command = [*git, "describe", "--always", "--exclude=*", "--abbrev=12", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # there is no git
        return None
    return done.stdout.strip() or None


def holds_code(commit: str | None) -> bool:
    """Whether a commit, as `revision` gave it for some code, holds that very code."""
    return commit not in (None, "unknown") and not str(commit).endswith("-dirty")
