"""`LearnedSampler`: a learned policy as an Optuna sampler."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from l2l_sampler.adapters.arguments import (
    checked_flag,
    checked_n_trials,
    checked_seed,
    random_seed,
)
from l2l_sampler.adapters.optuna.constraints import (
    ConstraintsFunc,
    checked_constraints,
    checked_constraints_func,
)
from l2l_sampler.adapters.optuna.distributions import (
    checked_distributions,
    hull_of,
    nearest_value,
    same_kind,
    storable_values,
)
from l2l_sampler.adapters.optuna.earlier import EarlierStudies
from l2l_sampler.adapters.optuna.explained import explained
from l2l_sampler.adapters.optuna.private import fixed_params, note, set_constraint_values
from l2l_sampler.adapters.optuna.study_reader import StudyReader
from l2l_sampler.explanation.explanation import Explanation
from l2l_sampler.policies.trained import TrainedPolicy
from l2l_sampler.proposal import propose
from l2l_sampler.registry import PolicyLike, check_policy, resolve, takes_any_dimension
from l2l_sampler.spaces.restricted import RestrictedCube

_NOTE = "l2l_sampler:policy"
"""System attribute of a study that names the policy, for whoever reads it later."""
_BITS = 64
"""Of a random seed: names of parameters come above."""
_logger = optuna.logging.get_logger(f"optuna.{__name__}")  # under Optuna's verbosity


class LearnedSampler(BaseSampler):
    """Proposes trials by an optimizer that was learned by gradient descent.

    A trial is proposed as follows.

    1. The search space is the union of the parameters of all trials so far, whatever became of
       them. Who takes part when (the units of the third layer only if there are three) is
       inferred from the trials; `describe` says what was.
    2. All trials become rows of one table, in the unit cube. Completed trials have a value.
       Pruned ones have the value that they would probably have come to, judged by the others at
       the same step. Failed ones tell where trials fail. Running ones, of this process or
       another, are points to stay away from.
    3. The policy reads the table and proposes a point.
    4. Constraints, set by `trial.set_constraint`, are learned from the values that they had: what
       is minimised is their violation while no trial meets them all, and the objective, times the
       chance that all are met, from then on.
    5. Of several objectives, what is maximised is the hypervolume that a trial is expected to add
       to the front.
    6. A parameter that no trial had before, or whose range is another one in this trial, is
       proposed when it is asked for, given the values that the trial has already.

    The paper's policies, which have one model for each number of axes, search the parameters that
    all completed trials share; the first trial and all other parameters are drawn at random. They
    minimise random scalarisations of several objectives, and take trials that violate constraints
    for worse than all others.

    Given `seed`, a proposal is a function of the seed, the trial's number and the study's
    trials: a study that is resumed goes on as if it had not been interrupted.

    Args:
        policy: name of a shipped policy, path of a checkpoint or of a folder with one checkpoint
            for each dimension, or what `load_policy` returned.
        n_trials: intended length of the study, for choosing among models of several horizons.
            Longer studies work, too.
        search_space: parameters that are known beforehand, name -> distribution. They are
            proposed together from the first trial on.
        seed: a whole number >= 0, or None for a random one.
        deduplicate: never to repeat a point while there are others.
        consider_pruned_trials: learn from pruned trials; if not, they are only not repeated.
        independent_sampler: sampler of the parameters that are not proposed together; by default
            they are proposed one by one, as in step 6. Those that cannot be searched are drawn by
            a `RandomSampler`, seeded from `seed`, the trial and the parameter's name.
        warn_independent_sampling: warn, once for each parameter and study, when a parameter
            cannot be searched.
        constraints_func: function of a completed or pruned trial that gives the values of its
            constraints, above 0 where one is violated. Optuna 5 deprecates it: call
            `trial.set_constraint(name, value)` in the objective.
        earlier: studies of similar objectives, to begin with their best trials and what they
            tell; from ten results on this study stands on its own. Their search spaces and the
            scales of their objectives may be others.

    Raises:
        ValueError: if `n_trials` or `seed` is out of range; later, if `policy` has no model for
            the search space.
        TypeError: if an argument is of the wrong kind.
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
        constraints_func: ConstraintsFunc | None = None,
        earlier: Sequence[Study] = (),
    ) -> None:
        """Check the arguments; weights are read when first needed."""
        check_policy(policy)
        self._policy = policy
        self._n_trials = checked_n_trials(n_trials)
        self._search_space = checked_distributions(search_space)
        self._seed = checked_seed(seed)
        self._seeded = seed is not None
        self._deduplicate = checked_flag(deduplicate, "deduplicate")
        self._independent_sampler = independent_sampler
        self._warn_independent_sampling = checked_flag(
            warn_independent_sampling, "warn_independent_sampling"
        )
        self._constraints_func = checked_constraints_func(constraints_func)
        self._warned: set[tuple[str, str]] = set()
        self._noted: set[str] = set()  # names of studies
        self._reader = StudyReader(checked_flag(consider_pruned_trials, "consider_pruned_trials"))
        self._earlier = EarlierStudies(earlier, consider_pruned_trials)
        self._any_dimension = takes_any_dimension(policy)
        self._resolved: dict[int, TrainedPolicy] = {}

    def reseed_rng(self) -> None:
        """Take a new random seed, unless one was given: trials differ by their number anyway."""
        if not self._seeded:
            self._seed = random_seed()
        if self._independent_sampler is not None:
            self._independent_sampler.reseed_rng()

    def describe(self, study: Study) -> list[str]:
        """What was inferred of the search space, in plain words.

        Returns:
            A sentence for each parameter that not every trial has, and for each one that cannot
            be searched. It is empty for a space in which all parameters always take part.
        """
        with self._reader.lock:
            space = self._reader.space(study)
            cube = self._reader.cube_of(study, self._relative_space(study))
            return cube.describe() + [
                f"{name} is not searched, since its kind or its choices change"
                for name in sorted(space.unsearchable())
            ]

    def explain(self, study: Study) -> Explanation:
        """What the policy believes of a study, see `l2l_sampler.explain`."""
        with self._reader.lock:
            space = self._relative_space(study)
            trained = self._trained(self._reader.cube_of(study, space).dim)
            return explained(study, self._reader, space, trained, self._name, self._seed)

    @property
    def _name(self) -> str:
        """The policy as it was given, or its kind."""
        given = self._policy
        return given.policy.kind if isinstance(given, TrainedPolicy) else str(given)

    def __str__(self) -> str:
        """What it is, in a line."""
        seed = self._seed if self._seeded else None
        return f"LearnedSampler({self._name!r}, seed={seed})"

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The parameters to propose together."""
        self._earlier.check(study)
        return self._relative_space(study)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The policy's proposal for all parameters of `search_space`."""
        if not search_space:
            return {}
        fixed = fixed_params(trial)
        return self._propose(study, trial, search_space, fixed, {}, fixed.keys())

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Note the constraints of a trial that has ended, if there is a `constraints_func`.

        Raises:
            ValueError: it gave a value that is no number.
            TypeError: it gave no sequence.
        """
        if self._independent_sampler is not None:
            self._independent_sampler.after_trial(study, trial, state, values)
        if self._constraints_func is not None and state in (
            TrialState.COMPLETE,
            TrialState.PRUNED,
        ):
            given = self._constraints_func(trial)
            set_constraint_values(study, trial, checked_constraints(given))

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A value for a parameter that was not proposed with the others, or not in this range."""
        with self._reader.lock:
            space = self._reader.space(study)
            if param_name in space.unsearchable():
                self._warn(
                    study, param_name, "its kind or its choices differ from those of other trials"
                )
            elif self._any_dimension:
                if self._independent_sampler is None:
                    return self._complete(study, trial, param_name, param_distribution)
            elif (known := space.shared()) and param_name not in known | self._search_space:
                self._warn(study, param_name, "not every completed trial has it")
        sampler = self._independent_sampler
        if sampler is None:
            entropy = self._seed, trial.number, zlib.crc32(param_name.encode())
            seed = np.random.SeedSequence(entropy).generate_state(1)[0]
            sampler = RandomSampler(seed=int(seed))
        return sampler.sample_independent(study, trial, param_name, param_distribution)

    def _relative_space(self, study: Study) -> dict[str, BaseDistribution]:
        space = self._reader.space(study)
        if self._any_dimension:
            found = dict(sorted((space.union() | self._search_space).items()))
        else:
            found = self._search_space or space.shared()
        return {name: d for name, d in found.items() if not d.single()}

    def _complete(
        self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution
    ) -> Any:
        """A value of one more parameter, given those of the trial."""
        known = self._earlier.space(trial.number) | self._relative_space(study)
        proposed = self._reader.proposed(trial)
        joint, ranges = distribution, {}
        if name in known and same_kind(known[name], distribution):
            if known[name] == distribution and name in proposed:
                # Optuna's check refuses a few values that lie in the range, by rounding.
                return proposed[name]
            if not isinstance(distribution, CategoricalDistribution):
                joint = hull_of(known[name], distribution)
                ranges = {name: (distribution.low, distribution.high)}  # type: ignore[attr-defined]
        space = dict(sorted((known | {name: joint}).items()))
        fixed = proposed | trial.params
        fixed.pop(name, None)
        taking_part = {name, *trial.params}
        params = self._propose(study, trial, space, fixed, ranges, taking_part, alone=name)
        return nearest_value(distribution, params[name])

    def _propose(
        self,
        study: Study,
        trial: FrozenTrial,
        space: Mapping[str, BaseDistribution],
        fixed: Mapping[str, Any],
        ranges: Mapping[str, tuple[Any, Any]],
        taking_part: Collection[str],
        alone: str | None = None,
    ) -> dict[str, Any]:
        """Values of all parameters of the space, some of which are fixed or confined.

        Args:
            study: the study.
            trial: the trial.
            space: the parameters.
            fixed: values that are given.
            ranges: the least and the largest value that others may have.
            taking_part: parameters that are known to take part.
            alone: the parameter that is asked for, if it is one. While nothing is known it has
                randomness of its own, as if the others were asked for elsewhere.
        """
        with self._reader.lock:
            cube, history = self._reader.history(study, trial, space, taking_part)
            if self._earlier:
                names = self._reader.constraint_names
                history = self._earlier.before(history, names, cube, space)
            seed = self._seed
            if alone is not None and not history.n:
                seed += zlib.crc32(alone.encode()) << _BITS
            part = RestrictedCube.within(cube, fixed, ranges) if fixed or ranges else cube
            trained = self._trained(cube.dim)
            self._note(study, trained)
            u = propose(
                trained,
                history,
                part,
                seed=seed,
                number=trial.number,
                deduplicate=self._deduplicate,
            )
            params, active = storable_values(cube.params(u), space), cube.active(u)
            self._reader.remember(trial, {n: v for n, v in params.items() if active[n]})
            return params

    def _trained(self, dim: int) -> TrainedPolicy:
        if dim not in self._resolved:
            trained = resolve(self._policy, dim, n_trials=self._n_trials)
            if self._earlier and not trained.policy.reads_earlier_studies:
                raise ValueError(
                    f"the policy {trained.policy.kind!r} does not learn from earlier studies; "
                    "leave `earlier` out, or take the policy 'memory'"
                )
            self._resolved[dim] = trained
        return self._resolved[dim]

    def _note(self, study: Study, trained: TrainedPolicy) -> None:
        """Note in the study, once, which policy has proposed its trials."""
        if study.study_name not in self._noted:
            self._noted.add(study.study_name)
            note(study, _NOTE, f"{self._name}, digest {trained.digest}")

    def _warn(self, study: Study, name: str, reason: str) -> None:
        """Say once for each parameter and study that it is not searched, and what to do."""
        key = study.study_name, name
        if self._warn_independent_sampling and key not in self._warned:
            self._warned.add(key)
            sampler = self._independent_sampler
            _logger.warning(
                f"Parameter {name!r} is not searched by {type(self).__name__}, but drawn by "
                f"{'RandomSampler' if sampler is None else type(sampler).__name__}: {reason}. "
                "Give it another name where it means something else, or take a policy such as "
                "'memory', which searches parameters that not every trial has. "
                "`warn_independent_sampling=False` silences this."
            )
