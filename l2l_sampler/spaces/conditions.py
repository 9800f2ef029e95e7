"""When a parameter takes part: conditions on the values of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from l2l_sampler.spaces.axes import Axis, CategoricalAxis


@dataclass(frozen=True)
class Excluded:
    """A condition: the parent takes part, and its choice is none of these.

    Attributes:
        parent: name of a categorical parameter.
        choices: indices of the excluded choices, in the order of the parent's axis; of a choice
            that is given twice, the first.
    """

    parent: str
    choices: frozenset[int]

    def words(self, axis: Axis) -> str:
        """The condition in plain words, such as "kind is 'a' or 'b'"."""
        choices = axis.choices if isinstance(axis, CategoricalAxis) else ()
        kept = [repr(choice) for k, choice in enumerate(choices) if k not in self.choices]
        return f"{self.parent} is {' or '.join(dict.fromkeys(kept)) or 'none of its choices'}"


@dataclass(frozen=True)
class Within:
    """A condition: the parent takes part, and its value lies in a range.

    Attributes:
        parent: name of a numeric parameter.
        low: smallest value with which the parameter takes part; None if there is no such bound.
        high: largest one, or None.
    """

    parent: str
    low: int | None
    high: int | None

    def words(self, axis: Axis) -> str:
        """The condition in plain words, such as "n_layers >= 2"."""
        if self.low is not None and self.high is not None:
            return f"{self.low} <= {self.parent} <= {self.high}"
        if self.high is not None:
            return f"{self.parent} <= {self.high}"
        return f"{self.parent} >= {self.low}"


Condition: TypeAlias = Excluded | Within
Conditions: TypeAlias = Mapping[str, tuple[Condition, ...]]
"""Parameter -> conditions that must all hold for it to take part."""
