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

REMEMBERED = 8
"""Entries of a `Cache`: a thread or a study that shares it finds its own among a few others. A
study in which a memory policy zooms uses two."""

SCALARIZATION = 2
"""Third word of the seed of a random scalarisation of several objectives, by policies that know
only one: its draws are kept apart from all others."""


class Cube(Protocol):
    """The unit cube of a search space with `dim` axes; `UnitCube` is one."""

    @property
    def dim(self) -> int:
        """Number of unit-cube axes D."""

    @property
    def numeric(self) -> np.ndarray:
        """(D,) bool, the axis is of a number, and not of one of several choices."""

    @property
    def blocks(self) -> tuple[slice, ...]:
        """The coordinates of each parameter: one of a number, one of every choice of several."""

    def stepped(self, u: np.ndarray, by: int) -> np.ndarray:
        """Valid points (..., D), every stepped number moved by so many values; to be snapped."""

    def resting(self, u: np.ndarray) -> np.ndarray:
        """(..., D) bool, the coordinate is of a parameter that takes no part at valid u."""

    def snap(self, u: np.ndarray) -> np.ndarray:
        """Nearest valid points, (..., D) -> (..., D)."""

    @property
    def n_points(self) -> float:
        """Number of distinct points; inf if there is a continuous axis."""

    def sample(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Uniform valid points, (n, D)."""

    def points(self) -> np.ndarray:
        """Every point of a finite cube, (n_points, D)."""


def around_middle(cube: Cube, count: int, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Valid points (count, D) that lie this deviation around the middles of axes of numbers."""
    u = cube.sample(rng, count)
    middle = np.clip(0.5 + spread * rng.standard_normal(u.shape), 0.0, 1.0)
    return cube.snap(np.where(cube.numeric, middle, u))


class Cache:
    """What a policy has worked out for the last few trials, to go on from for the next.

    Nothing depends on it but time. It belongs to one set of parameters. Entries are never changed,
    and all are replaced at once, so threads may share it.

    Attributes:
        entries: the latest first.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.entries: tuple[Any, ...] = ()

    def add(self, entry: Any) -> None:
        """Keep an entry, in the place of the oldest one if there are `REMEMBERED`."""
        self.entries = (entry, *self.entries[: REMEMBERED - 1])


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

    @property
    @abstractmethod
    def reads_earlier_studies(self) -> bool:
        """Whether trials of other studies in a history tell it anything."""

    @abstractmethod
    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Untrained parameters."""

    @abstractmethod
    def propose(
        self,
        params: Params,
        history: History,
        *,
        cube: Cube,
        seed: int,
        number: int,
        cache: Cache | None = None,
    ) -> np.ndarray:
        """Candidates for the next trial, best first, whether they were tried before or not.

        Args:
            params: numpy parameters, of `precision`.
            history: trials so far.
            cube: the search space.
            seed: of the study. It and `number` are the only sources of randomness.
            number: of the trial, which gives every trial randomness of its own.
            cache: of these parameters; without it, all is worked out from the beginning.

        Returns:
            (m, D) snapped points, m >= 1.
        """


class _Undrawn(np.random.Generator):
    """Draws nothing: of what it is asked for there is only the shape."""

    def __init__(self) -> None:
        """Begin with any bits; none is taken."""
        super().__init__(np.random.PCG64(0))

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """One number seen as an array of this size."""
        return np.broadcast_to(np.float64(loc), size)


def shapes_of(policy: Policy) -> dict[str, tuple[int, ...]]:
    """The shapes of a policy's parameters, none of which is drawn for it."""
    return {name: value.shape for name, value in policy.init(_Undrawn()).items()}


def describe(policy: Policy) -> dict[str, Any]:
    """The policy's fields as plain JSON values, without those that are None.

    So a field that came later, and is None by default, does not invalidate older files.
    """
    values: dict[str, Any] = asdict(policy)  # type: ignore[call-overload]
    return {name: value for name, value in values.items() if value is not None}
