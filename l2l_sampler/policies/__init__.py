"""The learned optimizers, one file each.

A kind is imported when it is first built, so that `import l2l_sampler` stays quick.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from l2l_sampler.policies.base import Policy


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


def build(kind: str, config: Mapping[str, Any]) -> Policy:
    """The policy of this kind whose fields are `config`.

    Raises:
        ValueError: the kind, or a field of its configuration, is unknown or missing.
    """
    if kind not in KINDS:
        raise ValueError(
            f"its policy is of kind {kind!r}, and this l2l_sampler knows {sorted(KINDS)}"
        )
    policy: Any = KINDS[kind]
    names = {field.name for field in fields(policy)}
    needed = {field.name for field in fields(policy) if field.default is not None}
    lacks, unknown = needed - config.keys(), config.keys() - names
    if lacks or unknown:
        raise ValueError(
            f"the configuration of its {kind!r} policy lacks {sorted(lacks)} and has unknown "
            f"{sorted(unknown)}"
        )
    built: Policy = policy(**config)
    return built
