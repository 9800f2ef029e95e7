"""What all readings of a table have prepared."""

from __future__ import annotations

from typing import Any, NamedTuple

from l2l_sampler.policies.memory.reads.feasibility import Feasibility


class Prepared(NamedTuple):
    """What is worked out once a proposal.

    Attributes:
        objective: what the read prepared.
        feasibility: the reading of failures and constraints; None without any, or if the policy
            has none.
    """

    objective: Any
    feasibility: Feasibility | None
