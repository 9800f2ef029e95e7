"""A mean that rises towards the bounds of the search space.

People choose bounds within which the best lies, and beyond which it does not: a bound itself is
seldom good. A stationary process does not know, and since a corner is far from all trials, it
finds corners the most promising of all. With this mean it starts inside.

Notation
    B  problems   S  points   d  axes   p  (B, S, d) points in [0, 1]
"""

from __future__ import annotations

from typing import NamedTuple

from l2l_sampler.arrays import Array, array_namespace
from l2l_sampler.policies.memory.table import Table

_POWER = 4
_MEAN = 1.0 / (_POWER + 1)
_VARIANCE = 1.0 / (2 * _POWER + 1) - _MEAN**2
"""Moments of |2 p - 1|^_POWER for a uniform p, with which the rise is centred and scaled."""


class Rise(NamedTuple):
    """The mean c sum_i (|2 p_i - 1|^4 - 1/5) over numeric axes, scaled by their number.

    Attributes:
        weights: (B, 1, d) c over the root of the number of numeric axes and of a term's variance;
            0 for choices, which have no bounds.
    """

    weights: Array

    @classmethod
    def over(cls, table: Table, strength: float, fade: float | None = None) -> Rise | None:
        """The rise over a table's axes of numbers; None if there are none.

        Args:
            table: the history.
            strength: c, its standard deviation over uniform points in units of the encoded
                objective.
            fade: results after which it is half of that, since they tell more than the bounds
                do; None if it does not fade.
        """
        xp = array_namespace(table.x)
        some = xp.ones_like(table.x[:, :1], dtype=xp.float64)
        if table.numeric is not None:
            if not bool(xp.any(table.numeric)):
                return None
            some = xp.astype(table.numeric, xp.float64)[:, None]
        count = xp.sum(some, axis=-1, keepdims=True)
        scale = xp.sqrt(xp.where(count > 0.0, count, xp.ones_like(count)) * _VARIANCE)
        weights = strength * some / scale
        if fade is not None:
            known = xp.sum(xp.astype(table.known, xp.float64), axis=-1)
            weights = weights / (1.0 + known / fade)[:, None, None]
        return cls(weights)

    def at(self, p: Array) -> Array:
        """The mean at p (B, S, d) in float64, (B, S)."""
        far = (2.0 * p - 1.0) ** _POWER - _MEAN
        return (far * self.weights).sum(axis=-1)

    def slope(self, p: Array) -> Array:
        """Its gradient along every axis, (B, S, d)."""
        return 2.0 * _POWER * (2.0 * p - 1.0) ** (_POWER - 1) * self.weights
