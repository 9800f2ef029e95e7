"""Optimizers of other environments: what passes between the processes, with a made-up server."""

import sys

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from hpo_benchmarks.methods.elsewhere import sampler as elsewhere
from hpo_benchmarks.methods.elsewhere.sampler import ElsewhereSampler

SPACE = {
    "x": FloatDistribution(0.0, 1.0),
    "n": IntDistribution(1, 64, log=True),
    "kind": CategoricalDistribution(["a", "b"]),
}
SERVER = """
from hpo_benchmarks.methods.elsewhere.protocol import serve

class Counting:
    def __init__(self, space, seed):
        print("libraries print, too")
        assert space["n"] == {"type": "int", "low": 1, "high": 64, "log": True}
        assert space["kind"]["choices"] == ["a", "b"]
        self.seed, self.told = seed, []

    def ask(self):
        if len(self.told) == 4:
            raise ValueError("enough")
        return {"x": len(self.told) / 10, "n": self.seed, "kind": "b"}

    def tell(self, params, value):
        assert params["x"] == len(self.told) / 10 == value
        self.told.append(value)

serve(Counting)
"""


@pytest.fixture
def python(tmp_path, monkeypatch):
    """An interpreter that runs SERVER in place of any module."""
    server = tmp_path / "server.py"
    server.write_text(SERVER)
    script = tmp_path / ".venv-any" / "bin" / "python"
    script.parent.mkdir(parents=True)
    script.write_text(f"#!/bin/sh\nPYTHONPATH={elsewhere.ROOT} exec {sys.executable} {server}\n")
    script.chmod(0o755)
    monkeypatch.setattr(elsewhere, "ENVIRONMENTS", tmp_path)


def test_what_is_asked_and_told_passes_between_the_processes(python):
    study = optuna.create_study(sampler=ElsewhereSampler("any", 7, SPACE))
    for _ in range(4):
        trial = study.ask(SPACE)
        study.tell(trial, trial.params["x"])
    assert [trial.params["x"] for trial in study.trials] == [0.0, 0.1, 0.2, 0.3]
    assert study.trials[0].params["n"] == 7 and study.trials[0].params["kind"] == "b"


def test_an_error_of_the_other_side_is_raised_here(python):
    study = optuna.create_study(sampler=ElsewhereSampler("any", 7, SPACE))
    for _ in range(4):
        trial = study.ask(SPACE)
        study.tell(trial, trial.params["x"])
    with pytest.raises(RuntimeError, match="ValueError: enough"):
        study.ask(SPACE)
    with pytest.raises(RuntimeError, match="the process ended"):
        study.ask(SPACE)


def test_a_step_is_refused(python):
    with pytest.raises(ValueError, match="x is .*without a step"):
        ElsewhereSampler("any", 0, {"x": FloatDistribution(0.0, 1.0, step=0.1)})


def test_without_the_environment_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(elsewhere, "ENVIRONMENTS", tmp_path)
    assert elsewhere.version_of("ax", "ax-platform") == "ax-platform, not installed"
    with pytest.raises(FileNotFoundError, match="make peer-ax"):
        ElsewhereSampler("ax", 0, SPACE)


@pytest.mark.slow
@pytest.mark.skipif(not elsewhere.python_of("ax").exists(), reason="`make peer-ax` was not run")
def test_ax_finds_a_bowl():
    study = optuna.create_study(sampler=ElsewhereSampler("ax", 0, SPACE))
    for _ in range(25):
        trial = study.ask(SPACE)
        p = trial.params
        study.tell(trial, (p["x"] - 0.3) ** 2 + 0.01 * (p["n"] - 8) ** 2 + (p["kind"] == "a"))
    assert study.best_params["kind"] == "b" and study.best_value < 0.3
