"""What the shipped policies and the named encodings give today, to be pinned by test_shipped.py.

    python -m tests.golden

adds what is not pinned yet to golden.json, for a model or an encoding that was just added. It
never changes a pinned number: what is released keeps its meaning. Run it with OMP_NUM_THREADS=1.

All imports of internal modules that test_shipped.py needs are here, so that it stays as it is
while modules move.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState, create_trial

from l2l_sampler import LearnedSampler, load_policy
from l2l_sampler.policies.memory.objective.encodings import ENCODINGS as OBJECTIVE_ENCODINGS
from l2l_sampler.policies.memory.objective.encodings import TAMED, encode, log_density
from l2l_sampler.policies.memory.objective.outliers import tamer
from l2l_sampler.policies.recurrent.encodings import ENCODINGS as INPUT_ENCODINGS
from l2l_sampler.policies.recurrent.encodings import PENDING, Seen
from l2l_sampler.policies.recurrent.statistics import empty_statistics as start
from l2l_sampler.policies.recurrent.statistics import update_statistics as update
from l2l_sampler.policies.recurrent.surroundings import empty_surroundings as nothing
from l2l_sampler.policies.recurrent.surroundings import update_surroundings as take_in
from l2l_sampler.registry import shipped
from train.validation.batched import batched, torch_params
from train.validation.play import draw_held_out as held_out
from train.validation.play import play

PINS = Path(__file__).with_name("golden.json")
ANY_DIM = (1, 3, 6)
"""Dimensions pinned of a policy that takes any."""
N_TRIALS = {"sequential": 12, "pending": 14, "infinite": 12, "categories": 12, "long": 170}
"""Trials of each kind of history; "long" exceeds the horizon and what a memory policy reads."""
STEPS = 10
"""Trials of a closed loop of asking and telling."""
_MIDNIGHT = datetime(2024, 1, 1)
_RESULTS = (0.5, -1.25, np.inf, 0.0, 3.75, 20.0, -1.0)
"""A history's objective, of which the fourth value is not known."""
_OUTLIERS = {
    "1e308": (0.5, -1.25, 1e308, 0.0, 3.75, 20.0, -1.0),
    "-inf": (0.5, -1.25, -np.inf, 0.0, 3.75, 20.0, -1.0),
}
"""The same with a value that encodings that draw outliers in are to bear."""


def cases() -> dict[str, Callable[[], Any]]:
    """Everything to pin by name, with the function that gives it as JSON."""
    found: dict[str, Callable[[], Any]] = {}
    for model in shipped():
        for dim in ANY_DIM if model.dim is None else (model.dim,):
            for kind in N_TRIALS:
                if kind != "categories" or dim > 1:
                    found[f"{model.name} {dim}d {kind}"] = partial(asked, model.name, dim, kind)
            found[f"{model.name} {dim}d closed loop"] = partial(closed_loop, model.name, dim)
    for name, strengths in OBJECTIVE_ENCODINGS.items():
        for k in strengths:
            case = f"encoding {name} of strength {k:g}"
            found[case] = partial(encoded, name, k, _RESULTS)
            for value, results in _OUTLIERS.items() if name in TAMED else ():
                found[f"{case} with {value}"] = partial(encoded, name, k, results)
    for name in INPUT_ENCODINGS:
        found[f"encoding {name} of inputs"] = partial(network_inputs, name)
    return found


def asked(name: str, dim: int, kind: str) -> dict[str, Any]:
    """The parameters that the policy proposes after a history of this kind."""
    space = categories(dim) if kind == "categories" else floats(dim)
    study = study_of(name, space)
    rng = np.random.default_rng((dim, *kind.encode()))
    for k in range(N_TRIALS[kind]):
        params = {axis: drawn(d, rng) for axis, d in space.items()}
        value, duration = objective(params), 0.5
        if kind == "infinite" and k % 4 == 1:
            value = np.inf
        if kind == "pending":
            duration = 6.0 * rng.random()
        running = kind == "pending" and k % 4 == 2
        began = _MIDNIGHT + timedelta(seconds=k)
        trial = create_trial(
            state=TrialState.RUNNING if running else TrialState.COMPLETE,
            value=None if running else value,
            params=params,
            distributions=space,
        )
        trial.datetime_start = began
        trial.datetime_complete = None if running else began + timedelta(seconds=duration)
        study.add_trial(trial)
    return study.ask(space).params


def closed_loop(name: str, dim: int) -> list[dict[str, Any]]:
    """The first trials of a study of the policy's own."""
    space = floats(dim)
    study = study_of(name, space)
    for _ in range(STEPS):
        trial = study.ask(space)
        study.tell(trial, objective(trial.params))
    return [trial.params for trial in study.trials]


