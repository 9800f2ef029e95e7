"""`explain`: what a learned policy believes of an Optuna study."""

from __future__ import annotations

from typing import Any

from optuna.study import Study

from l2l_sampler.adapters.arguments import shown
from l2l_sampler.adapters.optuna.sampler import LearnedSampler
from l2l_sampler.explanation.explanation import Explanation
from l2l_sampler.registry import PolicyLike


def explain(study: Study, policy: PolicyLike | None = None) -> Explanation:
    """What a learned policy believes of a study, whichever sampler has run it.

    For every objective, and for the chances that a trial gives a value and meets the constraints:
    how relevant each parameter is, and its effect with a band; besides the noise, the conditions
    that were inferred, and why the next proposal is what it is. `print` shows a report, and
    `l2l_sampler.visualization` draws it.

    Args:
        study: with three results at least.
        policy: as for `LearnedSampler`; by default that of the study's sampler, or "memory" where
            that is another one. Trials of earlier studies are not looked at.

    Raises:
        TypeError: it is no study.
        ValueError: fewer than three trials have a value, or the policy has no posterior to show.
    """
    if not isinstance(study, Study):
        given: Any = study
        raise TypeError(f"explain takes an Optuna study, got {shown(given)}")
    sampler = study.sampler
    if policy is not None or not isinstance(sampler, LearnedSampler):
        sampler = LearnedSampler("memory" if policy is None else policy, seed=0)
    return sampler.explain(study)
