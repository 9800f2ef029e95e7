"""A search space that is known, and the policy that searches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from l2l_sampler.adapters.ray.domains import OBJECT, holds_placeholder, nested, nothing_to_search
from l2l_sampler.adapters.ray.goal import Goal
from l2l_sampler.adapters.ray.space_json import from_json, same_space, to_json
from l2l_sampler.adapters.ray.state import State
from l2l_sampler.adapters.ray.trials import Point, Trial, TrialTable
from l2l_sampler.explanation.explain import explain_history
from l2l_sampler.explanation.explanation import Explanation
from l2l_sampler.history import History
from l2l_sampler.policies.trained import TrainedPolicy
from l2l_sampler.proposal import propose
from l2l_sampler.registry import PolicyLike, resolve
from l2l_sampler.spaces.conditional import ConditionalCube
from l2l_sampler.spaces.templates import TemplateCube, holds_parameters


@dataclass(frozen=True, eq=False)
class Search:
    """What a searcher has from the moment on at which it knows its search space.

    Attributes:
        space: the search space, and where its configs lie in the unit cube.
        plain: the same as plain JSON, by which it is recognised.
        trained: the policy; None if there is but one config.
    """

    space: TemplateCube
    plain: Any
    trained: TrainedPolicy | None

    @classmethod
    def of(cls, template: Any, policy: PolicyLike, n_trials: int | None) -> Search:
        """Lay out the cube and read the weights.

        Raises:
            ValueError: if the space has nothing to search or no cube, or `policy` no model for it.
        """
        if not isinstance(template, dict) or not holds_parameters(template):
            raise nothing_to_search(template)
        try:
            space = TemplateCube(template)
        except OverflowError as error:
            raise ValueError(
                f"the search space has bounds that no float can hold: {error}"
            ) from None
        dim = space.cube.dim
        trained = resolve(policy, dim, n_trials=n_trials) if dim else None
        return cls(space, to_json(template), trained)

    @property
    def cube(self) -> ConditionalCube:
        """The unit cube of the search space."""
        return self.space.cube

    @classmethod
    def restored(cls, state: State, policy: PolicyLike, known: Search | None) -> Search | None:
        """What a state goes on with; None if its space has yet to be given.

        Args:
            state: the state.
            policy: the policy.
            known: the search in use, which has to be of the space of the state.

        Raises:
            ValueError: if it is of another space, or as `of` and `check`.
        """
        if known is not None and state.space is not None:
            known.check_space(state.space)
        template = None if known is None else known.space.template
        if template is None and state.space is not None:
            try:
                template = from_json(state.space)
            except LookupError:
                return None
        if template is None:
            return None
        search = cls.of(template, policy, state.n_trials)
        search.check(state.queue, state.trials)
        return search

    def config(self, trial: Trial) -> dict[str, Any]:
        """The config of a trial."""
        return self._config(trial.u, trial.exact)

    def _config(self, u: list[float], exact: Mapping[str, float]) -> dict[str, Any]:
        config: dict[str, Any] = self.space.config(np.array(u), exact)
        return config

    def point(self, config: Mapping[Any, Any]) -> Point:
        """Where a config lies, nested or with keys joined by "/".

        Raises:
            ValueError: if a parameter is missing or outside its domain.
        """
        try:
            u, exact = self.space.point(nested(config))
        except ValueError as error:
            if not holds_placeholder(self.space.template, OBJECT):
                raise
            raise ValueError(
                f"{error}. Ray replaces objects in `param_space` by placeholders such as "
                f"{(OBJECT, '1a2b3c4d')}, so that no config can name them; give the search space "
                "to LearnedSearcher(space=...), which takes objects as they are"
            ) from error
        return u.tolist(), exact

    def points(self, configs: Sequence[Mapping[Any, Any]]) -> list[Point]:
        """Where the points to start with lie.

        Raises:
            ValueError: as `point`; it says which one.
        """
        given = []
        for number, config in enumerate(configs):
            try:
                given.append(self.point(config))
            except (TypeError, ValueError) as error:
                raise ValueError(f"points_to_evaluate[{number}]: {error}") from error
        return given

    def point_of(self, result: Mapping[Any, Any]) -> Point:
        """Where the config lies that is in a result of Ray.

        Raises:
            ValueError: if there is none, or as `point`.
        """
        prefix = "config/"
        flat = {str(key): value for key, value in result.items()}
        config = {key[len(prefix) :]: v for key, v in flat.items() if key.startswith(prefix)}
        if not config:
            raise ValueError("no config")
        return self.point(config)

    def check_space(self, plain: Any) -> None:
        """Whether a saved space is this one.

        Raises:
            ValueError: if it is another one.
        """
        if not same_space(plain, self.plain):
            raise ValueError(
                "the saved state belongs to another search space; restore it into a "
                "LearnedSearcher of the same space, or of none"
            )

    def check(self, queue: Sequence[Point], trials: TrialTable) -> None:
        """Whether a searcher of this space may have made these points and trials.

        Raises:
            ValueError: if not; it names the field of a state that is wrong.
        """
        for k, (u, exact) in enumerate(queue):
            if not self._has(u, exact):
                raise ValueError(f"the field queue[{k}] holds no point of the search space")
        for k, trial in enumerate(trials.trials):
            if not self._has(trial.u, trial.exact):
                raise ValueError(f"the field trials[{k}] holds no point of the search space")

    def _has(self, u: list[float], exact: dict[str, float]) -> bool:
        row = np.array(u, dtype=np.float64)
        if row.shape != (self.cube.dim,) or (self.cube.snap(row) != row).any():
            return False
        try:
            return not exact or self.point(self._config(u, exact)) == (u, exact)
        except ValueError:
            return False

    def propose(self, history: History, number: int, *, seed: int, deduplicate: bool) -> Point:
        """The policy's next point.

        Raises:
            ValueError: there are earlier experiments, from which the policy does not learn.
        """
        if self.trained is None:
            return [], {}
        if history.source.any() and not self.trained.policy.reads_earlier_studies:
            raise ValueError(
                f"the policy {self.trained.policy.kind!r} does not learn from earlier "
                "experiments; leave `earlier` out, or take the policy 'memory'"
            )
        u = propose(
            self.trained, history, self.cube, seed=seed, number=number, deduplicate=deduplicate
        )
        return u.tolist(), {}

    def explain(self, trials: TrialTable, goal: Goal, seed: int) -> Explanation:
        """What the policy believes of these trials, whose numbers are their places.

        Raises:
            ValueError: fewer than three have a value, or the policy has no posterior to show.
        """
        if self.trained is None:
            raise ValueError("there is nothing to explain: the search space has but one config")
        rows = [k for k, trial in enumerate(trials.trials) if not trial.stopped]
        return explain_history(
            self.trained,
            trials.history(self.cube.dim, goal),
            self.cube,
            name=self.trained.policy.kind,
            numbers=np.array(rows, dtype=int),
            signs=goal.signs,
            constraints=goal.names,
            seed=seed,
            number=len(trials),
        )
