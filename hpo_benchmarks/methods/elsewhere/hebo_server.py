"""HEBO with its defaults (Cowen-Rivers et al. 2022), in an environment that has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from hebo.design_space.design_space import DesignSpace
from hebo.optimizers.hebo import HEBO

from hpo_benchmarks.methods.elsewhere.protocol import serve


def _axis(name: str, axis: dict[str, Any]) -> dict[str, Any]:
    if axis["type"] == "categorical":
        return {"name": name, "type": "cat", "categories": list(range(len(axis["choices"])))}
    kind = {"float": ("num", "pow"), "int": ("int", "pow_int")}[axis["type"]][axis["log"]]
    return {"name": name, "type": kind, "lb": axis["low"], "ub": axis["high"]}


class Hebo:
    """One study."""

    def __init__(self, space: dict[str, dict[str, Any]], seed: int) -> None:
        """Begin it."""
        np.random.seed(seed % 2**32)
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        self._space = space
        axes = DesignSpace().parse([_axis(*item) for item in space.items()])
        self._hebo = HEBO(axes, scramble_seed=seed % 2**31)

    def ask(self) -> dict[str, Any]:
        """The next parameters."""
        row = self._hebo.suggest(n_suggestions=1).iloc[0].to_dict()
        return {name: self._plain(name, value) for name, value in row.items()}

    def tell(self, params: dict[str, Any], value: float) -> None:
        """The value of what was asked for."""
        coded = {
            name: axis["choices"].index(params[name])
            if axis["type"] == "categorical"
            else params[name]
            for name, axis in self._space.items()
        }
        self._hebo.observe(pd.DataFrame([coded]), np.array([[value]]))

    def _plain(self, name: str, value: Any) -> Any:
        axis = self._space[name]
        if axis["type"] == "categorical":
            return axis["choices"][int(value)]
        return int(value) if axis["type"] == "int" else float(value)


if __name__ == "__main__":
    serve(Hebo)
