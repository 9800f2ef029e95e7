"""One objective: what is known of it, through which view it is looked at, and one search.

Notation
    D  unit-cube axes   n  trials
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from l2l_sampler.history import History
from l2l_sampler.policies.base import Cache, Cube, Params, around_middle
from l2l_sampler.policies.memory.process.settled import Inferred, remembered, settled
from l2l_sampler.policies.memory.search.moves import FEWEST_RESULTS, Moves
from l2l_sampler.policies.memory.search.view import View
from l2l_sampler.policies.memory.table import readable

if TYPE_CHECKING:
    from l2l_sampler.policies.memory.policy import MemoryPolicy


def propose(
    policy: MemoryPolicy,
    params: Params,
    history: History,
    cube: Cube,
    *,
    number: int,
    rng: np.random.Generator,
    cache: Cache | None,
) -> np.ndarray:
    """Candidates (m, D), the best first.

    Args:
        policy: the policy.
        params: its parameters.
        history: trials that say something, with one objective; there may be none.
        cube: the search space.
        number: of the trial.
        rng: the only source of randomness.
        cache: of the parameters.
    """
    first = _first(policy, history)
    results = _results(history, first)
    view = _view(policy, history, results, number)
    inferred = None
    if first is not None:
        kept = first
        inferred = remembered(
            cache,
            kept,
            (view, cube.numeric.tobytes()),
            lambda: _inferred(policy, params, kept, cube, view),
        )
    history, cube = view.of(history, cube)
    inferred = inferred and inferred.stretched(1.0 / view.width(cube))
    history = readable(history, policy.n_max)
    if history.n == 0:
        if policy.first is None:
            return view.out(cube, cube.sample(rng, 1))
        return view.out(cube, around_middle(cube, 1, policy.first, rng))
    table = policy.table(params, history, inferred and inferred.strength)
    table = table._replace(numeric=cube.numeric[None])
    moves = None
    if policy.moves is not None and results >= FEWEST_RESULTS:
        moves = Moves(cube, history, rng, policy.moves)
    draws = policy.draws(cube, rng)
    ranked = policy.search(params, table, draws, cube.snap, inferred, moves)
    return view.out(cube, ranked[0])


def view_of(policy: MemoryPolicy, history: History, number: int) -> View:
    """Through what view the trial of this number is proposed."""
    return _view(policy, history, _results(history, _first(policy, history)), number)


def _first(policy: MemoryPolicy, history: History) -> History | None:
    """The trials that hyper-parameters are inferred from; None if those are all."""
    return None if policy.every is None else settled(history, policy.every)


def _results(history: History, first: History | None) -> int:
    """How many results count for rules that begin with so many."""
    return int((history if first is None else first).results.sum())


def _view(policy: MemoryPolicy, history: History, results: int, number: int) -> View:
    zooms = policy.zoom is not None and number % 2 == 1 and results >= policy.zoom
    return View(int(history.source.max(initial=0)), zooms)


def _inferred(
    policy: MemoryPolicy, params: Params, history: History, cube: Cube, view: View
) -> Inferred:
    """What is inferred from trials that have ended, looked at through a view."""
    history, cube = view.of(history, cube)
    table = policy.table(params, readable(history, policy.n_max))
    table = table._replace(numeric=cube.numeric[None])
    objective, feasibility = policy.read_table(params, table, np.zeros((1, 1)))
    limits = None if feasibility is None else feasibility.posterior.theta
    assert table.strength is not None
    found = Inferred(table.strength, objective.posterior.theta, limits)
    return found.stretched(view.width(cube))
