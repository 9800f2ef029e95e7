"""What the README shows runs, and says what the committed rows say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hpo_benchmarks.__main__ import PACKED
from hpo_benchmarks.report.scores import successful
from hpo_benchmarks.report.summary import summary_table
from hpo_benchmarks.report.tables import markdown
from hpo_benchmarks.rows import read_rows
from l2l_sampler import registry

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
POLICIES = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
BENCHMARKS = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def section(page, title):
    """The text under a heading."""
    return page.split(f"\n## {title}\n")[1].split("\n## ")[0]


def tables(text):
    """The lines of tables."""
    return [line for line in text.splitlines() if line.startswith("|")]


def test_it_is_short():
    assert len(README.split()) < 600


def test_the_example_prints_what_the_readme_says():
    (code,) = BLOCK.findall(README)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"prints `{done.stdout.strip()}`" in README


def test_its_numbers_are_those_of_the_committed_rows_and_of_their_page():
    said = tables(section(README, "How good it is"))
    opening = BENCHMARKS.split("\n## ")[0]
    assert len(said) == 2 + 4
    assert said == markdown(summary_table(successful(read_rows([PACKED])))).splitlines()
    assert said == tables(opening)[: len(said)]


def test_it_names_no_other_numbers_of_quality():
    text = section(README, "How good it is")
    rest = "\n".join(line for line in text.splitlines() if not line.startswith("|"))
    assert re.findall(r"\d+\.\d+", rest) == []


def test_every_policy_that_is_shipped_has_its_place_in_the_table():
    named = set(re.findall(r"`([\w-]+)`", section(POLICIES, "Policies")))
    assert {model.name for model in registry.shipped()} | registry.aliases().keys() <= named


def test_the_table_says_for_what_each_short_name_stands():
    lines = tables(section(POLICIES, "Policies"))
    for alias, name in registry.aliases().items():
        assert any(f"`{alias}`" in line and f"`{name}`" in line for line in lines)


def test_both_tables_of_when_to_take_something_else_agree():
    title = "When to take something else"
    short = [line.split("|")[1:3] for line in tables(section(README, title))]
    assert short == [line.split("|")[1:3] for line in tables(section(POLICIES, title))]
    assert len(short) > 4


@pytest.mark.parametrize("command", re.findall(r"make ([a-z-]+)", README))
def test_every_target_that_it_names_is_there(command):
    assert f"\n{command}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
