"""Conditional tuning of scikit-learn's models on the data that comes with it.

A seed draws the rows that are used and their split, so an instance has an optimum of its own,
which nobody knows.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial

from optuna import Trial
from sklearn.base import BaseEstimator
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from hpo_benchmarks.problems.problem import TRUTH, LiveProblem
from hpo_benchmarks.problems.real_data import cross_validated, data

ROWS = 240  # few enough that a cross-validation takes milliseconds


def regressor(trial: Trial) -> BaseEstimator:
    """One of five regressors with its parameters."""
    kind = trial.suggest_categorical("model", ["ridge", "net", "knn", "svr", "tree"])
    if kind == "ridge":
        return Ridge(trial.suggest_float("ridge_alpha", 1e-4, 1e3, log=True))
    if kind == "net":
        return ElasticNet(
            alpha=trial.suggest_float("net_alpha", 1e-4, 1e2, log=True),
            l1_ratio=trial.suggest_float("net_l1_ratio", 0.0, 1.0),
        )
    if kind == "knn":
        return KNeighborsRegressor(
            trial.suggest_int("knn_k", 1, 50, log=True),
            weights=trial.suggest_categorical("knn_weights", ["uniform", "distance"]),
        )
    if kind == "svr":
        return SVR(
            C=trial.suggest_float("svr_C", 1e-2, 1e4, log=True),
            gamma=trial.suggest_float("svr_gamma", 1e-4, 1e2, log=True),
            epsilon=trial.suggest_float("svr_epsilon", 1e-2, 1e2, log=True),
        )
    return DecisionTreeRegressor(
        max_depth=trial.suggest_int("tree_depth", 1, 12),
        min_samples_leaf=trial.suggest_int("tree_leaf", 1, 40, log=True),
        random_state=0,
    )


def classifier(trial: Trial) -> BaseEstimator:
    """One of five classifiers with its parameters, behind a scaler that may be left out."""
    kind = trial.suggest_categorical("model", ["logistic", "knn", "svc", "tree", "bayes"])
    if kind == "logistic":
        model = LogisticRegression(
            C=trial.suggest_float("logistic_C", 1e-4, 1e3, log=True), max_iter=60
        )
    elif kind == "knn":
        model = KNeighborsClassifier(trial.suggest_int("knn_k", 1, 50, log=True))
    elif kind == "svc":
        kernel = trial.suggest_categorical("svc_kernel", ["rbf", "poly"])
        degree = trial.suggest_int("svc_degree", 2, 5) if kernel == "poly" else 3
        model = SVC(
            C=trial.suggest_float("svc_C", 1e-3, 1e3, log=True),
            gamma=trial.suggest_float("svc_gamma", 1e-5, 1e1, log=True),
            kernel=kernel,
            degree=degree,
            max_iter=2000,
        )
    elif kind == "tree":
        model = DecisionTreeClassifier(
            max_depth=trial.suggest_int("tree_depth", 1, 12),
            min_samples_leaf=trial.suggest_int("tree_leaf", 1, 40, log=True),
            random_state=0,
        )
    else:
        model = GaussianNB(
            var_smoothing=trial.suggest_float("bayes_smoothing", 1e-12, 1.0, log=True)
        )
    scaled = trial.suggest_categorical("scaled", [True, False])
    return make_pipeline(StandardScaler(), model) if scaled else model


def _models(name: str, build: Callable[[Trial], BaseEstimator], trial: Trial, seed: int) -> float:
    value = cross_validated(build(trial), name, seed, ROWS)
    trial.set_user_attr(TRUTH, value)
    return value


def _network(trial: Trial, seed: int) -> float:
    """Validation error of a network of one to four layers, a width each."""
    x, y = data("digits", seed, 900)
    n = trial.suggest_int("n_layers", 1, 4)
    model = MLPClassifier(
        [trial.suggest_int(f"width_{i}", 4, 64, log=True) for i in range(n)],
        learning_rate_init=trial.suggest_float("rate", 1e-4, 1.0, log=True),
        alpha=trial.suggest_float("decay", 1e-6, 1.0, log=True),
        batch_size=trial.suggest_int("batch", 16, 128, log=True),
        max_iter=8,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = 1.0 - float(model.fit(x[:300] / 16.0, y[:300]).score(x[300:] / 16.0, y[300:]))
    trial.set_user_attr(TRUTH, value)
    return value


def problems() -> list[LiveProblem]:
    """Two choices among models, and a network of several layers."""
    return [
        LiveProblem(
            name="models-diabetes",
            suite="conditional",
            objective=partial(_models, "diabetes", regressor),
            about="One of five regressors on 240 rows of diabetes data, 1 - R^2 in three folds.",
            cost="5 to 40 milliseconds",
        ),
        LiveProblem(
            name="models-digits",
            suite="conditional",
            objective=partial(_models, "digits", classifier),
            about="One of five classifiers on 240 digits, choices two deep, error in three folds.",
            cost="5 to 40 milliseconds",
        ),
        LiveProblem(
            name="network-digits",
            suite="conditional",
            objective=_network,
            about="A network of one to four layers with a width each, trained on 300 digits, "
            "error on 600 others.",
            cost="50 to 200 milliseconds",
        ),
    ]
