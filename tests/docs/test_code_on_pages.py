"""Every block of Python on a page runs, one after the other in one folder."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(
    r"(?:<!-- not run: (.+?) -->\n\n?)?^```python\n(.*?)^```", re.DOTALL | re.MULTILINE
)
QUIET = "import optuna; optuna.logging.set_verbosity(optuna.logging.ERROR)\n"
RAY = "import ray; ray.init(num_cpus=2, log_to_driver=False)\n"
SLOW = {"guides/ray.md": "starts Ray"}


def blocks_of(path):
    """(reason not to run it or "", code) of each block."""
    return BLOCK.findall(path.read_text(encoding="utf-8"))


PAGES = {
    path.relative_to(ROOT / "docs").as_posix(): path
    for path in sorted((ROOT / "docs").rglob("*.md"))
    if blocks_of(path) and path.name != "pypi.md"  # see test_pypi.py
}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n in SLOW else ()) for n in PAGES]
)
def test_the_code_of_a_page_runs(name, tmp_path):
    blocks = blocks_of(PAGES[name])
    for why, code in blocks:
        compile(code, name, "exec")
        assert why == "" or len(why) > 10
    code = "\n".join(code for why, code in blocks if not why)
    if not code:
        pytest.skip(f"no block runs by itself: {blocks[0][0]}")
    start = QUIET + (RAY if "tune.Tuner" in code else "")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", start + code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if "print(" in code:
        assert done.stdout.strip()


def test_a_snippet_is_an_example_that_is_run_elsewhere():
    names = {
        name
        for path in (ROOT / "docs").rglob("*.md")
        for name in re.findall(r'^--8<-- "(.+)"$', path.read_text(encoding="utf-8"), re.M)
    }
    assert len(names) > 5
    for name in names - {"CHANGELOG.md"}:
        assert re.fullmatch(r"examples/0\d_\w+\.(py|sh)", name) and (ROOT / name).is_file()
