"""What a training run is told.

Each setting stands once, as a field with its default, its help and its range; `train.options`
makes the command line of them. `TrainConfig` has what both families of policies share, and a
family that has its own default or range for such a setting repeats its name only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from l2l_sampler.policies.memory.objective import encodings as memory_encodings
from l2l_sampler.policies.memory.policy import MemoryPolicy
from l2l_sampler.policies.recurrent import encodings as recurrent_encodings
from l2l_sampler.policies.recurrent.lstm import LSTMPolicy
from train.functions.own import is_own
from train.functions.priors import PRIORS
from train.recurrent.losses import LOSSES

OF_THE_POLICY = frozenset({"read", "hidden", "encoding"})
"""Fields of a memory policy that are settings by the same name."""


def setting(default: Any = MISSING, help: str | None = None, **limits: Any) -> Any:
    """A field of a configuration.

    Args:
        default: what it is if nobody says; a setting without one must be said.
        help: for the command line.
        limits: of a number `least`, `above` and `below`; of a name `choices`, and `or_own` where
            a prior of one's own may stand.
    """
    said = {"help": help, **limits}
    metadata = {name: value for name, value in said.items() if value is not None}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """What every training run is told."""

    policy: str = setting(help="kind of policy")
    dims: tuple[int, ...] = setting(help="dimension of the functions", least=1)
    out: Path = setting(help="folder for everything that the run writes")
    loss: str = setting(help="what training minimises")
    prior: str = setting(help="where the functions come from", choices=tuple(PRIORS))
    encoding: str = setting(help="how the policy is told the objective")
    hidden: int = setting(help="width of the networks", least=1)
    batch: int = setting(help="functions side by side", least=1)
    rate: float = setting(help="highest learning rate", above=0.0)
    # Memory policies learn from histories that begin with up to twelve random trials.
    horizon: int = setting(100, "trials of the longest run", least=14)
    minutes: float = setting(10.0, "time to train for, validation left out", above=0.0)
    steps: int | None = setting(
        None, "gradient steps to train for, in place of --minutes", least=1
    )
    seed: int = setting(0, "of parameters and functions", least=0)
    init: Path | None = setting(None, "checkpoint, or shipped name, to start from; fresh without")
    device: str = setting("cpu", "torch device, such as cuda")
    interval: float = setting(60.0, "seconds of training between validations", least=0.0)
    held_out: int = setting(64, "functions of each dimension to validate on", least=1)

    @property
    def state(self) -> Path:
        """The file from which the run is resumed."""
        return self.out / "state.pt"

    @property
    def checkpoint(self) -> Path:
        """The trained policy."""
        return self.out / "policy.safetensors"

    @property
    def log(self) -> Path:
        """One JSON line a validation."""
        return self.out / "log.jsonl"


@dataclass(frozen=True, kw_only=True)
class MemoryConfig(TrainConfig):
    """What the training of a `memory` policy is told.

    Raises:
        ValueError: a setting is out of its range.
    """

    policy: str = setting("memory", choices=("memory",))
    dims: tuple[int, ...] = setting((1, 2, 3, 4, 6, 8))
    loss: str = setting("logei", choices=("logei",))
    prior: str = setting("broad", or_own="module:function, see docs/own-prior.md")
    encoding: str = setting(MemoryPolicy.encoding, choices=tuple(memory_encodings.ENCODINGS))
    hidden: int = setting(MemoryPolicy.hidden)
    batch: int = setting(48)
    rate: float = setting(2e-3)
    read: str = setting("posterior", "how it reads its table", choices=("posterior", "kernel"))
    starts: int = setting(5, "starting points of a search in training", least=1)
    changes: Mapping[str, Any] = field(
        default_factory=dict,
        metadata={"help": "fields of the policy that are others, such as rise=0.3"},
    )

    def __post_init__(self) -> None:
        """Check every setting."""
        check_limits(self)
        free = {f.name for f in fields(MemoryPolicy)} - OF_THE_POLICY
        if is_own(self.prior) and self.read != "posterior":
            raise ValueError(
                f"the prior {self.prior} judges no proposals, so it needs --read posterior, which "
                f"judges its own; got {self.read!r}"
            )
        if unknown := self.changes.keys() - free:
            raise ValueError(
                f"--set knows no {' and '.join(sorted(unknown))}; it sets "
                f"{', '.join(sorted(free))}, and other settings have options of their own."
            )


@dataclass(frozen=True, kw_only=True)
class RecurrentConfig(TrainConfig):
    """What the training of an `lstm` or `dnc` policy is told.

    Raises:
        ValueError: a setting is out of its range, or there are several dimensions.
    """

    policy: str = setting("lstm", choices=("lstm", "dnc"))
    loss: str = setting("logei", choices=tuple(LOSSES))
    prior: str = setting("gp")
    encoding: str = setting(LSTMPolicy.encoding, choices=tuple(recurrent_encodings.ENCODINGS))
    hidden: int = setting(LSTMPolicy.hidden)
    batch: int = setting(192)
    rate: float = setting(1e-3)
    margin: float = setting(0.0, "how far below the best value expected improvement begins")
    chunk: int = setting(4, "trials in one gradient step", least=1)
    workers: int = setting(1, "trials that run at once", least=1)
    sigma: float = setting(0.3, "run times are uniform in 1 +- sigma", least=0.0, below=1.0)
    patience: int | None = setting(
        None,
        "results without improvement before a fresh start at run time; never without",
        least=1,
    )

    def __post_init__(self) -> None:
        """Check every setting."""
        check_limits(self)
        if len(self.dims) > 1:
            raise ValueError(
                f"{self.policy} is trained for one dimension at a time, got "
                f"{' and '.join(map(str, self.dims))}. Train it once for each with --dim, or use "
                "--policy memory."
            )


def metadata_of(family: type[TrainConfig], name: str) -> dict[str, Any]:
    """Help and limits of a setting, some of which only the shared class may state."""
    found: dict[str, Any] = {}
    for cls in reversed(family.__mro__):
        if is_dataclass(cls):
            found |= {k: v for f in fields(cls) if f.name == name for k, v in f.metadata.items()}
    return found


def check_limits(config: TrainConfig) -> None:
    """Check all settings against the limits beside them.

    Raises:
        ValueError: one is out of its range.
    """
    for name, value in vars(config).items():
        limits = metadata_of(type(config), name)
        for each in value if isinstance(value, tuple) else (value,):
            if each is not None and (problem := _problem(each, limits)):
                raise ValueError(f"{name} must be {problem}, got {each!r} for {config.policy}.")
        if value == ():
            raise ValueError(f"{name} must have at least one value, got none.")


def listed(limits: Mapping[str, Any]) -> str:
    """The choices of a setting."""
    or_own = [f"or {limits['or_own']}"] if "or_own" in limits else []
    return ", ".join([*limits.get("choices", ()), *or_own])


def _problem(value: Any, limits: Mapping[str, Any]) -> str | None:
    """What the value should be but is not, if anything."""
    own = "or_own" in limits and is_own(value)
    if "choices" in limits and value not in limits["choices"] and not own:
        return "one of " + listed(limits)
    if isinstance(value, float) and not math.isfinite(value):
        return "finite"
    if "least" in limits and value < limits["least"]:
        return f"at least {limits['least']}"
    if "above" in limits and value <= limits["above"]:
        return f"above {limits['above']:g}"
    if "below" in limits and value >= limits["below"]:
        return f"below {limits['below']:g}"
    return None


def settings(config: TrainConfig) -> dict[str, Any]:
    """The configuration as JSON values, without paths, which say nothing of the run."""
    plain = asdict(config) | {"dims": list(config.dims)}
    plain["init"] = config.init and config.init.name
    del plain["out"], plain["steps" if config.steps is None else "minutes"]
    if not plain.get("changes", True):
        del plain["changes"]
    return plain
