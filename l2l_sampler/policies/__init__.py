"""The learned optimizers, one file each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from l2l_sampler.policies.base import Policy
from l2l_sampler.policies.memory import MemoryPolicy

if TYPE_CHECKING:
    from l2l_sampler.checkpoint import Header

KINDS: Mapping[str, type[Policy]] = {policy.kind: policy for policy in (MemoryPolicy,)}


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
    if header.config.keys() != names:
        raise ValueError(
            f"the configuration of its {header.policy!r} policy lacks "
            f"{sorted(names - header.config.keys())} and has unknown "
            f"{sorted(header.config.keys() - names)}"
        )
    policy: Policy = kind(**header.config)
    return policy
