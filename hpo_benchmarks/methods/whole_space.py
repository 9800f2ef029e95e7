"""What samplers share that are made for one search space and propose all of it at once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial


class WholeSpaceSampler(BaseSampler):
    """An Optuna sampler that is given its search space, so that it proposes from trial 0 on.

    Args:
        space: the parameters that every trial suggests.
    """

    def __init__(self, space: Mapping[str, BaseDistribution]) -> None:
        """Remember the space."""
        self._space = dict(space)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The whole space, from the first trial on."""
        return self._space

    @abstractmethod
    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Values of all parameters."""

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """No parameter is sampled apart from the others.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            f"parameter {param_name} is not in the space that {type(self).__name__} was made for: "
            f"{', '.join(self._space)}"
        )
