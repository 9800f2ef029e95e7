"""Data that comes with scikit-learn, and what its models reach on a random part of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.datasets import load_diabetes, load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from hpo_benchmarks.problems.problem import rng_of

FOLDS = 3
LOADERS: dict[str, Callable[..., Any]] = {
    "diabetes": load_diabetes,
    "digits": load_digits,
}


@lru_cache(maxsize=64)
def data(name: str, seed: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """A random part of a data set: features (rows, d) and targets (rows,)."""
    x, y = LOADERS[name](return_X_y=True)
    chosen = rng_of("rows", name, seed).permutation(len(x))[:rows]
    return x[chosen], y[chosen]


def cross_validated(model: BaseEstimator, name: str, seed: int, rows: int) -> float:
    """1 minus the mean score, R^2 or accuracy, over three folds."""
    x, y = data(name, seed, rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        scores = cross_val_score(model, x, y, cv=KFold(FOLDS, shuffle=True, random_state=seed))
    return 1.0 - float(scores.mean())


def components_classifier(axes: int, seed: int, rows: int, **svc: Any) -> tuple[float, int]:
    """Error of a classifier of digits in their first components, and its multiply-adds for one.

    Args:
        axes: how many components.
        seed: of the rows and the folds.
        rows: how many.
        **svc: parameters of the support vector classifier.
    """
    model = make_pipeline(PCA(axes, svd_solver="full"), SVC(**svc))
    error = cross_validated(model, "digits", seed, rows)
    x, y = data("digits", seed, rows)
    return error, axes * (x.shape[1] + int(model.fit(x, y)[-1].n_support_.sum()))
