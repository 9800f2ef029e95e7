"""From the trials so far to the next point: the policy's best candidate that is new."""

from __future__ import annotations

import numpy as np

from l2l_sampler.history import History
from l2l_sampler.policies.base import Cube
from l2l_sampler.policies.trained import TrainedPolicy

SAME = 1e-6
"""A candidate counts as a known point if it is nearer than this along every axis.

Networks in single precision that settle on a point repeat it up to rounding, about 1e-7. No
objective that is worth tuning differs within a millionth of the range of each of its parameters.
"""

_SPREADS = (0.03, 0.1, 0.3)
"""Standard deviations of the neighbourhoods that are searched if all candidates are known.

They widen threefold up to a third of the cube, from where on points are drawn everywhere.
"""
_NEIGHBOURS = 64
"""Draws from each: they find a new point unless only one in some sixty is new."""
_SAMPLES = 1024
"""Draws everywhere: they find a new point unless only one in some thousand is new."""
_FALL_BACK = 1
"""Third word of the seed of these draws, which keeps them apart from the policy's own."""


def propose(
    trained: TrainedPolicy,
    history: History,
    cube: Cube,
    *,
    seed: int,
    number: int,
    deduplicate: bool,
) -> np.ndarray:
    """The point (D,) to evaluate next; a function of its arguments alone.

    It is the policy's first candidate, or with `deduplicate` its first one that is new. Where none
    is, it is a point near the first that is, drawn by a generator of its own; and where the cube
    has no new point left, the first candidate again.

    Args:
        trained: the policy.
        history: trials in any state, at snapped points of `cube`. Those of earlier studies may be
            repeated.
        cube: the search space.
        seed: the study's seed.
        number: the trial's number, which gives every trial randomness of its own.
        deduplicate: never to repeat a point of this study while the cube has others.
    """
    if cube.dim == 0:
        return np.zeros(0)
    candidates = trained.propose(history, cube=cube, seed=seed, number=number)
    first: np.ndarray = candidates[0]
    if not deduplicate:
        return first
    known = history.x[history.source == 0]
    u: np.ndarray
    for u in candidates:
        if not (np.abs(known - u) < SAME).all(axis=1).any():
            return u
    unseen = _unseen(first, known, cube, np.random.default_rng((seed, number, _FALL_BACK)))
    return first if unseen is None else unseen


def _unseen(
    u: np.ndarray, x: np.ndarray, cube: Cube, rng: np.random.Generator
) -> np.ndarray | None:
    """A point not in x (n, D), near u (D,) if there is one; None if x holds all.

    Here points are compared exactly, so that integers of a wide range are all found in the end.
    """
    seen = set(map(tuple, x.tolist()))
    if len(seen) >= cube.n_points:
        return None
    for spread in _SPREADS:
        near = u + spread * rng.standard_normal((_NEIGHBOURS, cube.dim))
        if (new := _first_new(cube.snap(near), seen)) is not None:
            return new
    if (new := _first_new(cube.sample(rng, _SAMPLES), seen)) is not None:
        return new
    if cube.n_points > 2 * len(seen) + _SAMPLES:
        return None  # the rest is so improbable that a thousand draws miss it
    return _first_new(rng.permutation(cube.points()), seen)


def _first_new(points: np.ndarray, seen: set[tuple[float, ...]]) -> np.ndarray | None:
    u: np.ndarray
    for u in points:
        if tuple(u.tolist()) not in seen:
            return u
    return None
