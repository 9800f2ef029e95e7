"""The few private names of Optuna that have no public twin, all in one place.

Inside of a `HyperbandPruner` a sampler is handed a study that shows the trials of one bracket
only. Samplers of Optuna read the storage behind it, and so does this package.
"""

from __future__ import annotations

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
