"""What the README shows runs, and gives what it says."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from l2l_sampler import registry

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def section(title):
    """The text under a heading."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def run(code):
    """Standard output of a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_example_for_optuna_prints_what_the_readme_says():
    text = section("Optuna")
    (code,) = BLOCK.findall(text)
    best, *rules = run(code)
    said, *said_rules = [
        line[4:] for line in text.split("```")[2].splitlines() if line[:4] == "    "
    ]
    assert rules == said_rules and rules
    best, said = ast.literal_eval(best), ast.literal_eval(said)
    for name in ("model", "n_layers"):
        assert best[name] == said[name]
    assert all(abs(best[name] - 64) < 8 for name in ("width_0", "width_1"))


@pytest.mark.slow
def test_the_example_for_ray_runs():
    (code,) = BLOCK.findall(section("Ray Tune"))
    few = code.replace("num_samples=50", "num_samples=6")
    start = "import ray; ray.init(num_cpus=2, log_to_driver=False)\n"
    assert few != code
    assert 0.0 <= float(run(f"{start}{few}\nprint(best.metrics['loss'])")[-1])


@pytest.mark.parametrize("page", ["README.md", "docs/distributed.md"])
def test_every_block_of_code_is_python(page):
    blocks = BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
    assert blocks
    for block in blocks:
        compile(block, page, "exec")


def test_every_policy_that_is_shipped_has_its_place_in_the_table():
    named = set(re.findall(r"`([\w-]+)`", section("When to use what")))
    assert {model.name for model in registry.shipped()} | registry.aliases().keys() <= named


def test_the_readme_says_for_what_each_short_name_stands():
    rows = [line.split("|")[1] for line in section("When to use what").splitlines() if "|" in line]
    for alias, name in registry.aliases().items():
        assert any(f"`{alias}`" in row and f"`{name}`" in row for row in rows)


def differences(peer):
    """Problems, seeds, and mean, low and high at every budget, from the page of benchmarks."""
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    table = page.split(" against each other method\n")[1]
    line = next(line for line in table.splitlines() if line.startswith(f"| {peer} |"))
    _, _, problems, seeds, *cells, _ = line.split("|")
    found = [[float(x) for x in re.findall(r"[+-]\d\.\d+", cell)] for cell in cells]
    return problems.strip(), seeds.strip(), found


def numbers(text):
    return [float(x) for x in re.findall(r"-?\d\.\d+", text)]


def test_what_is_said_of_peers_is_on_the_page_of_benchmarks():
    told = README.split("\nBeside GPSampler, ")[1].split("Tables, problems and seeds")[0]
    gp, tpe = told.replace("\n", " ").split("TPE's is higher")
    problems, seeds, found = differences("Optuna GPSampler")
    assert gp.startswith(f"on {problems} problems and {seeds} seeds, ")
    lower = [value for mean, low, high in found[:2] for value in (-mean, -high, -low)]
    higher = [value for cell in found[2:] for value in cell]
    assert numbers(gp) == pytest.approx([*lower, *higher])
    _, seeds, found = differences("Optuna TPE")
    assert f"({seeds} seeds)" in tpe
    assert numbers(tpe) == pytest.approx([-found[0][0], -found[-1][0]])
