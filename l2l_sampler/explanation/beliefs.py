"""What a memory policy's posteriors say along each parameter, in the user's units.

Notation
    d  unit-cube axes   m  points   R  quantities: objectives, then chances
    u  (m, d) points of the cube
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from l2l_sampler.explanation.explanation import Effect, Reading
from l2l_sampler.history import History
from l2l_sampler.policies.memory import several
from l2l_sampler.policies.memory.policy import MemoryPolicy
from l2l_sampler.policies.memory.table import readable
from l2l_sampler.policies.trained import TrainedPolicy
from l2l_sampler.spaces.axes import CategoricalAxis
from l2l_sampler.spaces.conditional import ConditionalCube

Curve: TypeAlias = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Means and deviations (m,) of a quantity at points (m, d)."""

_BASE = 128
"""Points over which the other parameters are averaged: shares of variance err by some percent."""
_GRID = 33
_LEVELS = 512
"""Values of the objective between which its encoding is inverted."""
_BETTER = 0.1
"""How far better values than the best result are told apart, in ranges of the results."""


@dataclass(frozen=True)
class Belief:
    """One quantity as the policy sees it.

    Attributes:
        title: what it is.
        curve: its mean and deviation, on a scale of its own.
        unit: that scale -> the user's units, increasing or decreasing.
        length_scales: (d,) in ranges of the axes.
    """

    title: str
    curve: Curve
    unit: Callable[[np.ndarray], np.ndarray]
    length_scales: np.ndarray


def beliefs_of(
    trained: TrainedPolicy,
    history: History,
    cube: ConditionalCube,
    signs: np.ndarray,
    constraints: list[str],
) -> tuple[list[Belief], np.ndarray]:
    """The objectives and the chances of a study, and the noise of each objective.

    Args:
        trained: a memory policy with posteriors.
        history: trials, with one result at least.
        cube: the search space.
        signs: (M,) of the objectives, -1 for those that are maximised.
        constraints: their names.

    Returns:
        Beliefs, and (M,) standard deviations of the noise in units of the objectives.
    """
    policy, params = trained.policy, trained.params
    assert isinstance(policy, MemoryPolicy)
    history = readable(history, policy.n_max)
    table = several.table_of_each(policy, params, history, cube)
    feasibility = policy.read_limits(params, table.of_first())
    model = policy.read_objective(params, table, np.zeros((1, 1))).posterior
    found, noises = [], []
    for k, sign in enumerate(signs):
        unit = _inverse(policy, params, history, k, sign)

        def curve(u: np.ndarray, k: int = k) -> tuple[np.ndarray, np.ndarray]:
            mean, deviation = model.moments(np.broadcast_to(u, (len(signs), *u.shape)))
            return mean[k], deviation[k]

        title = "objective" if len(signs) == 1 else f"objective {k}"
        found.append(Belief(title, curve, unit, model.length_scale[k]))
        width = float(model.deviation[k, 0] * np.sqrt(model.noise[k, 0]))
        middle = float(np.median(table.z[k, history.finished]))
        ends = unit(np.array([middle - width, middle + width]))
        noises.append(0.5 * abs(float(ends[1] - ends[0])))
    if feasibility is not None:
        titles = ["chance of a value"] if feasibility.failures else []
        titles += [f"chance that {name!r} is met" for name in constraints]
        for r, title in enumerate(titles):

            def chance(u: np.ndarray, r: int = r) -> tuple[np.ndarray, np.ndarray]:
                log_chance = feasibility.log_chances(u[None])[0, r]
                return np.exp(log_chance), np.zeros(len(u))

            scales = feasibility.posterior.length_scale[r]
            found.append(Belief(title, chance, lambda p: p, scales))
    return found, np.array(noises)


def _inverse(
    policy: MemoryPolicy, params: Any, history: History, k: int, sign: float
) -> Callable[[np.ndarray], np.ndarray]:
    """From the encoded k-th objective to its value in the user's sense."""
    y = history.objectives[:, k]
    finite = y[np.isfinite(y)]
    if not len(finite):
        return lambda z: np.full_like(z, np.nan)
    # Dense where results lie, and a little beyond the best one: nothing says how bad others are.
    levels = np.linspace(finite.min() - _BETTER * np.ptp(finite), finite.max(), _LEVELS)
    levels = np.unique(np.concatenate([levels, finite]))
    encode = policy.encoder(params, history.x[None], y[None], ~np.isnan(y)[None])
    z = np.maximum.accumulate(np.asarray(encode(levels[None]))[0])
    if z[0] == z[-1]:  # all results are alike
        return lambda value: np.full_like(value, sign * finite[0])
    return lambda value: sign * np.interp(value, z, levels)


def reading(
    belief: Belief, cube: ConditionalCube, best: np.ndarray, rng: np.random.Generator
) -> Reading:
    """How a quantity depends on every parameter.

    Shares of variance are Sobol's indices of the posterior mean, on the scale of the policy: the
    first is that of the mean over all other parameters, the total is Jansen's estimate (1999,
    "Analysis of variance designs for model output").

    Args:
        belief: the quantity.
        cube: the search space.
        best: (d,) the point at which others are held.
        rng: the only source of randomness.
    """
    base = cube.sample(rng, _BASE)
    others = cube.sample(rng, _BASE)
    mean, _ = belief.curve(base)
    variance = max(float(mean.var()), 1e-12)
    effects = {}
    for name, axis in cube.axes.items():
        columns = cube.columns(name)
        if columns.start == columns.stop:
            continue
        choice = isinstance(axis, CategoricalAxis)
        width = columns.stop - columns.start
        grid = np.eye(width) if choice else np.linspace(0.0, 1.0, _GRID)[:, None]
        grid = np.unique(_along(cube, best, columns, grid)[:, columns], axis=0)
        if choice:
            grid = grid[::-1]  # in the order of the choices
        alone, mean_of, low, high, held = [], [], [], [], []
        for value in grid:
            u = _along(cube, base, columns, value)
            some = u[cube.active(u)[name]]
            m, s = belief.curve(some) if len(some) else (np.full(1, np.nan), np.full(1, np.nan))
            alone.append(m.mean())
            mean_of.append(belief.unit(m).mean())
            ends = sorted([belief.unit(m - s).mean(), belief.unit(m + s).mean()])
            low.append(ends[0])
            high.append(ends[1])
            held.append(belief.curve(_along(cube, best, columns, value)[None])[0][0])
        swapped = base.copy()
        swapped[:, columns] = others[:, columns]
        moved, _ = belief.curve(cube.snap(swapped))
        values = [cube.params(_along(cube, best, columns, value))[name] for value in grid]
        effects[name] = Effect(
            name=name,
            values=tuple(values),
            scale="choice" if choice else "log" if getattr(axis, "log", False) else "linear",
            mean=np.array(mean_of),
            low=np.array(low),
            high=np.array(high),
            at_best=belief.unit(np.array(held)),
            relevance=min(float(np.nanvar(alone)) / variance, 1.0),
            total=min(0.5 * float(((moved - mean) ** 2).mean()) / variance, 1.0),
            length_scale=float(belief.length_scales[columns].min()),
        )
    return Reading(belief.title, effects)


def _along(cube: ConditionalCube, u: np.ndarray, columns: slice, value: np.ndarray) -> np.ndarray:
    """Points u with other coordinates of one parameter, valid ones: value (..., k)."""
    shape = np.broadcast_shapes(u.shape[:-1], value.shape[:-1])
    moved = np.broadcast_to(u, (*shape, u.shape[-1])).copy()
    moved[..., columns] = value
    return cube.snap(moved)
