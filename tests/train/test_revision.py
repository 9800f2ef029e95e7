"""A commit stands for code only where it holds all of it."""

import shutil
import subprocess

import pytest

from train.revision import holds_code, revision


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_files_that_git_does_not_know_make_the_code_differ_from_its_commit(tmp_path):
    def git(*command):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True, capture_output=True)

    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "old.py").touch()
    assert revision(tmp_path) is None
    git("init", "-q")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a", "commit", "-q", "-m", "one")
    commit = revision(tmp_path)
    assert holds_code(commit) and len(commit) == 12
    (tmp_path / "notes.txt").touch()
    assert revision(tmp_path) == commit
    (tmp_path / "train" / "new.py").touch()
    assert revision(tmp_path) == f"{commit}-dirty"
    (tmp_path / "train" / "old.py").write_text("1")
    assert revision(tmp_path) == f"{commit}-dirty"
