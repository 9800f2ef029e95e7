"""Histories of asynchronous workers, for tests."""

import numpy as np

from l2l_sampler.history import History

DIM = 3


def random_history(rng, n, pending=0.3):
    """Trials of several workers: results come in late, out of order, or not at all."""
    asked = np.arange(n, dtype=float)
    late = rng.random(n) < pending
    told = np.where(late, np.inf, asked + 4.0 * rng.random(n))
    y = np.where(late, np.nan, rng.standard_normal(n))
    return History(rng.random((n, DIM)), y, asked, told)


def now(history, k):
    """What was known when the k-th trial was about to be asked."""
    moment = history.asked[k]
    known = history.told[:k] <= moment
    return History(
        history.x[:k],
        np.where(known, history.y[:k], np.nan),
        history.asked[:k],
        np.where(known, history.told[:k], np.inf),
    )
