"""`LearnedSearcher`: a learned policy as a search algorithm of Ray Tune."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ray.tune.result import DEFAULT_METRIC
from ray.tune.search import UNDEFINED_METRIC_MODE, UNDEFINED_SEARCH_SPACE, Searcher

from l2l_sampler.adapters.ray.domains import nested, template_of
from l2l_sampler.adapters.ray.state import (
    Trial,
    TrialTable,
    as_objective,
    from_json,
    read_state,
    to_json,
    write_state,
)
from l2l_sampler.policies.trained import TrainedPolicy
from l2l_sampler.proposal import propose
from l2l_sampler.registry import PolicyLike, check_policy, resolve
from l2l_sampler.spaces.branching import BranchingCube
from l2l_sampler.spaces.templates import holds_parameters

_logger = logging.getLogger(__name__)


class LearnedSearcher(Searcher):
    """Proposes trials by an optimizer that was learned by gradient descent.

    All domains of Ray Tune are searched together, also those inside of `tune.choice`. Trials that
    are still running are known to the policy as points without a value. The last reported value
    of a trial counts, also if a scheduler has stopped it early; an errored trial, and one whose
    last value is NaN, counts as failed.

    Given `seed`, a proposal is a function of the seed, the trial's number and the trials so far.

    Args:
        space: search space as in `param_space`; None to take that of the `Tuner`.
        metric: name of the reported objective; None to take that of the `TuneConfig`.
        mode: "min" or "max"; None to take that of the `TuneConfig`.
        policy: name of a shipped policy, path of a checkpoint or of a folder with one checkpoint
            for each dimension, or what `load_policy` returned.
        n_trials: intended number of trials, for choosing among models of several horizons.
        points_to_evaluate: configs to start with, nested like the search space or with keys
            joined by "/".
        evaluated_rewards: objectives of `points_to_evaluate`, which are then not run.
        seed: a whole number >= 0, or None for a random one.
        deduplicate: never to repeat a point while there are others.

    Raises:
        ValueError: if an argument is out of range, `policy` has no model for the search space, or
            the search space holds `grid_search` or `sample_from`.
        TypeError: if `space` is no dict.
    """

    CKPT_FILE_TMPL = "searcher-state-{}.json"

    def __init__(
        self,
        space: Mapping[str, Any] | None = None,
        metric: str | None = None,
        mode: str | None = None,
        *,
        policy: PolicyLike = "memory",
        n_trials: int | None = None,
        points_to_evaluate: Sequence[Mapping[str, Any]] | None = None,
        evaluated_rewards: Sequence[float] | None = None,
        seed: int | None = None,
        deduplicate: bool = True,
    ) -> None:
        """Check the arguments; weights are read when the space is known."""
        _check_objective(metric, mode)
        if space is not None and not isinstance(space, Mapping):
            raise TypeError(f"space must be a dict of domains, got {space!r}")
        if n_trials is not None and n_trials < 1:
            raise ValueError(f"n_trials must be at least 1, or None if unknown; got {n_trials}")
        if seed is not None and seed < 0:
            raise ValueError(f"seed must be at least 0, or None for a random one; got {seed}")
        n_points, n_rewards = len(points_to_evaluate or ()), len(evaluated_rewards or ())
        if evaluated_rewards is not None and n_points != n_rewards:
            raise ValueError(
                f"evaluated_rewards has {n_rewards} values for {n_points} points_to_evaluate; "
                "give one for each point, or leave it out to have the points run"
            )
        check_policy(policy)
        super().__init__(metric=metric, mode=mode)
        self._metric: str = DEFAULT_METRIC if mode and not metric else metric or ""
        self._mode: str | None = mode
        self._policy = policy
        self._n_trials = n_trials
        self._points = list(points_to_evaluate or [])
        self._rewards = None if evaluated_rewards is None else list(evaluated_rewards)
        entropy = np.random.SeedSequence().generate_state(1, np.uint64)[0]
        self._seed = int(entropy if seed is None else seed)
        self._deduplicate = deduplicate
        self._template: Any = None
        self._cube: BranchingCube | None = None
        self._trained: TrainedPolicy | None = None
        self._restored_space: Any = None  # of restored trials, while the space is not known
        self._queue: list[tuple[list[float], dict[str, float]]] = []  # points to evaluate
        self._trials = TrialTable()
        if space is not None:
            self._set_up(template_of(dict(space)))

    def set_search_properties(
        self, metric: str | None, mode: str | None, config: Mapping[str, Any], **spec: Any
    ) -> bool:
        """Take what is given in `TuneConfig` and `param_space`.

        Returns:
            False if a search space is in use already, and it is another one.

        Raises:
            ValueError: as the constructor, or the objective changes after results have come in.
        """
        _check_objective(metric, mode)
        mode = mode or self._mode
        metric = metric or self._metric or (DEFAULT_METRIC if mode else "")
        if len(self._trials) and (metric, mode) != (self._metric, self._mode):
            raise ValueError(
                f"this searcher holds {len(self._trials)} trials of metric {self._metric!r}, mode "
                f"{self._mode!r}, and now got {metric!r}, {mode!r}; make a new LearnedSearcher"
            )
        self._metric, self._mode = metric, mode
        template = template_of(dict(config))
        if self._cube is not None:
            return bool(to_json(template) == to_json(self._template))
        if holds_parameters(template):
            self._set_up(template)
        return True

    def suggest(self, trial_id: str) -> dict[str, Any]:
        """The config of a trial; the same one again if it is asked for twice.

        Raises:
            RuntimeError: if search space, metric or mode are missing.
        """
        name = type(self).__name__
        if self._cube is None:
            raise RuntimeError(UNDEFINED_SEARCH_SPACE.format(cls=name, space="space"))
        if not self._metric or not self._mode:
            raise RuntimeError(
                UNDEFINED_METRIC_MODE.format(
                    cls=name, metric=self._metric or None, mode=self._mode
                )
            )
        trial = self._trials.get(trial_id)
        if trial is None and self._queue:
            u, exact = self._queue.pop(0)
            trial = self._trials.ask(trial_id, np.array(u), exact)
        elif trial is None:
            trial = self._trials.ask(trial_id, self._propose(self._cube))
        config: dict[str, Any] = self._cube.config(np.array(trial.u), trial.exact)
        return config

    def on_trial_result(self, trial_id: str, result: Mapping[str, Any]) -> None:
        """Note what a running trial reports; it stays pending."""
        trial = self._trials.get(trial_id)
        if trial is not None and self._metric in result:
            self._trials.report(trial, as_objective(result[self._metric]))

    def on_trial_complete(
        self, trial_id: str, result: Mapping[str, Any] | None = None, error: bool = False
    ) -> None:
        """A trial has ended: with its last result, by an error, or (neither) stopped by Ray.

        A trial that this searcher did not suggest counts too, if the result holds its config;
        Ray gives new names to trials that it restarts.
        """
        trial = self._trials.get(trial_id)
        if trial is None:
            trial = None if error else self._adopt(trial_id, result or {})
            if trial is None:
                return
        if error:
            self._trials.tell(trial, math.nan)
        elif not result or (self._metric not in result and trial.value is not None):
            self._trials.stop(trial)
        else:
            if self._metric not in result:
                _logger.warning(
                    "trial %s ended without metric %r, and counts as failed. It reported: %s",
                    *(trial_id, self._metric, ", ".join(map(str, result))),
                )
            self._trials.tell(trial, as_objective(result.get(self._metric)))

    def add_evaluated_point(
        self,
        parameters: Mapping[str, Any],
        value: float | None,
        error: bool = False,
        pruned: bool = False,
        intermediate_values: Sequence[float] | None = None,
    ) -> None:
        """Learn of a trial that was evaluated elsewhere.

        Args:
            parameters: its config, nested or with keys joined by "/"; constants are ignored.
            value: its objective; None or NaN if there is none.
            error: whether it failed.
            pruned: whether it was stopped early; its value counts all the same.
            intermediate_values: reported values, of which the last one stands for a missing value.

        Raises:
            RuntimeError: if the search space is not known yet.
            ValueError: if a parameter is missing or outside its domain.
        """
        if self._cube is None:
            name = type(self).__name__
            raise RuntimeError(UNDEFINED_SEARCH_SPACE.format(cls=name, space="space"))
        if value is None and intermediate_values:
            value = intermediate_values[-1]
        u, exact = self._cube.point(nested(parameters))
        trial = self._trials.ask(None, u, exact)
        self._trials.tell(trial, math.nan if error else as_objective(value))

    def get_state(self) -> dict[str, Any]:
        """Everything but the policy's weights, as plain JSON values."""
        named = isinstance(self._policy, (str, os.PathLike))
        space = self._restored_space if self._cube is None else to_json(self._template)
        return {
            "metric": self._metric,
            "mode": self._mode,
            "policy": os.fspath(self._policy) if named else None,  # type: ignore[arg-type]
            "n_trials": self._n_trials,
            "seed": self._seed,
            "deduplicate": self._deduplicate,
            "space": space,
            "queue": self._queue,
        } | self._trials.to_json()

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take over the state of another searcher, and go on where it was.

        A policy that was given as an object is not in the state: give it again.

        Raises:
            ValueError: if this searcher has another search space.
        """
        space = state["space"]
        if self._cube is not None and space is not None and space != to_json(self._template):
            raise ValueError(
                "the saved state belongs to another search space; restore it into a "
                "LearnedSearcher of the same space, or of none"
            )
        self._metric, self._mode = state["metric"], state["mode"]
        self._policy = self._policy if state["policy"] is None else state["policy"]
        self._n_trials = state["n_trials"]
        self._seed, self._deduplicate = state["seed"], state["deduplicate"]
        if space is not None:
            self._points, self._rewards = [], None
            self._queue = [(u, exact) for u, exact in state["queue"]]
            self._trials = TrialTable.from_json(state)
            self._restored_space = space
            try:
                self._set_up(from_json(space) if self._cube is None else self._template)
            except LookupError:  # the space will come with `set_search_properties`
                pass

    def save(self, checkpoint_path: str | os.PathLike[str]) -> None:
        """Write the state to a JSON file, in one step."""
        write_state(checkpoint_path, self.get_state())

    def restore(self, checkpoint_path: str | os.PathLike[str]) -> None:
        """Read the state from a JSON file and go on where it was.

        Raises:
            ValueError: if the file holds no state that this release can read, or as `set_state`.
        """
        self.set_state(read_state(checkpoint_path))

    def restore_from_dir(self, checkpoint_dir: str) -> None:
        """Restore from the folder of an experiment.

        After a kill the files there may be of different moments. Trials that Ray's own state does
        not know will never end, so they are no longer pending.
        """
        super().restore_from_dir(checkpoint_dir)
        states = sorted(Path(checkpoint_dir).glob("experiment_state-*.json"))
        if states:
            self._trials.keep_named_in(states[-1].read_text(encoding="utf-8"))

    def _set_up(self, template: Any) -> None:
        """Begin to search this space."""
        if self._restored_space not in (None, to_json(template)):
            raise ValueError(
                "the restored trials belong to another search space; restore them into a "
                "LearnedSearcher of the same space"
            )
        cube = BranchingCube(template)
        self._trained = None
        if cube.dim:
            self._trained = resolve(self._policy, cube.dim, n_trials=self._n_trials)
        self._template, self._cube, self._restored_space = template, cube, None
        points, rewards = self._points, self._rewards
        self._points, self._rewards = [], None
        for number, point in enumerate(points):
            try:
                if rewards is not None:
                    self.add_evaluated_point(point, rewards[number])
                else:
                    u, exact = cube.point(nested(point))
                    self._queue.append((u.tolist(), exact))
            except (TypeError, ValueError) as error:
                raise ValueError(f"points_to_evaluate[{number}]: {error}") from error

    def _propose(self, cube: BranchingCube) -> np.ndarray:
        """The policy's next point (D,)."""
        if self._trained is None:
            return np.zeros(0)
        history, taken = self._trials.history(cube.dim, maximize=self._mode == "max")
        return propose(
            self._trained,
            history,
            cube,
            seed=self._seed,
            number=len(self._trials),
            deduplicate=self._deduplicate,
            taken=taken,
        )

    def _adopt(self, trial_id: str, result: Mapping[str, Any]) -> Trial | None:
        """A trial for a result of unknown origin; None if it has no config of this space."""
        prefix = "config/"
        flat = {key[len(prefix) :]: v for key, v in result.items() if key.startswith(prefix)}
        try:
            if self._cube is None or not flat:
                raise ValueError("no config")
            u, exact = self._cube.point(nested(flat))
        except ValueError as error:
            _logger.warning("ignored a result of unknown trial %s: %s", trial_id, error)
            return None
        return self._trials.ask(trial_id, u, exact)


def _check_objective(metric: Any, mode: Any) -> None:
    """Only one objective, and a mode that Ray knows."""
    if isinstance(metric, (list, tuple)) or isinstance(mode, (list, tuple)):
        raise ValueError(
            f"LearnedSearcher takes one objective, got metric {metric!r} and mode {mode!r}; "
            "report a weighted sum, or use another search algorithm"
        )
    if mode not in (None, "min", "max"):
        raise ValueError(f"mode must be 'min' or 'max', got {mode!r}")
