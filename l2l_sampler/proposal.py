"""From the trials so far to the next point: the policy's best candidate that is new."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from l2l_sampler.history import History
from l2l_sampler.policies.base import Cube
from l2l_sampler.policies.trained import TrainedPolicy

_SPREADS = (0.03, 0.1, 0.3)  # of the neighbourhoods searched when all candidates are taken
_NEIGHBOURS = 64
_SAMPLES = 1024


class CountedCube(Cube, Protocol):
    """A unit cube that knows how many points it has; `UnitCube` is one."""

    @property
    def n_points(self) -> float:
        """Number of distinct points; inf if there is a continuous axis."""

    def points(self) -> np.ndarray:
        """Every point of a finite cube, (n_points, D)."""


def propose(
    trained: TrainedPolicy,
    history: History,
    cube: CountedCube,
    *,
    seed: int,
    number: int,
    deduplicate: bool,
    taken: np.ndarray | None = None,
) -> np.ndarray:
    """The point (D,) to evaluate next; a function of its arguments alone.

    Args:
        trained: the policy.
        history: finished and pending trials, at snapped points of `cube`.
        cube: the search space.
        seed: the study's seed.
        number: the trial's number, which gives every trial randomness of its own.
        deduplicate: never to repeat a point of `history` or `taken` while the cube has others.
        taken: (k, D) snapped points that the policy knows nothing of, such as failed trials.
    """
    if cube.dim == 0:
        return np.zeros(0)
    rng = np.random.default_rng((seed, number))
    candidates = trained.propose(history, cube=cube, rng=rng)
    best: np.ndarray = candidates[0]
    if not deduplicate:
        return best
    known = [history.x] if taken is None else [history.x, taken]
    u: np.ndarray
    for u in candidates:
        if not any(_holds(x, u) for x in known):
            return u
    unseen = _unseen(best, np.concatenate(known), cube, rng)
    return best if unseen is None else unseen


def _holds(x: np.ndarray, u: np.ndarray) -> bool:
    """Whether u (D,) is a row of x (n, D)."""
    alike = x[x[:, 0] == u[0]]
    return bool((alike == u).all(axis=1).any())


def _unseen(
    u: np.ndarray, x: np.ndarray, cube: CountedCube, rng: np.random.Generator
) -> np.ndarray | None:
    """A point not in x (n, D), near u (D,) if there is one; None if x holds all."""
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
