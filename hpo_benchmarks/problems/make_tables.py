"""Compute the tuning tables: `python -m hpo_benchmarks.problems.make_tables [NAME ...]`.

Each cell is one real training run of scikit-learn on real data (handwritten digits, or the
documentation strings of Python's standard library). One core needs a few minutes a table.
"""

from __future__ import annotations

import argparse
import inspect
import platform
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from itertools import product

import numpy as np
import sklearn
from sklearn.datasets import load_digits
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC
from tqdm import tqdm

from hpo_benchmarks.environment import run_in_fixed_environment
from hpo_benchmarks.problems.tabular import OWN_TABLES, Axis, Table, save_table

TRAIN = 500


def digits_split() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """500 training and 1,297 validation images: x, x_valid, y, y_valid."""
    data = load_digits()
    return train_test_split(
        data.data / 16.0, data.target, train_size=TRAIN, random_state=0, stratify=data.target
    )


def fill(
    name: str, axes: list[Axis], source: str, evaluate: Callable[..., tuple[float, float]]
) -> Table:
    """Evaluate every cell; `evaluate(*values)` returns objective and seconds."""
    shape = tuple(len(axis.values) for axis in axes)
    cells = list(product(*(axis.values.tolist() for axis in axes)))
    results = [evaluate(*cell) for cell in tqdm(cells, desc=name, mininterval=10)]
    objective, seconds = np.array(results).T
    return Table(name, tuple(axes), objective.reshape(shape), seconds.reshape(shape), source)


def svc_digits() -> Table:
    """Support vector classification of digits: validation error."""
    x, x_valid, y, y_valid = digits_split()

    def evaluate(c: float, gamma: float, kernel: str, coef0: float) -> tuple[float, float]:
        start = time.perf_counter()
        model = SVC(C=c, gamma=gamma, kernel=kernel, coef0=coef0, max_iter=20_000).fit(x, y)
        return 1.0 - model.score(x_valid, y_valid), time.perf_counter() - start

    axes = [
        Axis("C", np.logspace(-3, 3, 13), log=True),
        Axis("gamma", np.logspace(-4, 1, 11), log=True),
        Axis("kernel", np.array(["rbf", "poly", "sigmoid"])),
        Axis("coef0", np.array([-1.0, 0.0, 1.0, 2.0])),
    ]
    source = f"SVC on {TRAIN} handwritten digits, error on 1,297 others"
    return fill("svc-digits", axes, source, evaluate)


def sgd_digits() -> Table:
    """Logistic regression by stochastic gradient descent on digits: validation error.

    The run of the most epochs gives the cells of fewer epochs on its way.
    """
    x, x_valid, y, y_valid = digits_split()
    axes = [
        Axis("eta0", np.logspace(-4, 1, 11), log=True),
        Axis("alpha", np.logspace(-6, -1, 6), log=True),
        Axis("l1_ratio", np.array([0.0, 0.5, 1.0])),
        Axis("schedule", np.array(["constant", "invscaling"])),
        Axis("epochs", np.array([1, 2, 4, 8, 16, 32]), log=True),
    ]
    stops = axes[-1].values.tolist()
    shape = tuple(len(axis.values) for axis in axes)
    cells = list(product(*(axis.values.tolist() for axis in axes[:-1])))
    results = []
    for eta0, alpha, l1_ratio, schedule in tqdm(cells, desc="sgd-digits", mininterval=10):
        model = SGDClassifier(
            loss="log_loss",
            penalty="elasticnet",
            alpha=alpha,
            l1_ratio=l1_ratio,
            learning_rate=schedule,
            eta0=eta0,
            power_t=0.25,
            random_state=0,
        )
        seconds = 0.0
        for epoch in range(1, max(stops) + 1):
            start = time.perf_counter()
            model.partial_fit(x, y, classes=np.arange(10))
            seconds += time.perf_counter() - start
            if epoch in stops:
                results.append((1.0 - model.score(x_valid, y_valid), seconds))
    objective, seconds_taken = np.array(results).T
    return Table(
        "sgd-digits",
        tuple(axes),
        objective.reshape(shape),
        seconds_taken.reshape(shape),
        f"logistic regression by SGD on {TRAIN} handwritten digits, error on 1,297 others",
    )


def docstrings(least_words: int = 40) -> list[str]:
    """Documentation strings of the standard library's modules, functions, classes and methods."""
    texts = set()
    for name in sorted(sys.stdlib_module_names - {"antigravity", "this", "idlelib"}):
        try:
            module = import_module(name)
        except ImportError:
            continue
        items = [module, *filter(callable, vars(module).values())]
        for item in list(items):
            if inspect.isclass(item):
                items.extend(filter(callable, vars(item).values()))
        texts.update(inspect.getdoc(item) or "" for item in items)
    return sorted(text for text in texts if len(text.split()) >= least_words)


def lda_docstrings() -> Table:
    """Online latent Dirichlet allocation of documentation strings: held-out log perplexity."""
    counts = CountVectorizer(max_features=500, stop_words="english").fit_transform(docstrings())
    train, valid = train_test_split(counts, train_size=500, test_size=200, random_state=0)

    def evaluate(kappa: float, tau: float, batch: int, eta: float) -> tuple[float, float]:
        start = time.perf_counter()
        model = LatentDirichletAllocation(
            n_components=10,
            topic_word_prior=eta,
            learning_method="online",
            learning_decay=kappa,
            learning_offset=tau,
            batch_size=batch,
            max_iter=1,
            max_doc_update_iter=10,
            random_state=0,
        ).fit(train)
        seconds = time.perf_counter() - start
        return float(np.log(model.perplexity(valid))), seconds

    axes = [
        Axis("kappa", np.array([0.51, 0.6, 0.7, 0.8, 0.9, 1.0])),
        Axis("tau", np.array([1.0, 4.0, 16.0, 64.0, 256.0, 1024.0]), log=True),
        Axis("batch", np.array([4, 8, 16, 32, 64, 128]), log=True),
        Axis("eta", np.array([0.003, 0.01, 0.03, 0.1, 0.3, 1.0]), log=True),
    ]
    version = platform.python_version()
    source = f"online LDA of 500 docstrings of Python {version}, log perplexity of 200 others"
    return fill("lda-docstrings", axes, source, evaluate)


TABLES = {"svc-digits": svc_digits, "sgd-digits": sgd_digits, "lda-docstrings": lda_docstrings}


def main() -> None:
    """Compute the tables named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[[], *TABLES], default=[])
    warnings.simplefilter("ignore", ConvergenceWarning)
    OWN_TABLES.mkdir(exist_ok=True)
    for name in parser.parse_args().names or TABLES:
        start = time.perf_counter()
        table = TABLES[name]()
        save_table(table, OWN_TABLES / f"{name}.npz")
        print(
            f"{name}: {table.objective.size} cells in {time.perf_counter() - start:.0f} s, "
            f"minimum {table.minimum():.5g} (scikit-learn {sklearn.__version__})"
        )


if __name__ == "__main__":
    run_in_fixed_environment("hpo_benchmarks.problems.make_tables")
    main()
