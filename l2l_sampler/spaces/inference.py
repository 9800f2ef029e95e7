"""Infers from trials which parameters take part when.

A define-by-run objective suggests some parameters only under some values of others: the
parameters of the chosen model, or the width of the third layer if there are three. The trials
show who took part. For every parameter that some trials lack, a parent is sought among the
categorical and integer parameters: one that is there whenever the parameter is, and some of whose
values only occur without it. These values are excluded; a value that no trial has had is not.

Only counts are kept, so a trial costs the same however many there are, and their order does not
matter. A trial that has not completed may have ended before it had suggested everything: what it
has is evidence, what it lacks is evidence only as long as completed trials do not speak against.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import TypeAlias

from l2l_sampler.spaces.conditions import Condition, Conditions, Excluded, Within

Code: TypeAlias = int
"""The value of a possible parent: an integer, or the index of a choice."""

_CHANCE = 0.01
"""Where neither one parent nor two explain all trials that lack a parameter, as when an objective
returns early, a parent's values are excluded only if it is less probable than this that they
missed the parameter by chance. An exclusion that is wrong costs one trial, one that is missing a
few idle axes."""
_REMEMBERED = 512
"""Completed trials that are kept as they are, to see whether two parents explain them together;
counts do not tell. More would slow every proposal of studies with thousands of trials."""


@dataclass(frozen=True)
class Suggested:
    """What a trial suggested.

    Attributes:
        names: its parameters, in the order in which they were suggested.
        codes: values of those that may be parents.
        numeric: those of `codes` that are integers; the others are categorical.
    """

    names: tuple[str, ...]
    codes: Mapping[str, Code]
    numeric: frozenset[str] = frozenset()


@dataclass
class _Ledger:
    """Counts over some trials.

    Attributes:
        n: trials by parameter.
        values: for each possible parent, trials by its value.
        shared: for a parameter and a possible parent, trials with both by the parent's value.
    """

    n: Counter[str] = field(default_factory=Counter)
    values: dict[str, Counter[Code]] = field(default_factory=dict)
    shared: dict[tuple[str, str], Counter[Code]] = field(default_factory=dict)

    def add(self, trial: Suggested) -> None:
        """Count one more trial."""
        self.n.update(trial.names)
        for parent, code in trial.codes.items():
            self.values.setdefault(parent, Counter())[code] += 1
            for name in trial.names:
                if name != parent:
                    self.shared.setdefault((name, parent), Counter())[code] += 1

    def met(self, name: str, parent: str) -> Counter[Code]:
        """Trials that have both, by the parent's value."""
        return self.shared.get((name, parent), Counter())

    def lacking(self, name: str, parent: str) -> dict[Code, int]:
        """Trials that have the parent and lack the parameter, by the parent's value."""
        met = self.met(name, parent)
        rest = {v: n - met[v] for v, n in self.values.get(parent, Counter()).items()}
        return {value: n for value, n in rest.items() if n > 0}