def encoded(name: str, k: float, results: tuple[float, ...]) -> dict[str, Any]:
    """A history's objective under the encoding's map of strength k, and the log density."""
    y = np.array([results])
    known = np.arange(len(results))[None] != 3
    if name in TAMED:
        y = tamer(y, known)(y)
    z = encode(y, known, np.array([[k]]))[0].tolist()
    return {"z": z, "log density": log_density(y, known, np.array([[k]]))[0].item()}


def network_inputs(name: str) -> list[list[float]]:
    """Inputs after each of some results, of which the third counts for none."""
    rng, one, dim = np.random.default_rng(7), np.ones(1), 2
    run, around = start(1, dim, one), nothing(1, dim, one)
    rows = []
    for k, value in enumerate([1.5, -0.5, 9.0, np.inf, 0.25, -2.0, -1.75]):
        x, y, o = rng.random((1, dim)), np.array([value]), one * (k != 2)
        pending = rng.random((1, PENDING, dim)), np.arange(PENDING)[None] < min(k, 2)
        before, run = run, update(run, x, y, o)
        around = take_in(around, run, before, x)
        seen = Seen(run, around, x, o, (pending[0], pending[1].astype(float)))
        rows.append(INPUT_ENCODINGS[name].inputs(seen, 100)[0].tolist())
    return rows


def study_of(name: str, space: dict[str, BaseDistribution]) -> optuna.Study:
    """An empty study that asks this policy."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = LearnedSampler(name, seed=11, search_space=space)
    return optuna.create_study(sampler=sampler)


def floats(dim: int) -> dict[str, BaseDistribution]:
    """Continuous parameters, the first of them on a logarithmic scale."""
    rest = {f"x{k}": FloatDistribution(-2.0, 5.0) for k in range(1, dim)}
    return {"x0": FloatDistribution(1e-3, 10.0, log=True), **rest}


def categories(dim: int) -> dict[str, BaseDistribution]:
    """A categorical parameter, an integer and continuous ones, that make `dim` axes together."""
    choices = ("a", "b", "c")[: 2 if dim < 4 else 3]
    space: dict[str, BaseDistribution] = {"kind": CategoricalDistribution(choices)}
    if dim > len(choices):
        space["size"] = IntDistribution(1, 40)
    return space | {f"x{k}": FloatDistribution(-2.0, 5.0) for k in range(1, dim - len(choices))}


def drawn(distribution: BaseDistribution, rng: np.random.Generator) -> Any:
    """A uniform value."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[rng.integers(len(distribution.choices))]
    if isinstance(distribution, IntDistribution):
        return int(rng.integers(distribution.low, distribution.high + 1))
    assert isinstance(distribution, FloatDistribution)
    if distribution.log:
        return float(np.exp(rng.uniform(np.log(distribution.low), np.log(distribution.high))))
    return float(rng.uniform(distribution.low, distribution.high))


def objective(params: dict[str, Any]) -> float:
    """A bowl, curved differently along each parameter."""
    terms = [ord(v) - ord("b") if isinstance(v, str) else v / 5.0 - 0.3 for v in params.values()]
    return float(sum((k + 1) * term * term for k, term in enumerate(terms)))


def values_of(name: str, dim: int, draws: int, n_trials: int) -> np.ndarray:
    """Latent values (draws, n_trials) of the policy's trials on held-out functions."""
    trained, functions = load_policy(name, dim), held_out("gp", dim, draws, seed=3)
    ask = batched(
        trained.policy,
        torch_params(trained.params),
        snap=functions.snap,
        generator=torch.Generator().manual_seed(0),
    )
    x = torch.zeros(0)

    def watched(points: torch.Tensor, results: torch.Tensor) -> torch.Tensor:
        nonlocal x
        x = points
        return ask(points, results)

    play(watched, functions, n_trials + 1)
    return functions.latent(x).numpy()


def random_values(dim: int, draws: int, n_trials: int) -> np.ndarray:
    """Latent values (draws, n_trials) of uniform points on the same functions."""
    functions = held_out("gp", dim, draws, seed=3)
    x = np.random.default_rng(0).random((draws, n_trials, dim))
    return functions.latent(torch.from_numpy(x)).numpy()


def pins() -> dict[str, Any]:
    """What is pinned, by name."""
    return json.loads(PINS.read_text(encoding="utf-8")) if PINS.exists() else {}


def add_missing() -> None:
    """Pin what is not pinned yet."""
    pinned = pins()
    missing = {name: give for name, give in cases().items() if name not in pinned}
    pinned |= {name: give() for name, give in missing.items()}
    rows = [f"{json.dumps(name)}: {json.dumps(pin)}" for name, pin in pinned.items()]
    PINS.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
    print(f"pinned {len(missing)} more, {len(pinned)} in all")


if __name__ == "__main__":
    add_missing()
