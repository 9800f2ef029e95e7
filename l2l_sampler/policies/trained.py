"""A policy with its learned parameters, and what is known of where they come from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from l2l_sampler.history import History
from l2l_sampler.policies.base import Cache, Cube, Policy, describe

_DIGITS = 16


@dataclass(frozen=True)
class Header:
    """What a checkpoint says about itself.

    Attributes:
        policy: kind of policy, a key of `policies.KINDS`.
        config: fields of the policy.
        dim: unit-cube axes the policy is made for; None if any.
        horizon: number of trials it was trained for; None if any.
        loss: name of the training loss.
        workers: trials that ran at once in training.
        prior: name of the distribution of training functions.
        encoding: name of the encoding of what the policy is told, see the `encodings` of its kind.
        training: configuration of the run that made it.
        commit: revision of the code that made it; None if unknown.
        metrics: held-out results at the end of training.
    """

    policy: str
    config: dict[str, Any]
    dim: int | None
    horizon: int | None
    loss: str
    workers: int
    prior: str
    encoding: str
    training: dict[str, Any]
    commit: str | None
    metrics: dict[str, Any]

    @classmethod
    def of(
        cls,
        policy: Policy,
        *,
        loss: str,
        prior: str,
        horizon: int | None = None,
        workers: int = 1,
        training: Mapping[str, Any] | None = None,
        commit: str | None = None,
        metrics: Mapping[str, Any] | None = None,
    ) -> Header:
        """The header of `policy`: what the policy does not know is given by the trainer."""
        return cls(
            policy=policy.kind,
            config=describe(policy),
            dim=policy.dim,
            horizon=horizon,
            loss=loss,
            workers=workers,
            prior=prior,
            encoding=policy.encoding,
            training=dict(training or {}),
            commit=commit,
            metrics=dict(metrics or {}),
        )


@dataclass(frozen=True, eq=False)
class TrainedPolicy:
    """A policy with its learned parameters.

    Attributes:
        policy: the mathematics.
        params: arrays by name, of the policy's `precision`. They must not change.
        header: where it comes from.
        cache: of the policy with these parameters; copies and pickles begin with an empty one.
    """

    policy: Policy
    params: Mapping[str, np.ndarray]
    header: Header
    cache: Cache = field(default_factory=Cache, init=False, repr=False)

    def __reduce__(self) -> tuple[type[TrainedPolicy], tuple[Any, ...]]:
        """How to copy and pickle it: built anew, without the cache."""
        return TrainedPolicy, (self.policy, self.params, self.header)

    @property
    def digest(self) -> str:
        """A few hex digits that tell it from policies with other fields or parameters."""
        found = hashlib.sha256(repr(self.policy).encode())
        for name, value in sorted(self.params.items()):
            found.update(name.encode() + np.ascontiguousarray(value).tobytes())
        return found.hexdigest()[:_DIGITS]

    def __str__(self) -> str:
        """What it is, in a line."""
        axes = "any number of axes" if self.dim is None else f"{self.dim} axes"
        count = sum(value.size for value in self.params.values())
        return (
            f"{self.policy.kind} policy of {count:,} parameters for {axes}, trained on the prior "
            f"{self.header.prior!r}, with the encoding {self.policy.encoding!r}"
        )

    @property
    def dim(self) -> int | None:
        """Unit-cube axes the policy is made for; None if any."""
        return self.policy.dim

    def propose(self, history: History, *, cube: Cube, seed: int, number: int) -> np.ndarray:
        """Candidates for the next trial, best first, see `Policy.propose`; (m, D), m >= 1.

        An exponential that comes to zero is what a policy means, also where the program that it
        runs in has told numpy to raise on underflow.
        """
        with np.errstate(under="ignore"):
            return self.policy.propose(
                self.params, history, cube=cube, seed=seed, number=number, cache=self.cache
            )
