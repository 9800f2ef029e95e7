"""All that a training run needs to go on after a kill, as one file that is replaced as a whole."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor

from train.config import TrainConfig
from train.memory.pool import MemoryPool
from train.recurrent.pool import RecurrentPool

Pool: TypeAlias = MemoryPool | RecurrentPool

_MAY_DIFFER = ("minutes", "steps", "interval", "held_out")


@dataclass
class Progress:
    """Where a run is.

    Attributes:
        step: gradient steps taken.
        seconds: time spent on them.
        smooth: running means of what the pools log.
        skipped: steps whose gradient was not finite.
    """

    step: int = 0
    seconds: float = 0.0
    smooth: dict[str, float] = field(default_factory=dict)
    skipped: int = 0

    def share(self, config: TrainConfig) -> float:
        """How much of the training is done, 0 to 1."""
        if config.steps is not None:
            return min(1.0, self.step / config.steps)
        assert config.minutes is not None
        return min(1.0, self.seconds / (60.0 * config.minutes))


@dataclass(frozen=True)
class Run:
    """The parts of a training run that change, and what it was told.

    Attributes:
        config: what it was told.
        params: torch parameters of the policy.
        optimizer: of these parameters.
        pools: training problems, one pool a dimension.
        progress: where it is.
    """

    config: TrainConfig
    params: Mapping[str, Tensor]
    optimizer: torch.optim.Optimizer
    pools: list[Pool]
    progress: Progress


def settings(config: TrainConfig) -> dict[str, Any]:
    """The configuration as JSON values, without paths, which say nothing of the run."""
    plain = asdict(config) | {"dims": list(config.dims)}
    plain["init"] = config.init and Path(config.init).name
    del plain["out"]
    return plain


def save_state(path: Path, run: Run) -> None:
    """Write all that `resume_from` needs; the file is replaced as a whole."""
    part = path.with_suffix(".part")
    torch.save(
        {
            "settings": settings(run.config),
            "params": dict(run.params),
            "optimizer": run.optimizer.state_dict(),
            "pools": [pool.state_dict() for pool in run.pools],
            "progress": asdict(run.progress),
        },
        part,
    )
    os.replace(part, path)


def resume_from(path: Path, run: Run) -> None:
    """Bring parameters, optimizer, pools and progress back to where the state was saved.

    Raises:
        ValueError: there is no state, or that run was told something else.
    """
    if not path.exists():
        raise ValueError(f"there is nothing to resume in {path.parent}: it has no {path.name}")
    state = torch.load(path, map_location="cpu", weights_only=True)
    changed = [
        f"{name} was {state['settings'].get(name)!r} and is {value!r}"
        for name, value in settings(run.config).items()
        if name not in _MAY_DIFFER and state["settings"].get(name) != value
    ]
    if changed:
        raise ValueError(
            f"the run in {path.parent} was configured differently: {'; '.join(changed)}. Resume "
            "it with the same options (its length may change), or choose another --out."
        )
    with torch.no_grad():
        for name, value in run.params.items():
            value.copy_(state["params"][name])
    run.optimizer.load_state_dict(state["optimizer"])
    for pool, saved in zip(run.pools, state["pools"], strict=True):
        pool.load_state_dict(saved)
    for name, value in state["progress"].items():
        setattr(run.progress, name, value)
