"""What the settings of a memory policy may be together; alone, each has limits of its own."""

from __future__ import annotations

from typing import Any

from l2l_sampler.policies.memory.objective.encodings import strengths

_OF_THE_POSTERIOR = ("caution", "rise", "every")
"""Settings that only the read "posterior" has."""
_CANDIDATES = 4096
"""How many a search may screen: with the most trials that are read they take 32 MiB."""


def check_settings(policy: Any) -> None:
    """Raise ValueError for what a checkpoint's header may have got wrong."""
    several_maps = len(strengths(policy.encoding)) > 1
    if policy.read != "posterior":
        if several_maps:
            raise ValueError(
                f"the encoding {policy.encoding!r} chooses a map by the likelihood, which the "
                f"read {policy.read!r} has not; take the read 'posterior', or the encoding "
                "'zscore-1'"
            )
        for name in _OF_THE_POSTERIOR:
            if (value := getattr(policy, name)) is not None:
                raise ValueError(
                    f"{name} needs the read 'posterior', or must be None; got {value} with the "
                    f"read {policy.read!r}"
                )
    if policy.margin_low > policy.margin_high:
        raise ValueError(
            "margin_low must be at most margin_high; "
            f"got {policy.margin_low} and {policy.margin_high}"
        )
    if policy.starts * policy.group > _CANDIDATES:
        raise ValueError(
            f"starts times group must be at most {_CANDIDATES}; "
            f"got {policy.starts} and {policy.group}"
        )
