"""The numbered examples run, and are short."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SAYS = {
    "01_conditional.py": "width_1 takes part where layers >= 2",
    "02_constraints.py": "'operations': -",
    "03_several_objectives.py": "error 0.0",
    "04_earlier_studies.py": "after another study: error 0.0",
    "05_workers.py": "40 trials, best",
    "06_pytorch_pruning.py": "'activation':",
    "07_shell.sh": '"value": ',
    "08_ray_asha.py": "error 0.0",
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(path.name, marks=pytest.mark.slow if "ray" in path.name else ())
        for path in sorted(EXAMPLES.glob("0*"))
    ],
)
def test_an_example_runs_and_is_short(name, tmp_path):
    file = EXAMPLES / name
    assert len(file.read_text().splitlines()) < 40
    runs = [sys.executable] if name.endswith(".py") else ["sh"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*runs, str(file), *([str(tmp_path / "study.log")] if name[:2] in ("05", "07") else [])],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path},
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert SAYS[name] in done.stdout


def test_every_example_is_on_the_page():
    page = (EXAMPLES / "README.md").read_text()
    names = [path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".sh")]
    assert all(f"({name})" in page for name in names)
