"""What the pages name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("CONTRIBUTING.md", "docs/architecture.md", "docs/memory.md", "docs/distributed.md")
QUOTED = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"python -m ((?:train|hpo_benchmarks|examples|tests)[\w.]*\w)")
ROOMS = ("docs", "examples", "hpo_benchmarks", "l2l_sampler", "tests", "train")


def quoted(page):
    return set(QUOTED.findall((ROOT / page).read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_exists(page):
    named = {q for q in quoted(page) if re.fullmatch(r"[\w./-]+(\.py|\.md|\.toml|\.txt|/)", q)}
    inside = [path for room in ROOMS for path in ROOT.glob(f"{room}/**/*")]
    there = [f"/{path.relative_to(ROOT)}" for path in [*inside, *ROOT.iterdir()]]
    missing = {n for n in named if not any(p.endswith("/" + n.rstrip("/")) for p in there)}
    assert named and not missing


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_exists(page):
    sources = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py"))
    tests = {q for q in quoted(page) if q.startswith("test_") and not q.endswith(".py")}
    assert {name for name in tests if f"def {name}(" not in sources} == set()


@pytest.mark.parametrize(
    "page",
    [
        str(path.relative_to(ROOT))
        for path in sorted(
            [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("hub/**/*.md")]
        )
    ],
)
def test_every_link_of_a_page_leads_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_every_command_of_a_page_is_there():
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("l2l_sampler/**/*.md")]
    said = {name for page in pages for name in COMMAND.findall(page.read_text(encoding="utf-8"))}
    files = {name: ROOT.joinpath(*name.split(".")) for name in said}
    missing = {
        name
        for name, path in files.items()
        if not path.with_suffix(".py").exists() and not (path / "__main__.py").exists()
    }
    assert said and not missing
