"""One safetensors file: a policy's parameters, and a header that rebuilds and explains it.

The header is JSON under one key of the file's metadata. Reading a file builds nothing but numbers,
strings and a policy of this package: nothing is ever unpickled, so a file from anyone is safe to
open. Whatever does not fit is refused with the file's name and what to do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from l2l_sampler.files import replacing
from l2l_sampler.policies import build
from l2l_sampler.policies.trained import Header, TrainedPolicy

FORMAT = 1
"""Version of this file layout, which the header holds beside the fields of `Header`."""
_KEY = "l2l_sampler"
_RETRAIN = "Retrain with `python -m train.fit`, or use a shipped policy such as 'memory'."


def save(path: str | os.PathLike[str], trained: TrainedPolicy, *, half: bool = False) -> None:
    """Write one file; whoever reads meanwhile finds the old file or the new one, whole.

    Args:
        path: the file.
        trained: what to write.
        half: store parameters as float16, rounded to about three digits, not as float32.

    Raises:
        ValueError: a parameter is not finite, as it would be stored.
    """
    path = Path(path)
    dtype = np.float16 if half else np.float32
    with np.errstate(over="ignore"):
        tensors = {
            name: np.ascontiguousarray(value, dtype=dtype)
            for name, value in trained.params.items()
        }
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise ValueError(
                f"{path.name} was not written: parameter {name!r} holds values that are not "
                f"finite as {dtype.__name__}. Training diverged; go back to an earlier checkpoint."
            )
    header = json.dumps(
        {"format": FORMAT, **asdict(trained.header)}, sort_keys=True, allow_nan=False
    )
    with replacing(path) as file:
        file.write(to_bytes(tensors, metadata={_KEY: header}))


def load(path: str | os.PathLike[str]) -> TrainedPolicy:
    """Read one file and rebuild its policy.

    Returns:
        The policy, its parameters in its `precision`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, foreign, of a newer format, or contradicts itself.
    """
    path = Path(path)
    header, tensors = _read(path, with_tensors=True)
    try:
        policy = build(header.policy, header.config)
        expected = {
            name: value.shape for name, value in policy.init(np.random.default_rng(0)).items()
        }
    except (ArithmeticError, MemoryError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} does not describe a policy: {error}. {_RETRAIN}") from error
    for name, stated, actual in (
        ("dim", header.dim, policy.dim),
        ("encoding", header.encoding, policy.encoding),
    ):
        if stated != actual:
            raise ValueError(
                f"{path.name} contradicts itself: its header says {name} {stated!r}, its policy "
                f"has {name} {actual!r}. {_RETRAIN}"
            )
    _check_tensors(path, tensors, expected)
    params = {name: value.astype(policy.precision) for name, value in tensors.items()}
    return TrainedPolicy(policy, params, header)


def read_header(path: str | os.PathLike[str]) -> Header:
    """Only the header of a file, with the errors of `load` that concern it."""
    return _read(Path(path), with_tensors=False)[0]


def _read(path: Path, *, with_tensors: bool) -> tuple[Header, dict[str, np.ndarray]]:
    """Header and tensors of a file; the header is checked, the tensors are not."""
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no checkpoint {path}. Give the path of a .safetensors file that "
            "`python -m train.fit` wrote, or the name of a shipped policy such as 'memory'."
        )
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {}
            if with_tensors:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, TypeError, ValueError, OSError) as error:
        raise ValueError(
            f"{path.name} is damaged, or not a safetensors file ({error}). Only files that "
            f"`python -m train.fit` wrote can be read: copy it again, or retrain."
        ) from error
    if _KEY not in metadata:
        raise ValueError(
            f"{path.name} is a safetensors file of something else: its metadata holds "
            f"{sorted(metadata) or 'nothing'}, and an l2l_sampler checkpoint holds {_KEY!r}. "
            f"{_RETRAIN}"
        )
    return _parse(path, metadata[_KEY]), tensors


def _parse(path: Path, text: str) -> Header:
    """The header from its JSON text."""
    try:
        stated = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"the header of {path.name} is not JSON ({error}). {_RETRAIN}") from error
    if not isinstance(stated, dict) or not isinstance(stated.get("format"), int):
        raise ValueError(
            f"the header of {path.name} has no whole number under 'format'. {_RETRAIN}"
        )
    if stated["format"] != FORMAT:
        raise ValueError(
            f"{path.name} holds checkpoint format {stated['format']}, and this l2l_sampler reads "
            f"{FORMAT}. Install the release that wrote it, or retrain with `python -m train.fit`."
        )
    del stated["format"]
    names = {field.name for field in fields(Header)}
    if stated.keys() != names:
        raise ValueError(
            f"the header of {path.name} lacks {sorted(names - stated.keys())} and has unknown "
            f"{sorted(stated.keys() - names)}. {_RETRAIN}"
        )
    for name, annotation in get_type_hints(Header).items():
        allowed = _types(annotation)
        if not isinstance(stated[name], allowed):
            raise ValueError(
                f"the header of {path.name} has {name} {stated[name]!r}, which must be "
                f"{' or '.join(kind.__name__ for kind in allowed)}. {_RETRAIN}"
            )
    return Header(**stated)


def _types(annotation: Any) -> tuple[type, ...]:
    """The types that a field may have, for `int | None` those of int and None."""
    options = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return tuple(get_origin(option) or option for option in options)


def _check_tensors(
    path: Path, tensors: Mapping[str, np.ndarray], expected: Mapping[str, tuple[int, ...]]
) -> None:
    """The tensors are those that the policy needs, and finite."""
    if tensors.keys() != expected.keys():
        raise ValueError(
            f"{path.name} lacks the tensors {sorted(expected.keys() - tensors.keys())} and has "
            f"unknown {sorted(tensors.keys() - expected.keys())}. {_RETRAIN}"
        )
    for name, tensor in tensors.items():
        if tensor.shape != expected[name]:
            raise ValueError(
                f"{path.name} holds {name!r} of shape {tensor.shape}, and the policy that its "
                f"header describes needs {expected[name]}. {_RETRAIN}"
            )
        if tensor.dtype.kind != "f" or not np.isfinite(tensor).all():
            raise ValueError(
                f"{path.name} holds {name!r} with values that are not finite floats. {_RETRAIN}"
            )
