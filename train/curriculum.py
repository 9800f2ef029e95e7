"""How the length of training trajectories grows (paper, section 3)."""

from __future__ import annotations


def horizon_at(progress: float, first: int, last: int) -> int:
    """Longest trajectory at a moment of the training.

    Args:
        progress: share of the training that is done, 0 to 1.
        first: length at the start (the paper's is 10).
        last: length from halfway on (the paper's is 100); a shorter one stays as it is.
    """
    if last <= first:
        return last
    return round(first + (last - first) * min(1.0, 2.0 * progress))
