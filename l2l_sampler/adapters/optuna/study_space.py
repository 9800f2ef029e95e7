"""The search space of a study: every parameter that any trial has, and who takes part when."""

from __future__ import annotations

from collections.abc import Mapping

from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from l2l_sampler.adapters.optuna.distributions import Range, same_kind, suggested_codes
from l2l_sampler.spaces.conditions import Conditions
from l2l_sampler.spaces.inference import ConditionLearner, Suggested


class StudySpace:
    """What the trials of a study, in any state, show of its parameters."""

    def __init__(self) -> None:
        """Start without trials."""
        self._ranges: dict[str, Range] = {}
        self._learner = ConditionLearner()
        self._shown: dict[int, Suggested] = {}  # of running trials
        self._completed: dict[str, int] = {}  # parameter -> completed trials that have it
        self._n_completed = 0

    def see(self, trial: FrozenTrial) -> None:
        """Take in a trial: a running one whenever it shows more, an ended one once."""
        if not trial.params:
            return
        for name, distribution in trial.distributions.items():
            known = self._ranges.get(name)
            if known is None:
                self._ranges[name] = Range(distribution, trial.number)
            else:
                known.see(distribution, trial.number)
        codes, numeric = suggested_codes(trial.params, trial.distributions)
        suggested = Suggested(tuple(trial.params), codes, numeric)
        if not trial.state.is_finished():
            self._shown[trial.number] = suggested
            return
        self._shown.pop(trial.number, None)
        completed = trial.state == TrialState.COMPLETE
        self._learner.add(suggested, completed=completed)
        if completed:
            self._n_completed += 1
            for name in trial.params:
                self._completed[name] = self._completed.get(name, 0) + 1

    def union(self) -> dict[str, BaseDistribution]:
        """All parameters that can be searched, by name."""
        return {
            name: known.searched
            for name, known in sorted(self._ranges.items())
            if known.consistent and not known.searched.single()
        }

    def shared(self) -> dict[str, BaseDistribution]:
        """Those of `union` that every completed trial with any parameters has."""
        return {
            name: distribution
            for name, distribution in self.union().items()
            if self._completed.get(name, 0) == self._n_completed > 0
        }

    def unsearchable(self) -> frozenset[str]:
        """Parameters whose kind or choices differ from trial to trial."""
        return frozenset(name for name, known in self._ranges.items() if not known.consistent)

    def conditions(self, space: Mapping[str, BaseDistribution]) -> Conditions:
        """Who of the parameters of a space takes part when, as far as the trials show.

        The trials may be those of another study, where a parameter of the same name was of another
        kind, or had other choices: they show nothing of who takes part by it.
        """
        names = [name for name, one in space.items() if self._alike(name, one)]
        return self._learner.conditions(names, self._shown.values())

    def _alike(self, name: str, distribution: BaseDistribution) -> bool:
        """Whether the trials have the parameter in ways that differ in the range at most."""
        known = self._ranges.get(name)
        if known is None:
            return True
        return known.consistent and same_kind(known.searched, distribution)
