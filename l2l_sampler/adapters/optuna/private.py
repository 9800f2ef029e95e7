"""The few private names of Optuna that have no public twin, all in one place.

Inside of a `HyperbandPruner` a sampler is handed a study that shows the trials of one bracket
only. Samplers of Optuna read the storage behind it, and so does this package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial


def all_trials(study: Study) -> list[FrozenTrial]:
    """Every trial of the study by number, not copied: they must not be changed."""
    trials: list[FrozenTrial] = study._storage.get_all_trials(study._study_id, deepcopy=False)
    return trials


def identity(study: Study) -> tuple[Any, int]:
    """The storage and the study's number in it; SQLite gives that of a deleted study again."""
    return study._storage, study._study_id


def trial_id(trial: FrozenTrial) -> int:
    """The trial's number in its storage."""
    return trial._trial_id


def fixed_params(trial: FrozenTrial) -> dict[str, Any]:
    """The values that `study.enqueue_trial` has given to a trial."""
    fixed: dict[str, Any] = trial.system_attrs.get("fixed_params", {})
    return fixed


_CONSTRAINTS = "constraints"
"""System attribute of a trial: a list in Optuna 4. In Optuna 5 every constraint has one of its
own, named after this and a colon."""


def constraint_values(trial: FrozenTrial) -> Mapping[str, float]:
    """The values of a trial's constraints by name, above 0 where one is violated."""
    attrs = trial.system_attrs
    if not attrs:
        return attrs
    found = {str(k): value for k, value in enumerate(attrs.get(_CONSTRAINTS) or ())}
    prefix = _CONSTRAINTS + ":"
    named = {key[len(prefix) :]: v for key, v in attrs.items() if key.startswith(prefix)}
    return found | named


def set_constraint_values(study: Study, trial: FrozenTrial, values: Sequence[float]) -> None:
    """Note the values of a trial's constraints, as the samplers of Optuna do."""
    study._storage.set_trial_system_attr(trial._trial_id, _CONSTRAINTS, list(values))


def note(study: Study, key: str, value: str) -> None:
    """Write a system attribute of a study, unless it is there already."""
    if study._storage.get_study_system_attrs(study._study_id).get(key) != value:
        study._storage.set_study_system_attr(study._study_id, key, value)
