"""What the settings of a memory policy may be."""

from __future__ import annotations

import math
from typing import Any

from l2l_sampler.policies.memory.objective.encodings import strengths
from l2l_sampler.policies.memory.search.candidates import LOCAL_GROUPS

_LEAST = {"crowding": 0, "fade": 0, "zoom": 1, "moves": 0, "first": 0, "bits": 1}
"""Least values of fields that every read takes."""


def check_settings(policy: Any) -> None:
    """Raise ValueError for what a checkpoint's header may have got wrong."""
    if len(strengths(policy.encoding)) > 1 and policy.read != "posterior":
        raise ValueError(
            f"the encoding {policy.encoding!r} chooses a map by the likelihood, which the read "
            f"{policy.read!r} has not; take the read 'posterior', or the encoding 'zscore-1'"
        )
    for name, least in (("caution", 0), ("rise", 0), ("every", 1)):
        value = getattr(policy, name)
        if value is not None and not (least <= value < math.inf and policy.read == "posterior"):
            raise ValueError(
                f"{name} must be at least {least}, with the read 'posterior', or None; got "
                f"{value} with the read {policy.read!r}"
            )
    for name, least in (
        ("crowding", 0),
        ("fade", 0),
        ("zoom", 1),
        ("moves", 0),
        ("first", 0),
        ("bits", 1),
    ):
        value = getattr(policy, name)
        if value is not None and not least <= value < math.inf:
            raise ValueError(f"{name} must be at least {least}, or None; got {value}")
    if policy.fade == 0.0:
        raise ValueError("fade must be above 0, or None for a rise that does not fade; got 0")
    if not 0.0 < policy.margin_low <= policy.margin_high:
        raise ValueError(
            "margin_low must be positive and at most margin_high; "
            f"got {policy.margin_low} and {policy.margin_high}"
        )
    if policy.starts < LOCAL_GROUPS or min(policy.hidden, policy.steps, policy.group) < 1:
        raise ValueError(
            f"starts must be at least {LOCAL_GROUPS} and hidden, steps and group at least 1; "
            f"got {policy.starts}, {policy.hidden}, {policy.steps} and {policy.group}"
        )
