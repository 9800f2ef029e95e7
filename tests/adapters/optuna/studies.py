"""Policies, objectives and studies that the tests of the sampler share."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import optuna
import pytest

from l2l_sampler import LearnedSampler
from l2l_sampler.policies.base import Policy
from l2l_sampler.policies.trained import Header, TrainedPolicy
from l2l_sampler.registry import shipped

needs_set_constraint = pytest.mark.skipif(
    not hasattr(optuna.Trial, "set_constraint"), reason="Optuna 4 has no trial.set_constraint"
)


@dataclass(frozen=True)
class Climber(Policy):
    """Random steps from the best trial, wider the more are pending."""

    kind: ClassVar[str] = "climber"
    dim: int | None = None
    encoding: str = "raw"
    reads_earlier_studies: bool = False

    def init(self, rng):
        return {}

    def propose(self, params, history, *, cube, seed, number, cache=None):
        rng, done = np.random.default_rng((seed, number)), history.finished
        if not done.any():
            return cube.sample(rng, 1)
        best = history.x[done][np.argmin(history.y[done])]
        spread = 0.1 * (1 + (~done).sum())
        return cube.snap(best + spread * rng.standard_normal((4, cube.dim)))


@dataclass(frozen=True)
class Spy(Policy):
    """Draws at random and keeps the points that it was shown."""

    kind: ClassVar[str] = "spy"
    shown: ClassVar[list[np.ndarray]] = []
    dim: int | None = None
    encoding: str = "raw"
    reads_earlier_studies: bool = False

    def init(self, rng):
        return {}

    def propose(self, params, history, *, cube, seed, number, cache=None):
        self.shown.append(history.x)
        return cube.sample(np.random.default_rng((seed, number)), 1)


def with_header(policy):
    params = policy.init(np.random.default_rng(0))
    return TrainedPolicy(policy, params, Header.of(policy, loss="none", prior="none"))


CLIMBER = with_header(Climber())

ANY_DIMENSION = list(dict.fromkeys(model.name for model in shipped() if model.dim is None))
"""Names of the shipped policies that take any space."""
ONE_DIMENSION = list(dict.fromkeys(model.policy for model in shipped() if model.dim is not None))
"""Kinds of the shipped policies that have one model for each number of axes."""


def mixed(trial):
    """An objective with parameters of every kind, of 7 axes."""
    x = trial.suggest_float("x", -1.0, 1.0)
    rate = trial.suggest_float("rate", 1e-5, 1.0, log=True)
    n = trial.suggest_int("n", 1, 64, log=True)
    c = trial.suggest_categorical("c", (None, True, "a"))
    s = trial.suggest_float("s", 0.0, 1.0, step=0.1)
    return x * x + abs(math.log10(rate) + 2) + abs(n - 8) / 8 + (c != "a") + s


def growing(trial):
    """One with a parameter that only some trials have."""
    y = mixed(trial)
    return y + trial.suggest_float("late", 0, 1) if trial.number % 3 == 0 else y


def branching(trial):
    """One whose parameters depend on a choice, and below it on an integer."""
    kind = trial.suggest_categorical("kind", ("net", "tree"))
    if kind == "tree":
        return 1.0 + 0.1 * abs(trial.suggest_int("depth", 1, 9) - 5)
    layers = trial.suggest_int("layers", 1, 3)
    widths = [trial.suggest_float(f"width{k}", 0.0, 1.0) for k in range(layers)]
    return abs(layers - 2) + sum((w - 0.3) ** 2 for w in widths)


def new_study(direction="minimize", policy=CLIMBER, **options):
    options = {"seed": 0, "warn_independent_sampling": False} | options
    return optuna.create_study(direction=direction, sampler=LearnedSampler(policy, **options))


def params_of(study):
    return [t.params for t in study.get_trials()]


def run(n, objective=mixed, direction="minimize", **options):
    study = new_study(direction, **options)
    study.optimize(objective, n_trials=n)
    return params_of(study)
