"""The package for OptunaHub loads as the registry loads it, and its example runs."""

import importlib.util
import re
from pathlib import Path

import optuna
import optunahub
import pytest

import l2l_sampler

ROOT = Path(__file__).parents[2] / "hub" / "package"
PACKAGE = "samplers/learned_sampler"


@pytest.fixture
def module():
    return optunahub.load_local_module(PACKAGE, registry_root=str(ROOT))


def test_it_is_the_sampler_of_this_package(module):
    assert module.LearnedSampler is l2l_sampler.LearnedSampler
    assert set(module.__all__) <= set(l2l_sampler.__all__)


def test_its_example_finds_a_good_value(module, monkeypatch, capsys):
    spec = importlib.util.spec_from_file_location("example", ROOT / PACKAGE / "example.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    study = optuna.create_study(sampler=module.LearnedSampler(seed=0))
    study.optimize(example.objective, n_trials=40)
    assert study.best_params["model"] == "network" and study.best_params["width"] <= 300
    assert study.best_value < 0.6


def test_its_files_are_those_of_the_registry():
    assert {file.name for file in (ROOT / PACKAGE).iterdir() if file.is_file()} == {
        *("__init__.py", "README.md", "LICENSE", "example.py", "requirements.txt")
    }
    head = (ROOT / PACKAGE / "README.md").read_text().split("---")[1]
    fields = re.findall(r"^(\w+): .+", head, re.MULTILINE)
    assert fields == ["author", "title", "description", "tags", "optuna_versions", "license"]
