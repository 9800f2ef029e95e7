"""All that a training run needs to go on after a kill, as one file that is replaced as a whole."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import torch
from torch import Tensor

from l2l_sampler.files import replacing
from l2l_sampler.policies.base import Policy
from train.config import TrainConfig, settings
from train.memory.pool import MemoryPool
from train.recurrent.pool import RecurrentPool

Pool: TypeAlias = MemoryPool | RecurrentPool

FORMAT = 2  # of the state on disk; raised whenever an older one cannot be gone on with
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
        return min(1.0, self.seconds / (60.0 * config.minutes))


@dataclass(frozen=True)
class Run:
    """What a training run was told, and its parts, which change as it goes on.

    Attributes:
        config: what it was told.
        policy: the mathematics.
        params: torch parameters of the policy.
        optimizer: of these parameters.
        pools: training problems, one pool a dimension.
        progress: where it is.
    """

    config: TrainConfig
    policy: Policy
    params: Mapping[str, Tensor]
    optimizer: torch.optim.Optimizer
    pools: list[Pool]
    progress: Progress


def save_state(run: Run) -> None:
    """Write all that `load_state` needs."""
    state = {
        "format": FORMAT,
        "settings": settings(run.config),
        "params": dict(run.params),
        "optimizer": run.optimizer.state_dict(),
        "pools": [pool.state_dict() for pool in run.pools],
        "progress": asdict(run.progress),
    }
    with replacing(run.config.state) as file:
        torch.save(state, file)


def load_state(run: Run) -> None:
    """Bring parameters, optimizer, pools and progress back to where the state was saved.

    Raises:
        ValueError: there is no state that this code reads, or that run was told something else.
    """
    state = _read(run.config)
    old, asked = state["settings"], settings(run.config)
    changed = [
        f"{name} was {old.get(name)!r} and is {asked.get(name)!r}"
        for name in dict.fromkeys([*asked, *old])
        if name not in _MAY_DIFFER and old.get(name) != asked.get(name)
    ]
    if changed:
        raise ValueError(
            f"the run in {run.config.out} was configured differently: {'; '.join(changed)}. "
            "Resume it with the same options (its length may change), or choose another --out."
        )
    with torch.no_grad():
        for name, value in run.params.items():
            value.copy_(state["params"][name])
    run.optimizer.load_state_dict(state["optimizer"])
    for pool, saved in zip(run.pools, state["pools"], strict=True):
        pool.load_state_dict(saved)
    for name, value in state["progress"].items():
        setattr(run.progress, name, value)


def _read(config: TrainConfig) -> dict[str, Any]:
    """The file, if it is one of ours."""
    path = config.state
    if not path.exists():
        raise ValueError(
            f"there is nothing to resume in {config.out}: it has no {path.name}. Leave out "
            "--resume, or name the folder of a run with --out."
        )
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f"{path} is damaged and cannot be resumed. Start again with another --out; "
            f"--init {config.checkpoint} begins with the parameters of its last validation."
        )
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    found = state.get("format", 1)
    if found != FORMAT:
        raise ValueError(
            f"{path} holds a training state of format {found}, and this code resumes format "
            f"{FORMAT}. Start again with another --out; --init {config.checkpoint} begins with "
            "its parameters."
        )
    return state
