"""Plots show what an explanation holds."""

import matplotlib

matplotlib.use("Agg")

import sys

import numpy as np
import optuna
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose

from l2l_sampler import LearnedSampler, explain, visualization
from l2l_sampler.visualization import matplotlib as twin


@pytest.fixture(scope="module")
def explanation():
    def objective(trial):
        x = trial.suggest_float("x", 1e-3, 1.0, log=True)
        n = trial.suggest_int("n", 1, 5)
        kind = trial.suggest_categorical("kind", ["a", "b", "c"])
        trial.set_constraint("n", n - 3)
        return x + 0.1 * n + (kind == "a")

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=LearnedSampler(seed=0))
    study.optimize(objective, n_trials=20)
    return explain(study)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_plotly_draws_every_effect(explanation):
    figure = visualization.plot_effects(explanation)
    effects = explanation.readings[0].effects
    means = [trace for trace in figure.data if trace.name == "mean"]
    assert len(means) == len(effects) == 3
    for effect in effects.values():
        assert any(len(t.y) == len(effect.mean) and np.allclose(t.y, effect.mean) for t in means)
    assert len(figure.to_json()) > 1000
    assert sum(axis.type == "log" for axis in figure.select_xaxes()) == 1


def test_plotly_draws_relevance(explanation):
    figure = visualization.plot_relevance(explanation, "chance that 'n' is met")
    ranked = explanation.readings[1].by_relevance()[::-1]
    assert list(figure.data[0].y) == [effect.name for effect in ranked]
    assert_allclose(figure.data[1].x, [effect.total for effect in ranked])


def test_matplotlib_draws_the_same(explanation, tmp_path):
    figure = twin.plot_effects(explanation)
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(shown) == 3
    assert {axes.get_title().split(" (")[0] for axes in shown} == {"x", "n", "kind"}
    figure.savefig(tmp_path / "effects.png")
    twin.plot_relevance(explanation).savefig(tmp_path / "relevance.png")
    assert (tmp_path / "effects.png").stat().st_size > 5000


@pytest.mark.parametrize("most", [1, 2])
def test_only_the_most_relevant_are_drawn_on_request(explanation, most):
    titles = [axes.get_title() for axes in twin.plot_effects(explanation, most=most).axes]
    ranked = explanation.readings[0].by_relevance()[:most]
    assert [title.split(" (")[0] for title in titles] == [effect.name for effect in ranked]


@pytest.mark.parametrize("module", [visualization, twin])
def test_an_unknown_quantity_is_an_error_that_lists_the_known(explanation, module):
    with pytest.raises(ValueError, match="no reading 'size'; there are 'objective', "):
        module.plot_effects(explanation, "size")


@pytest.mark.parametrize(("module", "library"), [(visualization, "plotly"), (twin, "matplotlib")])
def test_a_missing_library_is_named(explanation, module, library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setattr("l2l_sampler.visualization.choosing.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=f"pip install {library}"):
        module.plot_relevance(explanation)
