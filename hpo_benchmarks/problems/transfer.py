"""Problems that come after studies of similar ones, and some that only seem to.

A seed draws a family of tasks: the objective at hand, and those of `STUDIES` earlier studies that
TPE made, `TRIALS` trials each. Tasks of a family differ in where their optimum lies, in scale
and in offset. Of the synthetic ones the optimum is known; of the models nobody knows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import optuna
from optuna import Study, Trial
from optuna.samplers import TPESampler
from sklearn.svm import SVC

from hpo_benchmarks.problems.conditional_real import regressor
from hpo_benchmarks.problems.problem import TRUTH, LiveProblem, rng_of, zero
from hpo_benchmarks.problems.real_data import cross_validated

STUDIES, TRIALS = 3, 30
AXES = 4
DRIFT = 0.05
"""Deviation of a task's optimum from that of its family, along an axis."""
ROWS = 150

Task = Callable[[Trial, int, int], float]
"""(trial, seed, which task) -> value; task 0 is the one at hand."""


@dataclass(frozen=True)
class Family:
    """Tasks, and what they are like.

    Attributes:
        task: their objective.
        about: in a sentence.
        known: whether true values are regrets.
        cost: what one evaluation costs.
    """

    task: Task
    about: str
    known: bool = True
    cost: str = "microseconds"


def _told(trial: Trial, regret: float, name: str, seed: int, task: int) -> float:
    """What the trial returns: its regret on a scale of the task's own."""
    rng = rng_of("transfer", "scale", name, seed, task)
    trial.set_user_attr(TRUTH, regret)
    return float(10.0 ** rng.uniform(-2.0, 3.0) * (regret + rng.normal()))


def _optimum(name: str, seed: int, task: int, drift: float, axes: int = AXES) -> np.ndarray:
    """Where the optimum of a task lies, (axes,)."""
    common = rng_of("transfer", name, seed).uniform(0.2, 0.8, axes)
    moved = common + drift * rng_of("transfer", name, seed, task).standard_normal(axes)
    return np.clip(moved, 0.02, 0.98)


def _point(trial: Trial, axes: int = AXES) -> np.ndarray:
    return np.array([trial.suggest_float(f"x{k}", 0.0, 1.0) for k in range(axes)])


def _weights(name: str, seed: int, axes: int = AXES) -> np.ndarray:
    """How much each axis counts, with a sum of 1."""
    weight = np.exp(rng_of("transfer", "weights", name, seed).standard_normal(axes))
    return weight / weight.sum()


def _valley(trial: Trial, seed: int, task: int) -> float:
    away = np.abs(_point(trial) - _optimum("valley", seed, task, DRIFT))
    regret = 3.0 * float(_weights("valley", seed) @ away**1.5)
    return _told(trial, regret, "valley", seed, task)


def _basins(trial: Trial, seed: int, task: int) -> float:
    """Two basins, of which the same one is better in every task."""
    x = _point(trial)
    best, other = (_optimum(f"basin-{k}", seed, task, DRIFT) for k in "ab")
    near, far = (float(((x - centre) ** 2).mean()) for centre in (best, other))
    regret = 4.0 * min(near, far + 0.05)
    return _told(trial, regret, "basins", seed, task)


def _ranges(trial: Trial, seed: int, task: int) -> float:
    """Earlier studies had narrower ranges, and one parameter fewer."""
    best = _optimum("ranges", seed, task, DRIFT)
    low, high = (0.0, 1.0) if task == 0 else (0.15, 0.85)
    x = np.array([trial.suggest_float(f"x{k}", low, high) for k in range(AXES - 1)])
    new = trial.suggest_float("new", 0.0, 1.0) if task == 0 else float(best[-1])
    away = np.abs(np.append(x, new) - best)
    regret = 3.0 * float(_weights("ranges", seed) @ away**1.5)
    return _told(trial, regret, "ranges", seed, task)


def _unrelated(trial: Trial, seed: int, task: int) -> float:
    """Every task has an optimum of its own, and axes that count of its own."""
    best = rng_of("transfer", "unrelated", seed, task).uniform(0.05, 0.95, AXES)
    away = np.abs(_point(trial) - best)
    weight = _weights(f"unrelated-{task}", seed)
    return _told(trial, 3.0 * float(weight @ away**1.5), "unrelated", seed, task)


def _misleading(trial: Trial, seed: int, task: int) -> float:
    """What was best before is far from the best now: the optimum is mirrored."""
    best = _optimum("misleading", seed, task, DRIFT)
    away = np.abs(_point(trial) - (1.0 - best if task == 0 else best))
    regret = 3.0 * float(_weights("misleading", seed) @ away**1.5)
    return _told(trial, regret, "misleading", seed, task)


def _svc(trial: Trial, seed: int, task: int) -> float:
    """Error of a support vector classifier on other rows of the digits in every task."""
    model = SVC(
        C=trial.suggest_float("C", 1e-3, 1e3, log=True),
        gamma=trial.suggest_float("gamma", 1e-6, 1.0, log=True),
        shrinking=trial.suggest_categorical("shrinking", [True, False]),
    )
    return _error(trial, cross_validated(model, "digits", _rows(seed, task), ROWS))


def _regressors(trial: Trial, seed: int, task: int) -> float:
    """One of five regressors, on other rows of the diabetes data in every task."""
    value = cross_validated(regressor(trial), "diabetes", _rows(seed, task), ROWS)
    return _error(trial, value)


def _rows(seed: int, task: int) -> int:
    """The seed of the rows of a task."""
    return 1000 * (task + 1) + seed


def _error(trial: Trial, value: float) -> float:
    trial.set_user_attr(TRUTH, value)
    return value


FAMILIES = {
    "valley": Family(_valley, "a rounded valley; optima within a twentieth of each other"),
    "basins": Family(_basins, "two basins, of which the same is better in every task"),
    "ranges": Family(_ranges, "as valley; before, narrower ranges and one parameter fewer"),
    "unrelated": Family(_unrelated, "as valley; earlier optima lie anywhere"),
    "misleading": Family(_misleading, "as valley; earlier optima lie on the other side"),
    "svc-digits": Family(_svc, "a classifier, before on other rows", False, "10 ms"),
    "models-diabetes": Family(
        _regressors, "five regressors, before on other rows", False, "10 ms"
    ),
}


def _at_hand(name: str, trial: Trial, seed: int) -> float:
    return FAMILIES[name].task(trial, seed, 0)


@lru_cache(maxsize=8)
def earlier(name: str, seed: int) -> list[Study]:
    """The earlier studies of a family."""
    found = []
    for task in range(1, STUDIES + 1):
        chance = int(rng_of("transfer", "tpe", name, seed, task).integers(2**31))
        study = optuna.create_study(sampler=TPESampler(seed=chance))
        objective = partial(FAMILIES[name].task, seed=seed, task=task)
        study.optimize(objective, n_trials=TRIALS)
        found.append(study)
    return found


def problems() -> list[LiveProblem]:
    """All of the suite."""
    return [
        LiveProblem(
            name,
            "transfer",
            partial(_at_hand, name),
            family.about,
            family.cost,
            optimum=zero if family.known else None,
            earlier=partial(earlier, name),
        )
        for name, family in FAMILIES.items()
    ]
