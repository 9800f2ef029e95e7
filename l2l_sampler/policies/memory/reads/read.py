"""The interface of a read of the trial table: what a policy sees of the history at a point.

Two reads have it: `posterior_read` (the exact Gaussian process posterior under inferred
hyper-parameters) and `kernel_read` (kernel-weighted statistics, no matrix is inverted).

Notation
    B  problems side by side (1 at run time)   n  trials in the table   d  axes of the cube
    S  points read side by side                p  (B, S, d) these points
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np

from l2l_sampler.arrays import Array
from l2l_sampler.policies.base import Params
from l2l_sampler.policies.memory.process.rise import Rise
from l2l_sampler.policies.memory.table import Table


class Look(NamedTuple):
    """What one read of the table at S points gives.

    Attributes:
        axis: (B, S, d, F_axis) features of every axis.
        point: (B, S, F_point) features of the point.
        stride: (B, S, d) or broadcastable, the natural length of a move along every axis.
    """

    axis: Array
    point: Array
    stride: Array


class Score(NamedTuple):
    """What a read expects of S points.

    Attributes:
        log_ei: (B, S) log expected improvement in units of z.
        mean: (B, S) predicted z, or None if the read predicts none.
        deviation: (B, S) its standard deviation, or None.
    """

    log_ei: Array
    mean: Array | None = None
    deviation: Array | None = None


class Read(ABC):
    """One way to read the table: prepared once a proposal, then looked at and scored.

    Attributes:
        n_axis: features of every axis.
        n_point: features of a point.
        n_control: extra outputs of the policy for every axis, which steer the next look.
    """

    n_axis: int
    n_point: int
    n_control: int

    @abstractmethod
    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Untrained parameters."""

    @abstractmethod
    def prepare(
        self,
        params: Params,
        table: Table,
        margin: Array,
        rise: Rise | None = None,
        theta: Array | None = None,
    ) -> Any:
        """What does not depend on the points: computed once a proposal.

        Args:
            params: the policy's parameters.
            table: the history.
            margin: (B, 1) how far below the incumbent, in units of z, improvement begins.
            rise: part of the mean, for a read that has one.
            theta: (B, J) hyper-parameters, for a read that has them; None to infer them.
        """

    @abstractmethod
    def look(self, params: Params, prepared: Any, p: Array, control: Array | None) -> Look:
        """What is seen at the points.

        Args:
            params: the policy's parameters.
            prepared: what `prepare` returned.
            p: (B, S, d) points.
            control: (B, S, d, n_control) sum of the policy's steering outputs; None is zero.
        """

    @abstractmethod
    def score(self, params: Params, prepared: Any, p: Array) -> Score:
        """Predicted log expected improvement at the points p (B, S, d)."""
