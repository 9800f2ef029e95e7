"""Several objectives: the points that a front is expected to gain most by.

Each objective has a posterior of its own, inferred by the same network. Where to look comes from
scalarisations: for random weights of the objectives, their worst weighted one is a single
objective, which the policy searches as it searches any other. What all these searches find is
ranked by the hypervolume that it is expected to add to the front, and so are the points of a
local search from the best of it.

Notation
    M  objectives   W  scalarisations   n  trials   d  axes of the cube   S  points
    Problems lie side by side: the M objectives, or the W scalarisations.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from l2l_sampler.history import History
from l2l_sampler.objectives import chebyshev, random_weights
from l2l_sampler.policies.base import Cube, Params
from l2l_sampler.policies.memory.objective.encodings import encode
from l2l_sampler.policies.memory.reads.feasibility import foreseen, with_bad_results
from l2l_sampler.policies.memory.reads.hypervolume import Volume
from l2l_sampler.policies.memory.reads.prepared import Prepared
from l2l_sampler.policies.memory.search.candidates import Draws
from l2l_sampler.policies.memory.search.moves import Moves
from l2l_sampler.policies.memory.search.view import View
from l2l_sampler.policies.memory.table import Table, readable

if TYPE_CHECKING:
    from l2l_sampler.policies.memory.policy import MemoryPolicy

SCALARIZATIONS = 2
"""Two found as good points as four, in less time."""
_ROUNDS = 4
"""Rounds of the local search."""
_SAMPLES = 64
"""Points at which it is looked how bad an objective may be: an end of the front can be worse in
one objective than all trials so far, and beyond the reference point nobody looks."""
_NO_MARGIN = np.zeros((1, 1))


def propose(
    policy: MemoryPolicy,
    params: Params,
    history: History,
    cube: Cube,
    view: View,
    rng: np.random.Generator,
) -> np.ndarray:
    """Candidates (m, D), those first by which the hypervolume is expected to grow most.

    Args:
        policy: with a reading of feasibility.
        params: its parameters.
        history: trials of several objectives, with one result at least.
        cube: the search space.
        view: of both.
        rng: the only source of randomness.
    """
    history, cube = view.of(history, cube)
    history = readable(history, policy.n_max)
    each = [policy.draws(cube, rng) for _ in range(SCALARIZATIONS)]
    draws = Draws(*(np.concatenate(columns) for columns in zip(*each, strict=True)))
    table = table_of_each(policy, params, history, cube)
    one = table.of_first()
    feasibility = policy.read_limits(params, one)
    bad = None if feasibility is None else foreseen(one, feasibility)
    believed = policy.read_objective(params, with_bad_results(table, bad), _NO_MARGIN).posterior
    # What counts are results without their noise, and what pending trials will probably bring.
    counts = table.candidates[0] | (table.present[0] & ~table.known[0])
    reached = believed.moments(table.x)[0][:, counts].T
    elsewhere = np.broadcast_to(cube.sample(rng, _SAMPLES), (len(table.z), _SAMPLES, cube.dim))
    volume = Volume.of(reached, np.vstack([reached, believed.moments(elsewhere)[0].T]), rng)

    def score(p: np.ndarray) -> np.ndarray:
        mean, deviation = believed.moments(np.broadcast_to(p, (len(table.z), *p.shape[1:])))
        gain = volume.log_improvement(mean, deviation)[None]
        return np.asarray(policy.with_chance(gain, feasibility, p))

    weights = random_weights(rng, SCALARIZATIONS, len(table.z))
    scalar = with_bad_results(_scalarised(table, weights), bad)
    objective = policy.read_objective(params, scalar, policy.margin_in(scalar, draws.margin))
    prepared = Prepared(objective, feasibility and feasibility.repeated(SCALARIZATIONS))
    starts = policy.screen(params, scalar, prepared, draws, cube.snap)
    final = cube.snap(policy.refine(params, scalar, prepared, starts))
    found = np.concatenate([starts, final], axis=1).reshape(1, -1, cube.dim)
    some = history if history.results.any() else replace(history, source=0 * history.source)
    moves = Moves(cube, some, rng, _ROUNDS)
    points = moves.climb(np.concatenate([found, moves.near_trials(score)], axis=1), score)
    return view.out(cube, points[0])


def table_of_each(policy: MemoryPolicy, params: Params, history: History, cube: Cube) -> Table:
    """The history as a table of every objective, M problems."""
    objectives = history.objectives.T

    def each(v: np.ndarray) -> np.ndarray:
        return np.broadcast_to(v, (len(objectives), *v.shape))

    known, failed, constraints = history.finished, history.failed, history.constraints
    table = policy.encoded(
        params, each(history.x), objectives, each(known), each(known | history.pending)
    )
    return table._replace(
        failed=each(failed) if failed.any() else None,
        numeric=each(cube.numeric),
        eligible=each(history.feasible if history.feasible.any() else history.results),
        constraints=each(constraints) if constraints.shape[1] else None,
    )


def _scalarised(table: Table, weights: np.ndarray) -> Table:
    """The table of every scalarisation, W problems, for weights (W, M)."""
    count, known = len(weights), table.known[0]
    y = np.zeros((count, len(known)))
    y[:, known] = chebyshev(table.z[:, known].T, weights)
    scalar = table.of_first(count)
    return scalar._replace(z=encode(y, scalar.known, np.zeros((1, 1))))
