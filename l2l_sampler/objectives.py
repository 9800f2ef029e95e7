"""Several objectives: which results are on the front, and how they become one.

Notation
    n  results   M  objectives   f  (n, M) minimised values; infinities are allowed
"""

from __future__ import annotations

import numpy as np

_MANY = 256
"""Results of which each is compared with the front so far; of more, most are ruled out at once."""
_AUGMENTED = 0.05
"""Share of the sum in a scalarisation: without it, a result that is dominated may be as good."""


def on_front(f: np.ndarray) -> np.ndarray:
    """(n,) bool, no other result is at least as good in all objectives and better in one."""
    found = np.zeros(len(f), dtype=bool)
    # In this order, nobody is dominated by one that comes later.
    order = np.lexsort(f.T[::-1])
    if len(f) > _MANY:  # most are dominated by the front of a few
        some = f[order[:: len(f) // _MANY + 1]]
        order = order[~_dominated(f[order], some[on_front(some)])]
    front = np.empty_like(f)
    count = 0
    for k in order:
        if not _dominated(f[k : k + 1], front[:count]).any():
            found[k] = True
            front[count] = f[k]
            count += 1
    return found


def _dominated(f: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(n,) bool, one of the others (m, M) dominates the result."""
    no_worse = np.ones((len(f), len(others)), dtype=bool)
    better = np.zeros_like(no_worse)
    for mine, theirs in zip(f.T, others.T, strict=True):
        no_worse &= theirs <= mine[:, None]
        better |= theirs < mine[:, None]
    return np.asarray((no_worse & better).any(axis=1))


def extent(f: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best values of the front, each (M,), and how far it reaches from them.

    Along an objective in which the front does not reach anywhere, all results count; and where
    they agree, too, the extent is 1.
    """
    finite = f[np.isfinite(f).all(axis=1)]
    if not len(finite):
        return np.zeros(f.shape[1]), np.ones(f.shape[1])
    front = finite[on_front(finite)]
    best = front.min(axis=0)
    reach = front.max(axis=0) - best
    reach = np.where(reach > 0.0, reach, finite.max(axis=0) - best)
    return best, np.where(reach > 0.0, reach, 1.0)


def random_weights(rng: np.random.Generator, count: int, objectives: int) -> np.ndarray:
    """Weights (count, M) of objectives, uniform among those that sum to 1."""
    return rng.dirichlet(np.ones(objectives), size=count)


def chebyshev(f: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Augmented Chebyshev scalarisations (W, n) for weights (W, M), as in ParEGO.

    Every result on the front is the best one under some weights (Knowles, 2006, "ParEGO: a hybrid
    algorithm with on-line landscape approximation for expensive multiobjective optimization").
    Objectives are normalised by the front first, so no scale matters.
    """
    best, reach = extent(f)
    with np.errstate(invalid="ignore", over="ignore"):
        terms = weights[:, None] * ((f - best) / reach)  # (W, n, M)
    terms = np.where(np.isnan(terms), 0.0, terms)  # a weight of 0 on an infinite value
    return np.asarray(terms.max(axis=-1) + _AUGMENTED * terms.sum(axis=-1))
