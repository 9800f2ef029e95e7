"""An Optuna sampler whose proposals come from a process of another environment."""

from __future__ import annotations

import json
import subprocess
import weakref
from collections.abc import Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from optuna import Study
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from hpo_benchmarks.methods.whole_space import WholeSpaceSampler
from hpo_benchmarks.sources import ROOT

ENVIRONMENTS = ROOT
"""The folder of `.venv-NAME` for each optimizer, which `make peer-NAME` sets up."""


def python_of(name: str) -> Path:
    """The interpreter of an optimizer's environment, whether or not it is there."""
    return ENVIRONMENTS / f".venv-{name}" / "bin" / "python"


def version_of(name: str, package: str) -> str:
    """A package of an optimizer's environment with its version, or that it is not there."""
    folders = python_of(name).parents[1].glob("lib/python*/site-packages")
    found = [d.version for d in distributions(name=package, path=[str(f) for f in folders])]
    return f"{package} {found[0]}" if found else f"{package}, not installed"


def _axis(name: str, axis: BaseDistribution) -> dict[str, Any]:
    if isinstance(axis, CategoricalDistribution):
        return {"type": "categorical", "choices": list(axis.choices)}
    if isinstance(axis, FloatDistribution) and axis.step is None:
        return {"type": "float", "low": axis.low, "high": axis.high, "log": axis.log}
    if isinstance(axis, IntDistribution) and axis.step == 1:
        return {"type": "int", "low": axis.low, "high": axis.high, "log": axis.log}
    raise ValueError(
        f"parameter {name} is {axis}; optimizers of other environments take categorical "
        "parameters, and floats and integers without a step"
    )


class ElsewhereSampler(WholeSpaceSampler):
    """Asks a server of this folder, one trial at a time.

    Args:
        name: of the optimizer, and of its server.
        seed: of the optimizer.
        space: the parameters that every trial suggests.

    Raises:
        FileNotFoundError: the other environment is not there.
        ValueError: a parameter with a step.
        RuntimeError: the server failed; with its message.
    """

    def __init__(self, name: str, seed: int, space: Mapping[str, BaseDistribution]) -> None:
        """Start the process."""
        super().__init__(space)
        python = python_of(name)
        if not python.exists():
            raise FileNotFoundError(f"there is no {python}; `make peer-{name}` sets it up")
        self._process = subprocess.Popen(
            [str(python), "-W", "ignore", "-m", f"{__package__}.{name}_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        weakref.finalize(self, self._process.kill)
        told = {key: _axis(key, axis) for key, axis in self._space.items()}
        self._request({"begin": {"space": told, "seed": seed}})

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The optimizer's next parameters."""
        params: dict[str, Any] = self._request({"ask": trial.number})["params"]
        return params

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Tell the result."""
        if state == TrialState.COMPLETE and values is not None:
            self._request({"tell": {"params": trial.params, "value": values[0]}})

    def _request(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer: dict[str, Any] = json.loads(line or '{"error": "the process ended"}')
        if "error" in answer:
            raise RuntimeError(f"{' '.join(map(str, self._process.args))}: {answer['error']}")
        return answer
