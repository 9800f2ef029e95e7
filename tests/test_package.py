"""What importing and installing the package brings along."""

import json
import subprocess
import sys

import pytest

import l2l_sampler


def run(code):
    """Standard output of a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_package_imports_nothing_heavy():
    loaded = json.loads(run("import json, sys, l2l_sampler; print(json.dumps(list(sys.modules)))"))
    heavy = {"torch", "ray", "sklearn", "scipy.stats", "matplotlib", "pandas"}
    assert heavy.isdisjoint(loaded)
    assert "l2l_sampler.adapters.optuna.sampler" in loaded


def test_a_study_with_the_default_policy_needs_nothing_heavy():
    code = """
import json, sys, optuna
from l2l_sampler import LearnedSampler
optuna.logging.disable_default_handler()
study = optuna.create_study(sampler=LearnedSampler(seed=0))
study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=12)
print(json.dumps(list(sys.modules)))
"""
    assert {"torch", "ray", "sklearn", "scipy.stats"}.isdisjoint(json.loads(run(code)))


def test_without_ray_the_searcher_names_the_extra():
    code = """
import sys
sys.modules["ray"] = None
try:
    from l2l_sampler import LearnedSearcher
except ImportError as error:
    print(error)
"""
    assert 'pip install "l2l-sampler[ray]"' in run(code)


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="LearnedTuner"):
        _ = l2l_sampler.LearnedTuner


def test_every_public_name_exists():
    for name in l2l_sampler.__all__:
        assert getattr(l2l_sampler, name) is not None
