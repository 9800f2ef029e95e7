"""What a proposal looks at: the cube, beside those of earlier studies, and perhaps a box in it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from l2l_sampler.history import History
from l2l_sampler.policies.base import Cube
from l2l_sampler.policies.memory.search.box import Box
from l2l_sampler.policies.memory.search.studies import Beside


class View(NamedTuple):
    """How a history and a cube are looked at.

    Attributes:
        earlier: number of earlier studies in the history.
        zooms: whether only a box around the best trials is seen.
    """

    earlier: int
    zooms: bool

    def of(self, history: History, cube: Cube) -> tuple[History, Cube]:
        """The trials that are seen, and the cube that they are points of."""
        if self.earlier:
            cube = Beside(cube, self.earlier)
            history = cube.seen(history)
        if self.zooms:
            cube = Box.around_best(history, cube)
            history = cube.seen(history)
        return history, cube

    def out(self, cube: Cube, u: np.ndarray) -> np.ndarray:
        """Points u of the cube that is seen as valid points of the search space."""
        if isinstance(cube, Box):
            u, cube = cube.out(u), cube.cube
        return cube.out(u) if isinstance(cube, Beside) else u

    def width(self, cube: Cube) -> np.ndarray:
        """Lengths of the axes of the cube that is seen, in units of those of the whole."""
        return cube.width if isinstance(cube, Box) else np.ones(cube.dim)
