"""The page on PyPI: no link leads nowhere there, and its code runs."""

import re
import sys
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "pypi.md").read_text()


def test_no_link_is_relative():
    assert all(link.startswith("https://") for link in re.findall(r"\]\(([^)]+)\)", PAGE))
    assert "![" not in PAGE


def test_its_example_of_optuna_runs(capsys):
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    exec(compile(code, "pypi.md", "exec"), {"__name__": "page"})
    assert "network" in capsys.readouterr().out
    assert "optuna" in sys.modules
