"""Finds a trained policy: by the name of a shipped one, in a file, or in a folder of files.

`WEIGHTS / "index.json"` lists the shipped files with their hashes, and so does that of the package
l2l-sampler-models where it is installed. One name may stand for several files, one for each
dimension and horizon; a folder of checkpoints is searched in the same way.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from l2l_sampler.checkpoint import load, read_header
from l2l_sampler.policies.trained import Header, TrainedPolicy

PolicyLike: TypeAlias = str | os.PathLike[str] | TrainedPolicy

WEIGHTS = Path(__file__).with_name("weights")
"""Folder of the shipped files; its index is read anew at every question, in 0.1 ms."""


def _installed_models() -> Path | None:
    """Folder of the files of l2l-sampler-models; None if it is not installed."""
    spec = importlib.util.find_spec("l2l_sampler_models")
    found = spec and spec.submodule_search_locations
    return Path(next(iter(found))) / "weights" if found else None


MODELS = _installed_models()
"""Folder of more shipped files, or None."""


@dataclass(frozen=True)
class Shipped:
    """One model of the index.

    Attributes:
        name: what users call it; models of several dimensions share one name.
        file: its file in `weights/`, of this package or of l2l-sampler-models.
        sha256: hash of that file.
        dim: unit-cube axes it is made for; None if any.
        policy: kind of policy.
        loss: name of the training loss.
        horizon: trials it was trained for; None if any.
        workers: trials that ran at once in training.
        card: its model card, a file in `weights/`.
    """

    name: str
    file: str
    sha256: str
    dim: int | None
    policy: str
    loss: str
    horizon: int | None
    workers: int
    card: str


def shipped() -> tuple[Shipped, ...]:
    """Every shipped model, those of l2l-sampler-models included where it is installed."""
    return tuple(_files().values())


def path_of(file: str) -> Path:
    """Where a shipped file is, such as a model or its card."""
    found = [folder / file for folder in _folders()]
    return next(filter(Path.exists, found), found[0])


def aliases() -> dict[str, str]:
    """Short names, each with the name of the shipped models that it stands for."""
    return dict(_index(WEIGHTS)["aliases"])


def names() -> tuple[str, ...]:
    """Every name that stands for a shipped policy, short names first."""
    return tuple(dict.fromkeys([*aliases(), *(model.name for model in shipped())]))


def resolve(policy: PolicyLike, dim: int, *, n_trials: int | None = None) -> TrainedPolicy:
    """The trained policy to use in a cube of `dim` axes.

    Args:
        policy: shipped name, path of a checkpoint or of a folder of them, or a loaded policy.
        dim: unit-cube axes; a categorical parameter of k choices has k of them.
        n_trials: length of the study where known. Of several models that fit, the one with the
            shortest horizon that reaches it is taken, or else the one with the longest.

    Raises:
        FileNotFoundError: a path that leads nowhere.
        TypeError: `policy` is nothing of the kind.
        ValueError: unknown name, no model for `dim`, or a file that cannot be used.
    """
    if isinstance(policy, TrainedPolicy):
        if policy.dim not in (None, dim):
            raise _no_model("the given policy", dim, [policy.dim])
        return policy
    candidates = _candidates(policy)
    fitting = {path: one for path, one in candidates.items() if one.dim in (None, dim)}
    if not fitting:
        raise _no_model(repr(str(policy)), dim, [one.dim for one in candidates.values()])

    def preference(path: Path) -> tuple[bool, float]:
        horizon = float(fitting[path].horizon or "inf")
        reaches = n_trials is not None and horizon >= n_trials
        return (not reaches, horizon if reaches else -horizon)

    chosen = min(fitting, key=preference)
    return _open(chosen, fitting[chosen])


def takes_any_dimension(policy: PolicyLike) -> bool:
    """Whether there is a model for every number of axes.

    Args:
        policy: as for `resolve`.

    Raises:
        FileNotFoundError: a path that leads nowhere.
        TypeError: `policy` is nothing of the kind.
        ValueError: unknown name, or a file that cannot be used.
    """
    if isinstance(policy, TrainedPolicy):
        return policy.dim is None
    return any(one.dim is None for one in _candidates(policy).values())


def check_policy(policy: PolicyLike) -> None:
    """Raise at once what `resolve` would raise for a search space of any dimension.

    Raises:
        FileNotFoundError: a path that leads nowhere.
        TypeError: `policy` is nothing of the kind.
        ValueError: unknown name, or a file that cannot be used.
    """
    if not isinstance(policy, TrainedPolicy):
        _candidates(policy)


def load_policy(name_or_path: str | os.PathLike[str], dim: int | None = None) -> TrainedPolicy:
    """A trained policy by shipped name or path, to inspect it or to give it to a sampler.

    Args:
        name_or_path: shipped name, path of a checkpoint or of a folder of checkpoints.
        dim: unit-cube axes; may be left out where there is only one model.

    Raises:
        FileNotFoundError: a path that leads nowhere.
        ValueError: as `resolve`, or `dim` is left out where there are several models.
    """
    if dim is not None:
        return resolve(name_or_path, dim)
    candidates = _candidates(name_or_path)
    if len(candidates) > 1:
        raise ValueError(
            f"{str(name_or_path)!r} stands for {len(candidates)} models, of dimensions "
            f"{_listed([one.dim for one in candidates.values()])}; say which by `dim=`."
        )
    ((path, one),) = candidates.items()
    return _open(path, one)


def _folders() -> list[Path]:
    """The folders of shipped files, each with an index."""
    return [WEIGHTS] if MODELS is None else [WEIGHTS, MODELS]


def _index(folder: Path) -> dict[str, Any]:
    index: dict[str, Any] = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return index


def _files() -> dict[Path, Shipped]:
    """Every shipped model by its file."""
    return {
        folder / model["file"]: Shipped(**model)
        for folder in _folders()
        for model in _index(folder)["models"]
    }


def _candidates(policy: str | os.PathLike[str]) -> Mapping[Path, Shipped | Header]:
    """The files that a name or a path stands for, each with what is known of it."""
    if not isinstance(policy, (str, os.PathLike)):
        raise TypeError(
            f"policy is a {type(policy).__name__}; give a shipped name ({', '.join(names())}), "
            "the path of a checkpoint, or what `load_policy` returned."
        )
    if isinstance(policy, str):
        name = aliases().get(policy, policy)
        named = {path: model for path, model in _files().items() if model.name == name}
        if named:
            return named
        if name in _index(WEIGHTS).get("elsewhere", ()):
            raise ValueError(
                f"the policy {policy!r} comes with a package of its own: "
                'pip install "l2l-sampler[models]", or ./models of a checkout. '
                f"Installed are {', '.join(names())}."
            )
    path = Path(policy)
    if os.path.isdir(path):  # It is False, and no error, for what can be no path.
        files = sorted(path.glob("*.safetensors"))
        if not files:
            raise FileNotFoundError(
                f"the folder {path} holds no .safetensors file. Give the folder that "
                "`python -m train.fit --out` wrote to, or a shipped name such as 'memory'."
            )
        return {file: read_header(file) for file in files}
    if isinstance(policy, str) and not path.suffix and path.name == policy:
        raise ValueError(
            f"there is no policy {policy!r}. Shipped are {', '.join(names())}; "
            "for one of your own give the path of its .safetensors file."
        )
    return {path: read_header(path)}


def _open(path: Path, known: Shipped | Header) -> TrainedPolicy:
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"the shipped file {path.name} is missing: the installation is damaged. "
            "Install l2l-sampler again."
        )
    sha256 = known.sha256 if isinstance(known, Shipped) else _hash_of(path)
    now = path.stat()
    return _cached(path, (now.st_ino, now.st_mtime_ns), sha256)


def _hash_of(path: Path) -> str | None:
    """The hash that a file must have since it is a shipped one; None if it is none."""
    found = {file.resolve(): model.sha256 for file, model in _files().items()}
    return found.get(path.resolve())


@lru_cache(maxsize=64)
def _cached(path: Path, version: tuple[int, int], sha256: str | None) -> TrainedPolicy:
    """A checkpoint, read once as long as `version`, its inode and time of change, is the same."""
    if sha256 is not None:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != sha256:
            raise ValueError(
                f"the shipped file {path.name} has SHA-256 {found}, and the index says {sha256}: "
                "the installation is damaged. Install l2l-sampler again."
            )
    return load(path)


def _no_model(title: str, dim: int, dims: list[int | None]) -> ValueError:
    return ValueError(
        f"{title} has no model for a search space of {dim} axes (a categorical parameter counts "
        f"one for each choice), only for {_listed(dims)}. Train one with "
        f"`python -m train.fit --dim {dim}`, or use policy='memory', which takes any dimension."
    )


def _listed(dims: list[int | None]) -> str:
    known = sorted({dim for dim in dims if dim is not None})
    return ", ".join([*map(str, known), *(["any"] if None in dims else [])])
