"""The interface that every policy has, and what a policy needs to know of a search space."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np

from l2l_sampler.arrays import Array
from l2l_sampler.history import History

Params: TypeAlias = Mapping[str, Array]


class Cube(Protocol):
    """The unit cube of a search space with `dim` axes; `UnitCube` is one."""

    @property
    def dim(self) -> int:
        """Number of unit-cube axes D."""

    def snap(self, u: np.ndarray) -> np.ndarray:
        """Nearest valid points, (..., D) -> (..., D)."""

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Uniform valid points, (n, D)."""


class Policy(ABC):
    """A learned optimizer: a frozen description whose mathematics takes its parameters.

    Implementations are frozen dataclasses of plain JSON values; together with `kind` these
    rebuild the policy. All arithmetic goes through the array API, so that the same lines run on
    numpy arrays at run time and on torch tensors in training.
    """

    kind: ClassVar[str]
    precision: ClassVar[type[np.floating]] = np.float64
    """Type of its parameters at run time."""
    encoding: str  # name of the encoding that turns objective values into inputs

    @property
    @abstractmethod
    def dim(self) -> int | None:
        """Unit-cube axes that the policy is made for; None if any."""

    @abstractmethod
    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Untrained parameters."""

    @abstractmethod
    def propose(
        self, params: Params, history: History, *, cube: Cube, rng: np.random.Generator
    ) -> np.ndarray:
        """Candidates for the next trial, best first.

        Args:
            params: numpy parameters, of `precision`.
            history: trials so far.
            cube: the search space.
            rng: the only source of randomness.

        Returns:
            (m, D) snapped points, m >= 1.
        """


def describe(policy: Policy) -> dict[str, Any]:
    """The policy's fields as plain JSON values, without those that are None.

    So a field that came later, and is None by default, does not invalidate older files.
    """
    values: dict[str, Any] = asdict(policy)  # type: ignore[call-overload]
    return {name: value for name, value in values.items() if value is not None}
