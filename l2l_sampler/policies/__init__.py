"""The learned optimizers, one file each.

A kind is imported when it is first built, so that `import l2l_sampler` stays quick.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from l2l_sampler.policies.base import Policy

if TYPE_CHECKING:
    from l2l_sampler.checkpoint import Header


class _Kinds(Mapping[str, type[Policy]]):
    """Policy classes by kind."""

    def __getitem__(self, kind: str) -> type[Policy]:
        if kind == "memory":
            from l2l_sampler.policies.memory.policy import MemoryPolicy

            return MemoryPolicy
        if kind == "lstm":
            from l2l_sampler.policies.recurrent.lstm import LSTMPolicy

            return LSTMPolicy
        if kind == "dnc":
            from l2l_sampler.policies.recurrent.dnc import DNCPolicy

            return DNCPolicy
        raise KeyError(kind)

    def __iter__(self) -> Iterator[str]:
        return iter(("memory", "lstm", "dnc"))

    def __len__(self) -> int:
        return 3


KINDS: Mapping[str, type[Policy]] = _Kinds()


def build(header: Header) -> Policy:
    """The policy that a checkpoint's header describes.

    Raises:
        ValueError: its kind, or a field of its configuration, is unknown or missing.
    """
    if header.policy not in KINDS:
        raise ValueError(
            f"its policy is of kind {header.policy!r}, and this l2l_sampler knows {sorted(KINDS)}"
        )
    kind: Any = KINDS[header.policy]
    names = {field.name for field in fields(kind)}
    needed = {field.name for field in fields(kind) if field.default is not None}
    lacks, unknown = needed - header.config.keys(), header.config.keys() - names
    if lacks or unknown:
        raise ValueError(
            f"the configuration of its {header.policy!r} policy lacks {sorted(lacks)} and has "
            f"unknown {sorted(unknown)}"
        )
    policy: Policy = kind(**header.config)
    return policy
