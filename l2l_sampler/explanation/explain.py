"""From a policy and a history to an `Explanation`."""

from __future__ import annotations

from typing import Any

import numpy as np

from l2l_sampler.arrays import normal_cdf
from l2l_sampler.explanation.beliefs import Belief, beliefs_of, reading
from l2l_sampler.explanation.explanation import Best, Explanation, Proposal
from l2l_sampler.history import History
from l2l_sampler.objectives import on_front
from l2l_sampler.policies.memory import single
from l2l_sampler.policies.memory.policy import MemoryPolicy
from l2l_sampler.policies.trained import TrainedPolicy
from l2l_sampler.proposal import propose
from l2l_sampler.spaces.conditional import ConditionalCube

_EXPLORES = 0.5
"""Share of the deviation far from all trials above which a proposal explores."""
_FEWEST = 3
_SEED = 0
"""Of the points over which effects are averaged: the same study is explained in the same way."""


def can_explain(trained: TrainedPolicy) -> bool:
    """Whether a policy has posteriors that can be shown."""
    policy = trained.policy
    return isinstance(policy, MemoryPolicy) and policy.read == "posterior"


def explain_history(
    trained: TrainedPolicy,
    history: History,
    cube: ConditionalCube,
    *,
    name: str,
    numbers: np.ndarray,
    signs: np.ndarray,
    constraints: list[str],
    seed: int,
    number: int,
) -> Explanation:
    """What a policy believes, and what it would propose.

    Args:
        trained: a policy for which `can_explain` holds.
        history: trials, in the order of `numbers`.
        cube: the search space.
        name: of the policy.
        numbers: (n,) numbers of the trials.
        signs: (M,) of the objectives, -1 for those that are maximised.
        constraints: names of the constraints.
        seed: the study's.
        number: of the next trial.

    Raises:
        ValueError: the policy has no posterior to show, fewer than three trials have a value, or
            there is nothing to search.
    """
    if not can_explain(trained):
        raise ValueError(f"the policy {name!r} has no posterior to show; take the policy 'memory'")
    results = int(history.results.sum())
    if results < _FEWEST or not cube.dim:
        raise ValueError(
            f"there is nothing to explain yet: {results} trials have a value, {_FEWEST} are "
            f"needed, and the search space has {cube.dim} axes. Run some trials first"
        )
    beliefs, noise = beliefs_of(trained, history, cube, signs, constraints)
    ranked = history.ranked()
    rng = np.random.default_rng(_SEED)
    best, believed_best = None, None
    front: tuple[int, ...] = ()
    if len(signs) == 1:
        believed = beliefs[0].curve(history.x[ranked])[0]
        feasible = (
            history.feasible[ranked] if history.feasible.any() else np.ones(len(ranked), bool)
        )
        lowest = ranked[int(np.where(feasible, believed, np.inf).argmin())]
        best = _best(history, cube, beliefs[0], int(ranked[0]), numbers, signs[0])
        believed_best = _best(history, cube, beliefs[0], int(lowest), numbers, signs[0])
    else:
        some = np.flatnonzero(history.feasible if history.feasible.any() else history.results)
        front = tuple(int(k) for k in numbers[some[on_front(history.objectives[some])]])
    readings = tuple(reading(b, cube, history.x[ranked[0]], rng) for b in beliefs)
    return Explanation(
        policy=name,
        n_trials=history.n,
        n_results=int(history.results.sum()),
        readings=readings,
        noise=tuple(noise.tolist()),
        best=best,
        believed_best=believed_best,
        front=front,
        proposal=_proposal(trained, history, cube, beliefs, len(signs), seed, number),
        conditions=tuple(cube.describe()),
    )


def _best(
    history: History,
    cube: ConditionalCube,
    belief: Belief,
    row: int,
    numbers: np.ndarray,
    sign: float,
) -> Best:
    u = history.x[row]
    believed = belief.unit(belief.curve(u[None])[0])
    value = float(sign * history.y[row])
    return Best(int(numbers[row]), _active(cube, u), value, float(believed[0]))


def _active(cube: ConditionalCube, u: np.ndarray) -> dict[str, Any]:
    """The parameters that take part at a point."""
    active = cube.active(u)
    return {name: value for name, value in cube.params(u).items() if active[name]}


def _proposal(
    trained: TrainedPolicy,
    history: History,
    cube: ConditionalCube,
    beliefs: list[Belief],
    objectives: int,
    seed: int,
    number: int,
) -> Proposal:
    u = propose(trained, history, cube, seed=seed, number=number, deduplicate=True)[None]
    moments = [belief.curve(u) for belief in beliefs[:objectives]]
    anywhere = cube.sample(np.random.default_rng(_SEED), 64)
    far = [belief.curve(anywhere)[1] for belief in beliefs[:objectives]]
    share = max(float(s[0] / max(d.max(), 1e-12)) for (_, s), d in zip(moments, far, strict=True))
    rows = history.x[history.feasible if history.feasible.any() else history.results]
    reached = np.column_stack([belief.curve(rows)[0] for belief in beliefs[:objectives]])
    level = [(reached[:, k] - m[0]) / max(s[0], 1e-12) for k, (m, s) in enumerate(moments)]
    chances = normal_cdf(np.column_stack(level))  # (n, M) that it is better than each result
    policy = trained.policy
    assert isinstance(policy, MemoryPolicy)
    bands = [
        sorted(belief.unit(np.array([m[0] - s[0], m[0] + s[0]])).tolist())
        for belief, (m, s) in zip(beliefs, moments, strict=False)
    ]
    return Proposal(
        params=_active(cube, u[0]),
        means=tuple(float(b.unit(m)[0]) for b, (m, _) in zip(beliefs, moments, strict=False)),
        bands=tuple((low, high) for low, high in bands),
        better=float((1.0 - (1.0 - chances).prod(axis=1)).min()),
        fine=float(np.prod([belief.curve(u)[0][0] for belief in beliefs[objectives:]])),
        explores=share > _EXPLORES,
        zoomed=objectives == 1 and single.view_of(policy, history, number).zooms,
    )
