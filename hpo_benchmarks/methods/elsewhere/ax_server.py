"""Ax with its defaults (a Sobol design, then BoTorch's), in an environment that has it."""

from __future__ import annotations

import logging
from typing import Any

import torch
from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

from hpo_benchmarks.methods.elsewhere.protocol import serve


def _parameter(name: str, axis: dict[str, Any]) -> Any:
    if axis["type"] == "categorical":
        kind = {str: "str", bool: "bool", int: "int", float: "float"}[type(axis["choices"][0])]
        return ChoiceParameterConfig(
            name=name, parameter_type=kind, values=axis["choices"], is_ordered=False
        )
    return RangeParameterConfig(
        name=name,
        parameter_type=axis["type"],
        bounds=(axis["low"], axis["high"]),
        scaling="log" if axis["log"] else "linear",
    )


class Ax:
    """One study."""

    def __init__(self, space: dict[str, dict[str, Any]], seed: int) -> None:
        """Begin it."""
        logging.getLogger("ax").setLevel(logging.ERROR)
        torch.set_num_threads(1)
        self._client = Client(random_seed=seed % 2**31)
        self._client.configure_experiment(parameters=[_parameter(*p) for p in space.items()])
        self._client.configure_optimization(objective="-value")
        self._asked = -1

    def ask(self) -> dict[str, Any]:
        """The next parameters."""
        ((self._asked, params),) = self._client.get_next_trials(max_trials=1).items()
        return dict(params)

    def tell(self, params: dict[str, Any], value: float) -> None:
        """The value of what was asked for last."""
        self._client.complete_trial(self._asked, raw_data={"value": value})


if __name__ == "__main__":
    serve(Ax)