class ConditionLearner:
    """Learns conditions from trials, in any order; see the module's docstring."""

    def __init__(self) -> None:
        """Start without trials."""
        self._seen, self._completed = _Ledger(), _Ledger()
        self._later: Counter[tuple[str, str]] = Counter()  # (name, parent) suggested before it
        self._numeric: set[str] = set()
        self._latest: deque[Suggested] = deque(maxlen=_REMEMBERED)
        self._running: list[Suggested] = []
        self._n_trials = 0

    def add(self, trial: Suggested, *, completed: bool = True) -> None:
        """Take in a trial that has ended."""
        self._n_trials += 1
        self._seen.add(trial)
        if completed:
            self._completed.add(trial)
            self._latest.append(trial)
        self._numeric |= trial.numeric
        before: list[str] = []
        for name in trial.names:
            self._later.update((name, parent) for parent in before)
            if name in trial.codes:
                before.append(name)

    def conditions(self, names: Iterable[str], running: Iterable[Suggested] = ()) -> Conditions:
        """Conditions of the parameters of a space, as far as trials show any.

        Args:
            names: the parameters; only they may be parents.
            running: what trials that have not ended have suggested so far.
        """
        space = set(names)
        if all(self._seen.n[name] == self._n_trials for name in space):
            return {}  # nobody lacks anything, as in most studies
        self._running = list(running)
        found: dict[str, tuple[Condition, ...]] = {}
        shown = {name for trial in self._running for name in trial.names}
        for name in sorted(space):
            if not self._seen.n[name] and name not in shown:
                continue  # nobody knows anything of it
            if conditions := self._conditions_of(name, space):
                found[name] = conditions
        return found

    def _conditions_of(self, name: str, space: set[str]) -> tuple[Condition, ...]:
        parents = [
            parent
            for parent in sorted(self._seen.values)
            if parent in space
            and parent != name
            and self._seen.met(name, parent).total() == self._seen.n[name]
            and all(parent in t.codes for t in self._running if name in t.names)
        ]
        for ledger in (self._seen, self._completed):
            exact = [
                (self._merit(name, parent, ledger), condition)
                for parent in parents
                if (condition := self._exact(name, parent, ledger)) is not None
            ]
            if exact:
                return (max(exact, key=lambda item: item[0])[1],)
        for pair in combinations(parents, 2):
            if (both := self._together(name, pair)) is not None:
                return both
        partial = (self._partial(name, parent) for parent in parents)
        return tuple(condition for condition in partial if condition is not None)

    def _exact(self, name: str, parent: str, ledger: _Ledger) -> Condition | None:
        """The condition by which the parent explains every trial that has it, if there is one."""
        lacking = ledger.lacking(name, parent)
        excluded = self._excludable(name, parent, lacking)
        return self._condition(name, parent, excluded) if lacking.keys() == excluded else None

    def _together(self, name: str, pair: tuple[str, str]) -> tuple[Condition, ...] | None:
        """The conditions by which two parents together explain all trials, if they do."""
        excluded = {
            parent: self._excludable(name, parent, self._completed.lacking(name, parent))
            for parent in pair
        }
        if not all(excluded.values()):
            return None
        for trial in self._latest:
            codes = trial.codes
            there = [parent for parent in pair if parent in codes]
            if name in trial.names or not there:
                continue
            if not any(codes[parent] in excluded[parent] for parent in there):
                return None
        found = (self._condition(name, parent, excluded[parent]) for parent in pair)
        return tuple(condition for condition in found if condition is not None)

    def _partial(self, name: str, parent: str) -> Condition | None:
        """A condition on values that would hardly have missed the parameter by chance."""
        lacking = self._completed.lacking(name, parent)
        excluded = self._excludable(name, parent, lacking)
        total = self._completed.values.get(parent, Counter()).total()
        met = self._completed.met(name, parent).total()
        missed = sum(lacking[value] for value in excluded)
        # Of all ways to have it in `met` of `total` trials, the share that misses these.
        log_chance = _log_choose(total - missed, met) - _log_choose(total, met)
        return self._condition(name, parent, excluded if log_chance < math.log(_CHANCE) else set())

    def _excludable(self, name: str, parent: str, lacking: Mapping[Code, int]) -> set[Code]:
        """Values with which the parameter was lacking, and never there: of integers, an end."""
        met = self._met(name, parent)
        if not met:
            return set()
        if parent not in self._numeric:
            return lacking.keys() - set(met)
        return {value for value in lacking if not min(met) <= value <= max(met)}

    def _met(self, name: str, parent: str) -> list[Code]:
        """Values of the parent with which the parameter took part."""
        ended = [value for value, n in self._seen.met(name, parent).items() if n]
        running = [t.codes[parent] for t in self._running if name in t.names and parent in t.codes]
        return ended + running

    def _condition(self, name: str, parent: str, excluded: set[Code]) -> Condition | None:
        if not excluded:
            return None
        if parent not in self._numeric:
            return Excluded(parent, frozenset(excluded))
        met = self._met(name, parent)
        below = [value for value in excluded if value < min(met)]
        above = [value for value in excluded if value > max(met)]
        low = max(below) + 1 if below else None
        high = min(above) - 1 if above else None
        return Within(parent, low, high)

    def _merit(self, name: str, parent: str, ledger: _Ledger) -> tuple[float, ...]:
        """What of several exact conditions makes one the likelier, most important first.

        A parent is suggested before what depends on it. One that explains more trials is better,
        and so is one with fewer values: many values part any trials by chance.
        """
        values = ledger.values[parent]
        before = self._later[name, parent] / max(self._seen.n[name], 1)
        explained = sum(ledger.lacking(name, parent).values())
        return (before >= 0.5, explained - len(values), parent not in self._numeric, explained)


def _log_choose(n: int, k: int) -> float:
    """Logarithm of the number of ways to choose k of n."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
