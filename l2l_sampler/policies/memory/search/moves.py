"""Moves of one parameter: what a local search of any space tries next.

Coordinate by coordinate, a choice hardly ever changes, for it is one-hot, and the neighbouring
integer is met by chance only. The moves here are in terms of parameters. They are made at run
time only, of one problem.

Notation
    D  unit-cube axes   m  points   K  moves of each   M  points moved to   n  trials
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from l2l_sampler.history import History
from l2l_sampler.policies.base import Cube
from l2l_sampler.policies.memory.search.candidates import best_first, log_uniform

FEWEST_RESULTS = 20
"""Before so many results the posterior is not known well enough for its best point to matter: a
local search from the first trial on cost regret in spaces of choices only."""
NEAR_STARTS = 3
"""Points next to the best trials from which the LSTM starts, besides those of the screening."""
_GOOD = 5
"""Trials that the search begins next to: the best may owe its place to noise."""
_CLIMBING = 2
"""Points whose moves are tried in a round: two for four rounds came nearer to the best point of a
space than three for three rounds, at the same cost."""
_JOINT = 4
"""Steps along all numbers at once, of each point."""
_MOST = 64
"""Moves of each point: of more, in a space of very many choices or numbers, a random part."""
_MANY = 512
"""Numbers past which a random part of them is stepped along alone."""
_ROUNDING = 1e-9
"""Points that differ by less are the same: the coordinates of a narrow box are no rounder."""

Score: TypeAlias = Callable[[np.ndarray], np.ndarray]
"""How good points are, (1, M, D) -> (1, M)."""


class Moves:
    """Points that differ from others in one parameter, or by a short step in all numbers.

    Args:
        cube: the search space.
        history: trials, with one result at least.
        rng: the only source of randomness.
        rounds: of the local search, see `climb`.
    """

    def __init__(
        self, cube: Cube, history: History, rng: np.random.Generator, rounds: int
    ) -> None:
        """List the moves, and what parameters were in the best trials that had them."""
        self._cube, self._rng, self._rounds = cube, rng, rounds
        self._place = np.arange(cube.dim)
        self._parameter = np.full(cube.dim, -1)  # the first coordinate of each one's parameter
        self._is_number = np.zeros(cube.dim, dtype=bool)
        for block in cube.blocks:
            self._parameter[block] = block.start
            self._is_number[block] = block.stop - block.start == 1
        self._numbers = np.flatnonzero(self._is_number)
        self._choices = np.flatnonzero((self._parameter >= 0) & ~self._is_number)
        ranked = history.x[history.ranked()]
        self._good = ranked[:_GOOD]
        steps = [cube.stepped(ranked[0], by) - ranked[0] for by in (-1, 1)]
        far = np.abs(steps).max(axis=0) > _ROUNDING
        self._stepped = np.flatnonzero(self._is_number & far)
        resting = cube.resting(ranked)
        self._had = ~resting.all(axis=0)
        # The first row in which a parameter does not rest is the best trial that had it.
        self._remembered = ranked[resting.argmin(axis=0), np.arange(cube.dim)]

    def near_trials(self, score: Score) -> np.ndarray:
        """The points next to the best trials, those of the highest scores first, (1, M, D)."""
        near = self.around(self._good)[None]
        return np.asarray(best_first(near, score(near)))

    def climb(self, points: np.ndarray, score: Score) -> np.ndarray:
        """The points (1, m, D) and those that a local search from them meets, best first."""
        scores = score(points)
        for _ in range(self._rounds):
            near = self.around(best_first(points, scores)[0, :_CLIMBING])[None]
            points = np.concatenate([points, near], axis=1)
            scores = np.concatenate([scores, score(near)], axis=1)
        return np.asarray(best_first(points, scores))

    def around(self, u: np.ndarray) -> np.ndarray:
        """Valid points (M, D) next to valid points u (m, D).

        Every other choice of a parameter, its neighbouring steps, and continuous steps of random
        length in one number or in all. A parameter that takes part only now rests in the middle,
        or has its value in the best trial that had it, or a random one.
        """
        cube = self._cube
        continuous = self._continuous(u)
        discrete = len(self._choices) + 2 * len(self._stepped)
        which = np.tile(np.arange(discrete + continuous.shape[1]), (len(u), 1))  # (m, K)
        if which.shape[1] > _MOST:
            which = self._rng.permuted(which, axis=1)[:, :_MOST]
        moved = np.take_along_axis(continuous, np.maximum(which - discrete, 0)[..., None], axis=1)
        if discrete:
            moved = np.where(
                (which < discrete)[..., None],
                self._discrete(u, np.minimum(which, discrete - 1)),
                moved,
            )
        moved = cube.snap(moved)
        woken = cube.resting(u)[:, None] & ~cube.resting(moved)
        other = (np.abs(moved - u[:, None]) > _ROUNDING).any(axis=-1)
        moved, woken = moved[other], woken[other]
        some = woken.any(axis=-1)
        filled = []
        if some.any():
            woken, base = woken[some], moved[some]
            random = self._rng.random((2, *base.shape))
            remembered = np.where(self._had, self._remembered, random[0])
            filled = [cube.snap(np.where(woken, fill, base)) for fill in (remembered, random[1])]
        return np.concatenate([moved, *filled])

    def _discrete(self, u: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Some (m, K) of all choices, steps down and steps up, in this order: (m, K, D)."""
        choices, stepped = len(self._choices), len(self._stepped)
        down, up = (self._cube.stepped(u, by)[:, None] for by in (-1, 1))
        later = np.maximum(which - choices, 0)
        step = np.where((later < stepped)[..., None], down, up)  # (m, K, D)
        if stepped:
            place = self._stepped[later % stepped][..., None]
            moved = np.where(self._place == place, step, u[:, None])
        if not choices:
            return moved
        place = self._choices[np.minimum(which, choices - 1)][..., None]
        same = self._parameter == self._parameter[place]
        chosen = np.where(same, self._place == place, u[:, None])
        return np.where((which < choices)[..., None], chosen, moved) if stepped else chosen

    def _continuous(self, u: np.ndarray) -> np.ndarray:
        """Steps along one number or all of them, (m, K, D)."""
        numbers = self._numbers
        if len(numbers) > _MANY:
            numbers = self._rng.choice(numbers, _MOST, replace=False)
        joint = self._is_number[None].repeat(_JOINT, axis=0)
        along = np.concatenate([self._place == numbers[:, None], joint])  # (K, D)
        length = log_uniform(self._rng.random((len(u), len(along), 1)))
        noise = self._rng.standard_normal((len(u), *along.shape))
        moved: np.ndarray = np.clip(u[:, None] + along * length * noise, 0.0, 1.0)
        return moved
