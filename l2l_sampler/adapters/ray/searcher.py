"""`LearnedSearcher`: a learned policy as a search algorithm of Ray Tune."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ray.tune.result import DEFAULT_METRIC
from ray.tune.search import UNDEFINED_METRIC_MODE, UNDEFINED_SEARCH_SPACE, Searcher

from l2l_sampler.adapters.arguments import checked_flag, checked_n_trials, checked_seed
from l2l_sampler.adapters.ray.arguments import (
    check_objective,
    checked_domains,
    checked_points,
    final_objectives,
    step_of,
)
from l2l_sampler.adapters.ray.domains import FUNCTION, holds_placeholder, template_of
from l2l_sampler.adapters.ray.earlier import Earlier
from l2l_sampler.adapters.ray.endings import adopt, end
from l2l_sampler.adapters.ray.goal import (
    Bound,
    Goal,
    Names,
    as_objective,
    checked_bounds,
    plain_names,
)
from l2l_sampler.adapters.ray.search import Search
from l2l_sampler.adapters.ray.space_json import same_space, to_json
from l2l_sampler.adapters.ray.state import State, read_state, write_state
from l2l_sampler.adapters.ray.trials import FAILED, Point, TrialTable
from l2l_sampler.explanation.explanation import Explanation
from l2l_sampler.registry import PolicyLike, check_policy
from l2l_sampler.spaces.templates import holds_parameters


class LearnedSearcher(Searcher):
    """Proposes trials by an optimizer that was learned by gradient descent.

    How a trial is proposed:

    1. All domains, also those inside of `tune.choice`, become axes of one unit cube. Parameters
       of options that are not chosen rest in the middle of their axes.
    2. `points_to_evaluate` come first, exactly as they are given.
    3. What is known becomes a history: every finished trial with the last value that it reported,
       every running trial as a point without a value, and every trial that raised an error, or
       whose last value is no number, as one that failed. A trial that a scheduler has stopped
       early counts as what it would have come to, judged by what the others had reported when
       they were as far.
    4. The policy, a network whose weights were learned on random functions, reads the history and
       returns candidates, best first.
    5. The first candidate that is new is taken, and becomes a config again.

    Given `seed`, a proposal is a function of the seed, the trial's number and the trials so far.

    Ray drives it, and so can you. `save` and `restore` may come at any moment:

        search = LearnedSearcher({"x": tune.uniform(0.0, 20.0)}, metric="loss", mode="min", seed=0)
        config = search.suggest("a")                       # {"x": ...}; trial "a" is pending
        search.on_trial_complete("a", {"loss": 36.0})      # finished: 36.0 counts
        config = search.suggest("b")
        search.on_trial_complete("b", error=True)          # failed: it has a point and no value
        search.add_evaluated_point({"x": 4.0}, 1.0)        # known from elsewhere
        search.save("state.json")
        search = LearnedSearcher()
        search.restore("state.json")                       # space and all: it goes on
        config = search.suggest("c")

    In a `Tuner`, `space`, `metric` and `mode` are best left out: Ray passes on those of
    `param_space` and `TuneConfig`. It replaces objects in `param_space`, such as functions that
    are choices, by placeholders; to name them in `points_to_evaluate`, give `space` here.

    Args:
        space: search space as in `param_space`; None to take that of the `Tuner`.
        metric: name of the reported objective; None to take that of the `TuneConfig`. A list of
            several objectives is given here, and left out of the `TuneConfig`.
        mode: "min" or "max"; None to take that of the `TuneConfig`. A list with `metric`.
        policy: name of a shipped policy, path of a checkpoint or of a folder with one checkpoint
            for each dimension, or what `load_policy` returned.
        constraints: largest allowed values of reported metrics, or pairs of the least and the
            largest one: {"latency": 0.1, "accuracy": (0.9, None)}.
        n_trials: intended number of trials, for choosing among models of several horizons.
        points_to_evaluate: configs to start with, nested like the search space or with keys
            joined by "/".
        evaluated_rewards: objectives of `points_to_evaluate`, which are then not run; a list for
            each of several objectives.
        seed: a whole number >= 0, or None for a random one.
        deduplicate: never to repeat a point while there are others.
        earlier: similar experiments, to begin with what they tell, which is no part of the state:
            folders of Ray Tune, files that `save` wrote, or lists of pairs (config, value).

    Raises:
        ValueError: if an argument is out of range, `policy` has no model for the search space, or
            the search space is empty or holds `grid_search` or `sample_from`.
        TypeError: if an argument is of the wrong type.
    """

    CKPT_FILE_TMPL = "searcher-state-{}.json"

    def __init__(
        self,
        space: Mapping[str, Any] | None = None,
        metric: str | Sequence[str] | None = None,
        mode: str | Sequence[str] | None = None,
        *,
        policy: PolicyLike = "memory",
        constraints: Mapping[str, Bound] | None = None,
        n_trials: int | None = None,
        points_to_evaluate: Sequence[Mapping[str, Any]] | None = None,
        evaluated_rewards: Sequence[float] | None = None,
        seed: int | None = None,
        deduplicate: bool = True,
        earlier: Sequence[Any] = (),
    ) -> None:
        """Check the arguments; weights are read when the space is known."""
        domains = checked_domains(space)
        check_objective(metric, mode)
        check_policy(policy)
        super().__init__(metric=metric, mode=mode)
        self._metric: str | list[str] = (
            DEFAULT_METRIC if mode and not metric else plain_names(metric or "")
        )
        self._mode: Names | None = plain_names(mode)
        self._bounds = checked_bounds(constraints)
        self._earlier = Earlier(earlier)
        self._missing: set[str] = set()  # constraints that trials did not report, as was said
        self._policy = policy
        self._n_trials = checked_n_trials(n_trials)
        self._seed = checked_seed(seed)
        self._deduplicate = checked_flag(deduplicate, "deduplicate")
        self._points, self._rewards = checked_points(points_to_evaluate, evaluated_rewards)
        self._search: Search | None = None  # until the space is known
        self._restored_space: Any = None  # of restored trials, until the space is known
        self._queue: list[Point] = []
        self._trials = TrialTable()
        if domains is not None:
            self._set_up(template_of(domains))

    def set_search_properties(
        self, metric: Names | None, mode: Names | None, config: Mapping[str, Any], **spec: Any
    ) -> bool:
        """Take what is given in `TuneConfig` and `param_space`.

        Returns:
            False if a search space is in use already, and it is another one.

        Raises:
            ValueError: as the constructor, or the objective changes after results have come in.
        """
        check_objective(metric, mode)
        mode = mode or self._mode
        metric = metric or self._metric or (DEFAULT_METRIC if mode else "")
        if len(self._trials) and (metric, mode) != (self._metric, self._mode):
            raise ValueError(
                f"this searcher holds {len(self._trials)} trials of metric {self._metric!r}, mode "
                f"{self._mode!r}, and now got {metric!r}, {mode!r}; make a new LearnedSearcher"
            )
        template = template_of(dict(config))
        if self._search is not None:
            self._metric, self._mode = metric, mode
            return same_space(to_json(template), self._search.plain)
        if holds_parameters(template) or holds_placeholder(template, FUNCTION):
            self._set_up(template)
        self._metric, self._mode = metric, mode
        return True

    def suggest(self, trial_id: str) -> dict[str, Any]:
        """The config of a trial; the same one again if it is asked for twice.

        Raises:
            RuntimeError: if search space, metric or mode are missing.
        """
        search = self._known_search()
        if not self._metric or not self._mode:
            raise RuntimeError(
                UNDEFINED_METRIC_MODE.format(
                    cls=type(self).__name__, metric=self._metric or None, mode=self._mode
                )
            )
        trial = self._trials.get(trial_id)
        if trial is None:
            point = self._queue.pop(0) if self._queue else self._propose(search)
            trial = self._trials.ask(trial_id, point)
        return search.config(trial)

    def on_trial_result(self, trial_id: str, result: Mapping[str, Any]) -> None:
        """Note what a running trial reports; it stays pending."""
        trial = self._trials.get(trial_id)
        if trial is not None:
            goal = self._goal
            trial.limits |= goal.limits(result)
            self._trials.report(trial, goal.objectives(result), step_of(result))

    def on_trial_complete(
        self, trial_id: str, result: Mapping[str, Any] | None = None, error: bool = False
    ) -> None:
        """A trial has ended: with its last result, by an error, or (neither) stopped by Ray.

        A trial of a name that is not known counts, too, if the result holds its config.
        """
        trial, step = self._trials.get(trial_id), step_of(result or {})
        if trial is None:
            step = None
            trial = None if error else adopt(self._trials, self._search, trial_id, result or {})
            if trial is None:
                return
        self._missing |= end(self._trials, trial, self._goal, result, step, error, self._missing)

    def add_evaluated_point(
        self,
        parameters: Mapping[str, Any],
        value: float | Sequence[float] | None,
        error: bool = False,
        pruned: bool = False,
        intermediate_values: Sequence[float] | None = None,
    ) -> None:
        """Learn of a trial that was evaluated elsewhere.

        Args:
            parameters: its config, nested or with keys joined by "/"; constants are ignored.
            value: its objective, or a list of several; None or NaN if there is none.
            error: whether it failed.
            pruned: whether it was stopped early.
            intermediate_values: what it reported at training iterations 1, 2, ...; the last one
                stands for a missing value. With them, a pruned trial counts as what it would have
                come to; without them, its value counts as it is.

        Raises:
            RuntimeError: if the search space is not known yet.
            ValueError: if a parameter is missing or outside its domain.
        """
        reports = [] if intermediate_values is None else list(intermediate_values)
        if value is None and reports:
            value = reports[-1]
        point = self._known_search().point(parameters)
        failed = error or value is None
        final = FAILED if failed else final_objectives(value, self._goal, "an evaluated point")
        self._trials.add(point, final, [as_objective(report) for report in reports], pruned)

    def get_state(self) -> dict[str, Any]:
        """Everything but the policy's weights, as plain JSON values."""
        named = isinstance(self._policy, (str, os.PathLike))
        return State(
            metric=self._metric,
            mode=self._mode,
            constraints=self._bounds,
            policy=os.fspath(self._policy) if named else None,  # type: ignore[arg-type]
            n_trials=self._n_trials,
            seed=self._seed,
            deduplicate=self._deduplicate,
            space=self._restored_space if self._search is None else self._search.plain,
            queue=self._queue,
            trials=self._trials,
        ).to_json()

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take over the state of another searcher, and go on where it was.

        A policy that was given as an object is not in the state: give it again. So must be a
        space that holds objects, such as functions that are choices.

        Raises:
            ValueError: if it is no state, or one of another search space; then nothing changes.
        """
        new = State.from_json(state)
        policy = self._policy if new.policy is None else new.policy
        try:
            check_policy(policy)
        except (FileNotFoundError, ValueError) as error:
            raise ValueError(f"the field policy: {error}") from error
        search = Search.restored(new, policy, self._search)
        self._metric, self._mode = new.metric, new.mode
        self._bounds = new.constraints
        self._policy, self._n_trials = policy, new.n_trials
        self._seed, self._deduplicate = new.seed, new.deduplicate
        self._search = search
        if new.space is not None:
            self._points, self._rewards = [], None
            self._queue, self._trials = new.queue, new.trials
            self._restored_space = new.space if search is None else None

    def save(self, checkpoint_path: str | os.PathLike[str]) -> None:
        """Write the state to a JSON file, in one step."""
        write_state(checkpoint_path, self.get_state())

    def restore(self, checkpoint_path: str | os.PathLike[str]) -> None:
        """Read the state from a JSON file and go on where it was.

        Raises:
            ValueError: if the file holds no state that this release can read, or as `set_state`.
        """
        try:
            self.set_state(read_state(checkpoint_path))
        except ValueError as error:
            raise ValueError(
                f"{os.fspath(checkpoint_path)} cannot be restored: {error}"
            ) from error

    def restore_from_dir(self, checkpoint_dir: str) -> None:
        """Restore from the folder of an experiment.

        After a kill, trials that Ray's own state does not know are no longer pending.
        """
        super().restore_from_dir(checkpoint_dir)
        self._trials.keep_known_in(Path(checkpoint_dir))

    def explain(self) -> Explanation:
        """What the policy believes so far, as `l2l_sampler.explain` says it.

        Raises:
            RuntimeError, ValueError: the search space is not known, or too little else is.
        """
        return self._known_search().explain(self._trials, self._goal, self._seed)

    def __str__(self) -> str:
        """What it is, in a line."""
        goal = f"metric={self._metric or None!r}, mode={self._mode!r}"
        return f"LearnedSearcher({goal}, policy={str(self._policy)!r}, seed={self._seed})"

    def _known_search(self) -> Search:
        if self._search is None:
            raise RuntimeError(UNDEFINED_SEARCH_SPACE.format(cls="LearnedSearcher", space="space"))
        return self._search

    def _set_up(self, template: Any) -> None:
        """Begin to search this space; if it cannot be searched, nothing changes."""
        search = Search.of(template, self._policy, self._n_trials)
        if self._restored_space is not None:
            search.check_space(self._restored_space)
            search.check(self._queue, self._trials)
        given = search.points(self._points)
        self._search, self._restored_space = search, None
        if self._rewards is None:
            self._queue += given
        else:
            for known, reward in zip(given, self._rewards, strict=True):
                said = final_objectives(reward, self._goal, "an evaluated point")
                self._trials.add(known, said, [], False)
        self._points, self._rewards = [], None

    def _propose(self, search: Search) -> Point:
        history = self._trials.history(search.cube.dim, self._goal)
        history = self._earlier.before(history, search, self._goal)
        return search.propose(
            history, len(self._trials), seed=self._seed, deduplicate=self._deduplicate
        )

    @property
    def _goal(self) -> Goal:
        return Goal.of(self._metric, self._mode, self._bounds)
