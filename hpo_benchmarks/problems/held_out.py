"""Functions of named priors that no training run draws; each seed draws one of each.

Most priors are those of training or near to them; `walls`, `failing` and `skewed`, the integers,
and twelve and twenty axes are not. What counts is the value without noise and warp.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

import numpy as np
from optuna import Trial
from optuna.distributions import CategoricalDistribution, IntDistribution

from hpo_benchmarks.problems.problem import TRUTH, LiveProblem, rng_of

PRIORS: Mapping[str, tuple[str | Mapping[str, float], int, str]] = {
    "gp-3d": ("gp", 3, "the paper's process: length scale 0.3"),
    "gp-ard-6d": ("gp-ard", 6, "smooth, each axis with a length scale of its own"),
    "broad-2d": ("broad", 2, "several kernels, irrelevant axes, warps, noise, integers, choices"),
    "broad-3d": ("broad", 3, "the same"),
    "broad-6d": ("broad", 6, "the same"),
    "broad-12d": ("broad", 12, "the same in more axes than any function of training"),
    "broad-20d": ("broad", 20, "the same"),
    "bowls-4d": ("bowls", 4, "a bowl with a process on it"),
    "walls-3d": ("walls", 3, "a cliff, beyond which all is worse"),
    "failing-3d": ("failing", 3, "a plateau far above all else"),
    "skewed-4d": ("skewed", 4, "values with a long bad tail"),
    "integers-5d": ({"plateaus": 1.0}, 5, "integers of few values on about half of the axes"),
}
"""Name -> prior of training or its ingredients, axes, and what it is, for readers."""


@lru_cache(maxsize=64)
def _function(name: str, seed: int) -> tuple[Any, Any]:
    """One function and its search space."""
    from train.functions.priors import Ingredients
    from train.functions.spaces import spaces
    from train.validation.play import draw_held_out

    prior, dim, _ = PRIORS[name]
    ingredients = prior if isinstance(prior, str) else Ingredients(**prior)
    number = int(rng_of("held-out", name, seed).integers(2**31))
    functions = draw_held_out(ingredients, dim, 1, number)
    return functions, spaces(functions)[0]


def value(name: str, trial: Trial, seed: int) -> float:
    """What the trial is told; its value without noise is its attribute TRUTH."""
    import torch

    functions, space = _function(name, seed)
    for parameter, axis in space.distributions.items():
        if isinstance(axis, CategoricalDistribution):
            trial.suggest_categorical(parameter, axis.choices)
        elif isinstance(axis, IntDistribution):
            trial.suggest_int(parameter, axis.low, axis.high)
        else:
            trial.suggest_float(parameter, axis.low, axis.high)
    point = space.from_cube(space.cube.point(trial.params))
    chance = torch.Generator().manual_seed(
        int(rng_of("held-out-noise", name, seed, trial.number).integers(2**31))
    )
    with torch.no_grad():
        latent = functions.latent(torch.from_numpy(np.asarray(point, dtype=float))[None, None])
        trial.set_user_attr(TRUTH, float(latent))
        return float(functions.observe(latent, chance))


def problems() -> list[LiveProblem]:
    """A problem for every prior."""
    return [
        LiveProblem(
            name=name,
            suite="held-out",
            objective=partial(value, name),
            about=f"{about}; {dim} axes",
            cost="0.3 ms",
        )
        for name, (_, dim, about) in PRIORS.items()
    ]
