"""What importing and installing the package brings along."""

import ast
import json
import pydoc
import subprocess
import sys
import textwrap

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


def test_the_searcher_is_listed_without_importing_ray():
    code = """
import json, sys, l2l_sampler
names = [dir(l2l_sampler), l2l_sampler.__all__]
print(json.dumps([names, "ray" in sys.modules]))
"""
    names, ray_is_imported = json.loads(run(code))
    assert all("LearnedSearcher" in listed for listed in names)
    assert not ray_is_imported


def test_help_shows_both_adapters_and_how_to_use_them():
    text = pydoc.render_doc(l2l_sampler, renderer=pydoc.plaintext)
    for part in ("In Optuna", "In Ray Tune", "class LearnedSampler", "class LearnedSearcher"):
        assert part in text


def test_without_ray_help_and_star_imports_still_work():
    code = """
import sys
sys.modules["ray"] = None
from l2l_sampler import *
import pydoc, l2l_sampler
print(LearnedSampler.__name__)
print(pydoc.render_doc(l2l_sampler, renderer=pydoc.plaintext))
"""
    assert "class LearnedSampler" in run(code)


def examples():
    """The examples in the package's docstring."""
    paragraphs = l2l_sampler.__doc__.split("\n\n")
    indented = [p if p.startswith("    ") else "" for p in paragraphs]
    return [textwrap.dedent("\n".join(indented[k : k + 2])) for k in (2, 5)]


def test_the_example_for_optuna_finds_the_minimum():
    assert abs(ast.literal_eval(run(examples()[0]).strip())["x"] - 3.0) < 0.1


@pytest.mark.slow
def test_the_example_for_ray_finds_the_minimum():
    found = run("import ray; ray.init(num_cpus=2, log_to_driver=False)\n" + examples()[1])
    assert abs(ast.literal_eval(found.splitlines()[-1])["x"] - 3.0) < 0.5


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="LearnedTuner"):
        _ = l2l_sampler.LearnedTuner


def test_every_public_name_exists():
    for name in l2l_sampler.__all__:
        assert getattr(l2l_sampler, name) is not None
