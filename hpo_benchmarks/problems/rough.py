"""Problems with failures, outliers, noise, penalties and pruning; each instance drawn by its seed.

All have a true value, the regret of a smooth terrain; what a trial reports, or whether it reports
anything, is what makes them rough. Chance depends on the seed and the trial's number, so that
every method meets the same faults.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from optuna import Trial, TrialPruned
from optuna.pruners import BasePruner, MedianPruner, NopPruner

from hpo_benchmarks.problems.problem import LiveProblem, zero
from hpo_benchmarks.problems.terrain import Terrain

PENALTY = 1e6
OUTLIER = 1e7
FAULTS = 0.3
FLOATS = 3


def mixed(here: Terrain, trial: Trial) -> float:
    """Regret of three floats, an integer on a log scale and a choice."""
    regret = sum(here.real(trial, f"x{i}", 0.0, 1.0) for i in range(FLOATS))
    regret += here.whole(trial, "n", 1, 64, log=True)[1]
    return regret + here.choice(trial, "kind", ("a", "b", "c"))[1]


def beyond(here: Terrain, trial: Trial) -> bool:
    """Whether the floats lie in the half-space that fails; the optimum is near its border."""
    u = np.array([trial.params[f"x{i}"] for i in range(FLOATS)])
    at = np.array([here.term(f"x{i}").at for i in range(FLOATS)])
    normal = here.rng("half-space").normal(size=FLOATS)
    return bool((u - at) @ normal > 0.1 * np.linalg.norm(normal))


def half_space(here: Terrain, trial: Trial) -> float:
    """A half-space in which trials raise, its border near the optimum."""
    regret = mixed(here, trial)
    if beyond(here, trial):
        raise ValueError("singular matrix")
    return here.told(trial, regret)


def penalty(here: Terrain, trial: Trial) -> float:
    """The same half-space, where trials report 1e6 in place of raising."""
    regret = mixed(here, trial)
    return PENALTY if beyond(here, trial) else here.told(trial, regret)


def divergence(here: Terrain, trial: Trial) -> float:
    """NaN where rate / (1 - momentum) is more than three times that of the optimum."""
    rate = here.term("rate").at, here.term("momentum").at
    regret = here.real(trial, "rate", 1e-5, 10.0, log=True)
    regret += here.real(trial, "momentum", 0.0, 0.99)
    regret += here.real(trial, "decay", 1e-6, 1e-1, log=True)
    regret += here.whole(trial, "batch", 16, 256, log=True)[1]
    best = 1e-5 * 1e6 ** rate[0] / (1.0 - 0.99 * rate[1])
    if trial.params["rate"] / (1.0 - trial.params["momentum"]) > 3.0 * best:
        return float("nan")
    return here.told(trial, regret)


def memory_limit(here: Terrain, trial: Trial) -> float:
    """MemoryError where layers times width are more than 1.5 times those of the optimum."""
    layers, regret = here.whole(trial, "layers", 1, 16)
    width, more = here.whole(trial, "width", 16, 1024, log=True)
    regret += more + here.real(trial, "rate", 1e-5, 1.0, log=True)
    regret += here.real(trial, "dropout", 0.0, 0.8)
    best = here.best_whole("layers", 1, 16) * here.best_whole("width", 16, 1024, log=True)
    if layers * width > 1.5 * best:
        raise MemoryError("out of memory")
    return here.told(trial, regret)


def outlier(here: Terrain, trial: Trial) -> float:
    """One of the first ten trials reports 1e7, whatever its parameters."""
    regret = mixed(here, trial)
    if trial.number == here.rng("outlier").integers(2, 10):
        return OUTLIER
    return here.told(trial, regret)


def decades(here: Terrain, trial: Trial) -> float:
    """Values over some ten decades; the true value is their logarithm."""
    regret = mixed(here, trial)
    here.told(trial, regret)
    return float(10.0 ** (4.0 * regret - here.rng("decades").uniform(2.0, 6.0)))


def faults(here: Terrain, trial: Trial) -> float:
    """Three trials of ten raise by chance."""
    regret = mixed(here, trial)
    if here.rng("faults", trial.number).uniform() < FAULTS:
        raise RuntimeError("connection lost")
    return here.told(trial, regret)


def noise(here: Terrain, trial: Trial) -> float:
    """Normal noise of 0.3, where a random trial's regret is about 2."""
    regret = mixed(here, trial)
    here.told(trial, regret)
    return here.scaled(regret + 0.3 * here.rng("noise", trial.number).normal())


def falling(here: Terrain, trial: Trial) -> float:
    """A loss that falls over 20 steps at a pace of the trial's own; a median pruner stops some."""
    regret = mixed(here, trial)
    rng = here.rng("pace", trial.number)
    pace, height = rng.uniform(0.1, 0.4), rng.uniform(0.5, 2.0)
    for step in range(20):
        trial.report(here.scaled(regret + height * np.exp(-pace * step)), step)
        if trial.should_prune():
            raise TrialPruned
    return here.told(trial, regret)


def growing(here: Terrain, trial: Trial) -> float:
    """The sum over five folds, reported fold by fold, so that a pruned trial looks good."""
    regret = mixed(here, trial)
    total = 0.0
    for fold in range(5):
        total += regret + 0.5 + 0.1 * here.rng("fold", fold).normal()
        trial.report(total, fold)
        if trial.should_prune():
            raise TrialPruned
    here.told(trial, regret)
    return total


def infinities(here: Terrain, trial: Trial) -> float:
    """Infinity in a half-space, and minus infinity by chance in one trial of twenty."""
    regret = mixed(here, trial)
    if here.rng("infinity", trial.number).uniform() < 0.05:
        return -np.inf
    return np.inf if beyond(here, trial) else here.told(trial, regret)


def _late_pruner() -> BasePruner:
    return MedianPruner(n_startup_trials=5, n_warmup_steps=3)


def _early_pruner() -> BasePruner:
    # Sums only grow, and a median pruner looks at the lowest of a trial's reports: from the
    # second step on it would compare a first fold with sums of several, and stop hardly any.
    return MedianPruner(n_startup_trials=5, n_warmup_steps=0)


ROUGH: dict[str, tuple[Callable[[Terrain, Trial], float], Callable[[], BasePruner]]] = {
    "half-space": (half_space, NopPruner),
    "penalty": (penalty, NopPruner),
    "divergence": (divergence, NopPruner),
    "memory-limit": (memory_limit, NopPruner),
    "outlier": (outlier, NopPruner),
    "decades": (decades, NopPruner),
    "faults": (faults, NopPruner),
    "noise": (noise, NopPruner),
    "falling": (falling, _late_pruner),
    "growing": (growing, _early_pruner),
    "infinities": (infinities, NopPruner),
}


def _objective(name: str, trial: Trial, seed: int) -> float:
    return ROUGH[name][0](Terrain(f"rough-{name}", seed), trial)


def problems() -> list[LiveProblem]:
    """All of them; their true value is the regret."""
    return [
        LiveProblem(
            name=name,
            suite="rough",
            objective=partial(_objective, name),
            about=function.__doc__ or "",
            cost="microseconds",
            optimum=zero,
            pruner=pruner,
        )
        for name, (function, pruner) in ROUGH.items()
    ]
