"""Problems whose parameters depend on the values of others, each instance drawn by its seed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from optuna import Trial

from hpo_benchmarks.problems.problem import LiveProblem, zero
from hpo_benchmarks.problems.terrain import Terrain


def kinds(here: Terrain, trial: Trial) -> float:
    """One of four kinds, each with two or three parameters of its own."""
    kind, cost = here.choice(trial, "kind", ("linear", "tree", "kernel", "network"))
    if kind == "linear":
        return cost + here.real(trial, "l1", 1e-6, 1.0, log=True) + here.real(trial, "mix", 0, 1)
    if kind == "tree":
        depth, term = here.whole(trial, "depth", 1, 20)
        return cost + term + here.real(trial, "split", 0.01, 0.5)
    if kind == "kernel":
        wide = here.real(trial, "gamma", 1e-4, 10.0, log=True)
        return cost + wide + here.real(trial, "C", 1e-3, 1e3, log=True)
    _, term = here.whole(trial, "width", 8, 512, log=True)
    rate = here.real(trial, "rate", 1e-5, 1.0, log=True)
    return cost + term + rate + here.real(trial, "dropout", 0.0, 0.8)


def nested(here: Terrain, trial: Trial) -> float:
    """A choice under a choice, two deep, with one or two parameters at the end of each branch."""
    outer, cost = here.choice(trial, "outer", ("a", "b"))
    if outer == "a":
        inner, inside = here.choice(trial, "inner_a", ("p", "q", "r"))
    else:
        inner, inside = here.choice(trial, "inner_b", ("s", "t"))
    regret = cost + inside + here.real(trial, f"{inner}_first", 0.0, 10.0)
    if inner in ("p", "s"):
        regret += here.real(trial, f"{inner}_second", 1e-3, 1e3, log=True)
    return regret + here.real(trial, "always", -1.0, 1.0)


def layers(here: Terrain, trial: Trial) -> float:
    """One to five layers with a width each, and a rate that all have."""
    n, cost = here.whole(trial, "n_layers", 1, 5)
    widths = [here.whole(trial, f"width_{i}", 8, 512, log=True)[1] for i in range(n)]
    return cost + sum(widths) / n + here.real(trial, "rate", 1e-5, 1.0, log=True)


def switch(here: Terrain, trial: Trial) -> float:
    """A switch with two parameters behind it, beside two that are always there."""
    on, cost = here.choice(trial, "augment", ("no", "yes"))
    regret = cost + here.real(trial, "rate", 1e-5, 1.0, log=True) + here.real(trial, "keep", 0, 1)
    if on == "yes":
        regret += here.real(trial, "strength", 0.0, 5.0) + here.real(trial, "chance", 0.0, 1.0)
    return regret


def many_under_one(here: Terrain, trial: Trial) -> float:
    """Five parameters under one of three values; the others have none or one."""
    preset, cost = here.choice(trial, "preset", ("plain", "soft", "custom"))
    if preset == "plain":
        return cost + 0.3
    if preset == "soft":
        return cost + 0.1 + here.real(trial, "softness", 0.0, 1.0)
    free = [here.real(trial, f"weight_{i}", 0.0, 1.0) for i in range(4)]
    return cost + sum(free) / 2 + here.whole(trial, "rounds", 1, 30)[1]


def shared(here: Terrain, trial: Trial) -> float:
    """Three optimizers with parameters of their own that share a rate and a decay."""
    kind, cost = here.choice(trial, "optimizer", ("sgd", "adam", "rms"))
    regret = cost + here.real(trial, "rate", 1e-5, 1.0, log=True, under=kind)
    regret += here.real(trial, "decay", 1e-6, 1e-1, log=True, under=kind)
    if kind == "sgd":
        return regret + here.real(trial, "momentum", 0.0, 0.99)
    if kind == "adam":
        return regret + here.real(trial, "beta", 0.5, 0.999) / 2
    return regret + here.real(trial, "alpha", 0.8, 0.999) + here.real(trial, "eps", 0.0, 1.0) / 2


def two_switches(here: Terrain, trial: Trial) -> float:
    """Two switches that do not depend on each other, with one and two parameters behind them."""
    first, cost = here.choice(trial, "scale", ("no", "yes"))
    second, more = here.choice(trial, "select", ("no", "yes"))
    regret = cost + more + here.real(trial, "penalty", 1e-4, 1e4, log=True)
    if first == "yes":
        regret += here.real(trial, "quantile", 0.0, 0.5)
    if second == "yes":
        regret += here.whole(trial, "features", 1, 50, log=True)[1]
        regret += here.real(trial, "threshold", 0.0, 1.0)
    return regret


def threshold(here: Terrain, trial: Trial) -> float:
    """A momentum from three stages on, and a decay from six on."""
    n, cost = here.whole(trial, "stages", 1, 8)
    regret = cost + here.real(trial, "rate", 1e-4, 1.0, log=True)
    if n >= 3:
        regret += here.real(trial, "momentum", 0.0, 0.99)
    if n >= 6:
        regret += here.real(trial, "decay", 1e-6, 1e-1, log=True)
    return regret


SYNTHETIC: dict[str, Callable[[Terrain, Trial], float]] = {
    "kinds": kinds,
    "nested": nested,
    "layers": layers,
    "switch": switch,
    "many-under-one": many_under_one,
    "shared": shared,
    "two-switches": two_switches,
    "threshold": threshold,
}


def _objective(name: str, trial: Trial, seed: int) -> float:
    here = Terrain(f"conditional-{name}", seed)
    return here.told(trial, SYNTHETIC[name](here, trial))


def problems() -> list[LiveProblem]:
    """The synthetic problems, whose true value is the regret, then those on real data."""
    from hpo_benchmarks.problems import conditional_real

    synthetic = [
        LiveProblem(
            name=name,
            suite="conditional",
            objective=partial(_objective, name),
            about=function.__doc__ or "",
            cost="microseconds",
            optimum=zero,
        )
        for name, function in SYNTHETIC.items()
    ]
    return synthetic + conditional_real.problems()
