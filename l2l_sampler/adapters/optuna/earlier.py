"""Trials of earlier studies, as rows of the history of another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.study import Study

from l2l_sampler.adapters.arguments import shown
from l2l_sampler.adapters.optuna.private import identity
from l2l_sampler.adapters.optuna.study_reader import StudyReader
from l2l_sampler.history import History, preceded
from l2l_sampler.policies.base import around_middle
from l2l_sampler.spaces.conditional import ConditionalCube

_SPREAD = 0.1
"""Deviation around the middle of its axis of a value that an earlier study did not have."""


class EarlierStudies:
    """Earlier studies, whose trials tell where to begin.

    Their spaces may differ: a trial with a value outside the space of the study at hand is left
    out, and a parameter that an earlier study did not have lies around the middle in its trials,
    or is any of its choices.

    Args:
        studies: the studies; what is running there is not looked at.
        consider_pruned_trials: as for `StudyReader`.

    Raises:
        TypeError: if one is no study.
    """

    def __init__(self, studies: Any, consider_pruned_trials: bool) -> None:
        """Note the studies; they are read when first needed."""
        if isinstance(studies, Study) or not isinstance(studies, Sequence):
            raise TypeError(f"earlier must be a list of Optuna studies, got {shown(studies)}")
        for k, study in enumerate(studies):
            if not isinstance(study, Study):
                raise TypeError(
                    f"earlier[{k}] is {shown(study)}; give an Optuna study, such as "
                    "optuna.load_study(study_name=..., storage=...)"
                )
        self._studies = tuple((study, StudyReader(consider_pruned_trials)) for study in studies)

    def __len__(self) -> int:
        """Number of studies."""
        return len(self._studies)

    def space(self, number: int) -> dict[str, BaseDistribution]:
        """All parameters of all studies, as in the last one that has them.

        Args:
            number: of the trial that they are for: the first ones repeat the best trials of
                earlier studies, and need all that these had. There are none for others.
        """
        found: dict[str, BaseDistribution] = {}
        for study, reader in self._studies if number < len(self._studies) else ():
            found |= reader.space(study).union()
        return found

    def check(self, study: Study) -> None:
        """Whether they are earlier ones of a study.

        Raises:
            ValueError: if one is the study itself, or has another number of objectives.
        """
        for k, (earlier, _) in enumerate(self._studies):
            if identity(earlier) == identity(study):
                raise ValueError(
                    f"earlier[{k}] is the study {study.study_name!r} itself, whose trials are "
                    "known anyway; leave it out"
                )
            if len(earlier.directions) != len(study.directions):
                raise ValueError(
                    f"earlier[{k}] has {len(earlier.directions)} objectives, and the study "
                    f"{len(study.directions)}; give studies of the same objectives"
                )

    def before(
        self,
        history: History,
        constraints: Sequence[str],
        cube: ConditionalCube,
        search_space: Mapping[str, BaseDistribution],
    ) -> History:
        """The history with the trials of all studies before it.

        Args:
            history: of the study at hand.
            constraints: the names of its constraints. While it has no results, those of earlier
                studies count, too.
            cube: the unit cube of the search space.
            search_space: the parameters.
        """
        parts = [self._rows(k, cube, search_space) for k in range(len(self._studies))]
        names = list(constraints)
        if not history.results.any():
            names += sorted({name for _, known in parts for name in known} - {*names})
        rows = [_with_constraints(part, known, names) for part, known in parts]
        return preceded(_with_constraints(history, list(constraints), names), *rows)

    def _rows(
        self, k: int, cube: ConditionalCube, search_space: Mapping[str, BaseDistribution]
    ) -> tuple[History, list[str]]:
        """The trials of the k-th study, and the names of its constraints."""
        study, reader = self._studies[k]
        with reader.lock:
            _, history = reader.history(study, None, search_space)
            names, known = reader.constraint_names, reader.space(study).union()
        rng, takes_part = np.random.default_rng(k), cube.active(history.x)
        for name in search_space.keys() - known.keys():
            columns, some = cube.columns(name), takes_part[name]
            x = around_middle(cube, int(some.sum()), _SPREAD, rng)
            history.x[some, columns] = x[:, columns]
        return history, names


def _with_constraints(history: History, known: Sequence[str], names: Sequence[str]) -> History:
    """The history with constraints of these names, NaN where it has no such constraint."""
    values = np.full((history.n, len(names)), np.nan)
    for column, name in enumerate(names):
        if name in known:
            values[:, column] = history.constraints[:, known.index(name)]
    return replace(history, constraints=values)
