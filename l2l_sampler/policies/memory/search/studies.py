"""Earlier studies as rows of the same table, told apart by axes of their own.

The cube has one more axis for each earlier study: its trials lie at 1 along it, and all others at
0, where every proposal lies, too. So the network that infers length scales infers how much a study
tells: along a long axis its trials count as if they were of this study, and along a short one they
count for nothing. No study's objective is compared with another's: each has the scale on which its
own results have mean 0 and deviation 1.

Notation
    D  unit-cube axes   K  earlier studies   n  trials   x  (n, D) points   u  (n, D + K)
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from l2l_sampler.history import History
from l2l_sampler.policies.base import Cube
from l2l_sampler.policies.memory.objective.outliers import tamer

_DOUBT, _ALONE = 3, 10
"""Results from which on a study reads earlier ones for every second proposal only, and for none.
Held-out families of tasks, related and unrelated, were behind with more and with less."""
_SHOWN = 8
"""Best points of an earlier study, of which the first one is taken that is new."""


@dataclass(frozen=True, eq=False)
class Beside:
    """A cube beside those of earlier studies, as a cube of its own.

    Attributes:
        cube: of this study.
        earlier: K.
    """

    cube: Cube
    earlier: int

    @property
    def dim(self) -> int:
        """Number of axes D + K."""
        return self.cube.dim + self.earlier

    @property
    def numeric(self) -> np.ndarray:
        """(D + K,) bool, the axis is of a number; those of studies are not."""
        return np.append(self.cube.numeric, np.zeros(self.earlier, dtype=bool))

    @property
    def blocks(self) -> tuple[slice, ...]:
        """The coordinates of each parameter; a study is none."""
        return self.cube.blocks

    @property
    def n_points(self) -> float:
        """Number of distinct points."""
        return self.cube.n_points

    def into(self, x: np.ndarray) -> np.ndarray:
        """Points of this study, (..., D) -> (..., D + K)."""
        return np.concatenate([x, np.zeros((*x.shape[:-1], self.earlier))], axis=-1)

    def out(self, u: np.ndarray) -> np.ndarray:
        """The points without the axes of studies, (..., D + K) -> (..., D)."""
        return u[..., : self.cube.dim]

    def snap(self, u: np.ndarray) -> np.ndarray:
        """Nearest valid points of this study, (..., D + K) -> (..., D + K)."""
        return self.into(self.cube.snap(self.out(u)))

    def stepped(self, u: np.ndarray, by: int) -> np.ndarray:
        """Points (..., D + K), every stepped number moved by so many values; not snapped."""
        return self.into(self.cube.stepped(self.out(u), by))

    def resting(self, u: np.ndarray) -> np.ndarray:
        """(..., D + K) bool, the coordinate is of a parameter that takes no part at u."""
        resting = self.cube.resting(self.out(u))
        return np.concatenate([resting, np.zeros((*u.shape[:-1], self.earlier), dtype=bool)], -1)

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Uniform valid points, (n, D + K)."""
        return self.into(self.cube.sample(rng, n))

    def points(self) -> np.ndarray:
        """Every point of a finite cube, (n_points, D + K)."""
        return self.into(self.cube.points())

    def seen(self, history: History) -> History:
        """All trials in this cube, with objectives on one scale."""
        x = self.into(history.x)
        for k in range(self.earlier):
            x[history.source == k + 1, self.cube.dim + k] = 1.0
        columns = [_on_one_scale(y, history.source) for y in history.objectives.T]
        return replace(history, x=x, y=columns[0], others=np.stack(columns, axis=1)[:, 1:])


def best_of_next(history: History, cube: Cube) -> np.ndarray | None:
    """Best points (m, D) of the first earlier study whose best point has had no chance yet.

    A study begins with one trial for each earlier one: where the best result of a related study
    was is a surer place than any that is predicted. None if it is past that.

    Args:
        history: trials of this study and of earlier ones.
        cube: of this study.
    """
    tried = int((history.source == 0).sum())
    studies = [k for k in np.unique(history.source) if k > 0]
    for study in studies[tried:]:
        some = history.take(history.source == study)
        ranked = replace(some, source=np.zeros(some.n, dtype=int)).ranked()
        if len(ranked):
            return cube.snap(some.x[ranked[:_SHOWN]])
    return None


def without_earlier(history: History, number: int) -> History:
    """The trials that the proposal of this number is made from, of this study alone or of all.

    While few results tell whether earlier studies are related, both have their turns.
    """
    own = history.source == 0
    results = int((history.results & own).sum())
    alone = results >= _ALONE or (results >= _DOUBT and number % 2 == 1)
    return history.take(own) if alone else history


def _on_one_scale(y: np.ndarray, source: np.ndarray) -> np.ndarray:
    """The objective (n,) of all studies, each on the scale of its own results."""
    scaled = np.full(len(y), np.nan)
    for study in np.unique(source):
        some = (source == study) & ~np.isnan(y)
        if not some.any():  # Its trials are still running, or have failed.
            continue
        values = y[None, some]
        tamed = tamer(values, np.ones_like(values, dtype=bool))(values)[0]
        gap = tamed - tamed.mean()
        deviation = np.sqrt((gap**2).mean())
        scaled[some] = gap / deviation if deviation > 0.0 else 0.0
    return scaled
