"""From an Optuna study to what a policy believes of it."""

from __future__ import annotations

from collections.abc import Mapping

from optuna.distributions import BaseDistribution
from optuna.study import Study

from l2l_sampler.adapters.optuna.study_reader import StudyReader
from l2l_sampler.explanation.explain import explain_history
from l2l_sampler.explanation.explanation import Explanation
from l2l_sampler.policies.trained import TrainedPolicy


def explained(
    study: Study,
    reader: StudyReader,
    space: Mapping[str, BaseDistribution],
    trained: TrainedPolicy,
    name: str,
    seed: int,
) -> Explanation:
    """What a policy believes of a study.

    Args:
        study: the study.
        reader: of it.
        space: the parameters that are searched.
        trained: the policy.
        name: of the policy.
        seed: of the study's sampler.

    Raises:
        ValueError: the policy has no posterior to show, or too few trials have a value.
    """
    cube, history, numbers = reader.numbered_history(study, None, space)
    return explain_history(
        trained,
        history,
        cube,
        name=name,
        numbers=numbers,
        signs=reader.signs,
        constraints=reader.constraint_names,
        seed=seed,
        number=len(study.get_trials(deepcopy=False)),
    )
