"""Symmetries of the unit cube, in one of which a recurrent policy sees every study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Symmetry:
    """One of the 2^D D! symmetries of the unit cube: reflect axes, then reorder them.

    Attributes:
        flip: (D,) True where the axis is reflected.
        order: (D,) a permutation.
    """

    flip: np.ndarray
    order: np.ndarray

    @classmethod
    def draw(cls, rng: np.random.Generator, dim: int) -> Symmetry:
        """A uniformly random symmetry."""
        return cls(rng.random(dim) < 0.5, rng.permutation(dim))

    def apply(self, u: np.ndarray) -> np.ndarray:
        """Points as the policy sees them, (..., D) -> (..., D)."""
        seen: np.ndarray = np.where(self.flip, 1.0 - u, u)[..., self.order]
        return seen

    def undo(self, u: np.ndarray) -> np.ndarray:
        """Inverse of `apply`."""
        back = u[..., np.argsort(self.order)]
        return np.where(self.flip, 1.0 - back, back)
