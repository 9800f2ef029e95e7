"""`LearnedSampler`: a learned policy as an Optuna sampler."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.samplers._base import _INDEPENDENT_SAMPLING_WARNING_TEMPLATE
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from l2l_sampler.adapters.optuna.study_reader import StudyReader
from l2l_sampler.policies.trained import TrainedPolicy
from l2l_sampler.proposal import propose
from l2l_sampler.registry import PolicyLike, check_policy, resolve

_logger = optuna.logging.get_logger(f"optuna.{__name__}")  # under Optuna's verbosity


class LearnedSampler(BaseSampler):
    """Proposes trials by an optimizer that was learned by gradient descent.

    All parameters that every completed trial has, with the same range, are proposed together;
    others fall back to `independent_sampler`. So does the first trial, unless `search_space` is
    given. Trials that are still running, in this process or another, are known to the policy as
    points without a value. Constraints are ignored, and several objectives are refused.

    Given `seed`, a proposal is a function of the seed, the trial's number and the study's
    trials: a study that is resumed goes on as if it had not been interrupted.

    Args:
        policy: name of a shipped policy, path of a checkpoint or of a folder with one checkpoint
            for each dimension, or what `load_policy` returned.
        n_trials: intended length of the study, for choosing among models of several horizons.
            Longer studies work, too.
        search_space: parameters to propose together from the first trial on, name ->
            distribution. None to infer them.
        seed: a whole number >= 0, or None for a random one.
        deduplicate: never to repeat a point while there are others.
        consider_pruned_trials: use the last reported value of pruned trials.
        independent_sampler: sampler of the other parameters; by default a `RandomSampler` for
            each, seeded from `seed`, the trial and the parameter's name.
        warn_independent_sampling: warn when a parameter falls back to `independent_sampler`.

    Raises:
        ValueError: if `n_trials` or `seed` is out of range; later, if the study has several
            objectives or `policy` has no model for the search space.
        TypeError: if `search_space` holds something else than distributions.
    """

    def __init__(
        self,
        policy: PolicyLike = "memory",
        *,
        n_trials: int | None = None,
        search_space: Mapping[str, BaseDistribution] | None = None,
        seed: int | None = None,
        deduplicate: bool = True,
        consider_pruned_trials: bool = True,
        independent_sampler: BaseSampler | None = None,
        warn_independent_sampling: bool = True,
    ) -> None:
        """Check the arguments; weights are read when first needed."""
        check_policy(policy)
        if n_trials is not None and n_trials < 1:
            raise ValueError(f"n_trials must be at least 1, or None if unknown; got {n_trials}")
        if seed is not None and seed < 0:
            raise ValueError(f"seed must be at least 0, or None for a random one; got {seed}")
        for name, distribution in (search_space or {}).items():
            if not isinstance(distribution, BaseDistribution):
                raise TypeError(
                    f"search_space[{name!r}] is {distribution!r}; give an Optuna distribution, "
                    "such as optuna.distributions.FloatDistribution(0.0, 1.0)"
                )
        self._policy = policy
        self._n_trials = n_trials
        self._search_space = None if search_space is None else dict(search_space)
        self._seed = _random_seed() if seed is None else int(seed)
        self._seeded = seed is not None
        self._deduplicate = deduplicate
        self._independent_sampler = independent_sampler
        self._warn_independent_sampling = warn_independent_sampling
        self._reader = StudyReader(consider_pruned_trials)
        self._resolved: dict[int, TrainedPolicy] = {}

    def reseed_rng(self) -> None:
        """Take a new random seed, unless one was given: trials differ by their number anyway."""
        if not self._seeded:
            self._seed = _random_seed()
        if self._independent_sampler is not None:
            self._independent_sampler.reseed_rng()

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The parameters to propose together."""
        self._raise_error_if_multi_objective(study)
        if self._search_space is None:
            return self._reader.search_space(study)
        return {name: d for name, d in self._search_space.items() if not d.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The policy's proposal for all parameters of `search_space`."""
        self._raise_error_if_multi_objective(study)
        if not search_space:
            return {}
        cube, history, taken = self._reader.history(study, trial, search_space)
        u = propose(
            self._trained(cube.dim),
            history,
            cube,
            seed=self._seed,
            number=trial.number,
            deduplicate=self._deduplicate,
            taken=taken,
        )
        return cube.params(u)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A value for a parameter outside the relative search space."""
        self._raise_error_if_multi_objective(study)
        sampler = self._independent_sampler
        if sampler is None:
            entropy = self._seed, trial.number, zlib.crc32(param_name.encode())
            seed = np.random.SeedSequence(entropy).generate_state(1)[0]
            sampler = RandomSampler(seed=int(seed))
        if self._warn_independent_sampling:
            self._warn(study, trial, param_name, type(sampler).__name__)
        return sampler.sample_independent(study, trial, param_name, param_distribution)

    def _trained(self, dim: int) -> TrainedPolicy:
        if dim not in self._resolved:
            self._resolved[dim] = resolve(self._policy, dim, n_trials=self._n_trials)
        return self._resolved[dim]

    def _warn(self, study: Study, trial: FrozenTrial, name: str, sampler: str) -> None:
        """Say why a parameter is sampled independently; in the first trials that is expected."""
        if self._search_space is not None:
            reason = "it is not in the given `search_space` with this range"
        elif any(t.state == TrialState.COMPLETE for t in study._get_trials(deepcopy=False)):
            reason = (
                "the search space is dynamic: not every completed trial has the parameter with "
                "this range"
            )
        else:
            return
        _logger.warning(
            _INDEPENDENT_SAMPLING_WARNING_TEMPLATE.format(
                param_name=name,
                trial_number=trial.number,
                independent_sampler_name=sampler,
                sampler_name=type(self).__name__,
                fallback_reason=reason,
            )
        )


def _random_seed() -> int:
    """A seed from the operating system's entropy."""
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
