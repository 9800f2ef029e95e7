"""Optuna's and Ray's own tools take the sampler and its studies."""

import io
import json
import warnings

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.exceptions import ExperimentalWarning

from l2l_sampler import LearnedSampler


def bowl(trial):
    x, y = trial.suggest_float("x", -1.0, 1.0), trial.suggest_float("y", -1.0, 1.0)
    return (x - 0.3) ** 2 + 0.1 * y**2


@pytest.fixture(scope="module")
def study():
    found = optuna.create_study(study_name="bowl", sampler=LearnedSampler(seed=0))
    found.optimize(bowl, n_trials=25)
    return found


@pytest.mark.parametrize(
    "plot",
    ["plot_optimization_history", "plot_slice", "plot_contour", "plot_param_importances"]
    + ["plot_parallel_coordinate", "plot_edf", "plot_rank", "plot_timeline"],
)
def test_optunas_plots_show_a_study(study, plot):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        figure = getattr(optuna.visualization, plot)(study)
    assert figure.data


def test_the_terminator_stops_a_study(study):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        terminator = optuna.terminator.Terminator(
            error_evaluator=optuna.terminator.StaticErrorEvaluator(0.5), min_n_trials=10
        )
        assert terminator.should_terminate(study)


def test_a_search_over_an_estimator_of_scikit_learn():
    sklearn = pytest.importorskip("optuna_integration.sklearn")
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    x, y = load_iris(return_X_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = sklearn.OptunaSearchCV(
            LogisticRegression(max_iter=200),
            {"C": FloatDistribution(1e-3, 1e3, log=True)},
            n_trials=8,
            study=optuna.create_study(direction="maximize", sampler=LearnedSampler(seed=0)),
        )
        search.fit(x, y)
    assert search.best_score_ > 0.9
    assert len({trial.params["C"] for trial in search.trials_}) == 8


def test_the_dashboard_shows_a_study(study):
    dashboard = pytest.importorskip("optuna_dashboard")
    app, answered = dashboard.wsgi(study._storage), []
    environment = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/api/studies",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
    }
    body = b"".join(app(environment, lambda status, headers, *_: answered.append(status)))
    assert answered[0].startswith("200")
    assert "bowl" in json.dumps(json.loads(body))


def test_optunas_search_in_ray_takes_the_sampler():
    from ray.tune.search.optuna import OptunaSearch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = OptunaSearch(
            {"x": FloatDistribution(-1.0, 1.0), "y": FloatDistribution(-1.0, 1.0)},
            metric="loss",
            mode="min",
            sampler=LearnedSampler(seed=0),
        )
    values = []
    for k in range(20):
        config = search.suggest(f"t{k}")
        values.append((config["x"] - 0.3) ** 2 + 0.1 * config["y"] ** 2)
        search.on_trial_complete(f"t{k}", {"loss": values[-1]})
    assert np.min(values) < 0.01


def test_some_parameters_can_be_held_fast():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        held = optuna.samplers.PartialFixedSampler({"y": 0.25}, LearnedSampler(seed=0))
    found = optuna.create_study(sampler=held)
    found.optimize(bowl, n_trials=15)
    assert {trial.params["y"] for trial in found.trials} == {0.25}
    assert abs(found.best_params["x"] - 0.3) < 0.05
