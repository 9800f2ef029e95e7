"""Which code wrote a result."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = ("l2l_sampler", "train", "hpo_benchmarks")


def revision(root: Path = ROOT) -> str | None:
    """The commit of a checkout, with "-dirty" where files differ from it; None outside one.

    Files of the packages that git does not know count as a difference, too.
    """
    try:
        commit = _git(root, "describe", "--always", "--exclude=*", "--abbrev=12", "--dirty")
        unknown = _git(root, "ls-files", "--others", "--exclude-standard", "--", *CODE)
    except FileNotFoundError:  # there is no git
        return None
    return f"{commit.removesuffix('-dirty')}-dirty" if commit and unknown else commit or None


def _git(root: Path, *command: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *command], capture_output=True, text=True)
    return done.stdout.strip()


def holds_code(commit: str | None) -> bool:
    """Whether a commit, as `revision` gave it for some code, holds that very code."""
    return commit not in (None, "unknown") and not str(commit).endswith("-dirty")
