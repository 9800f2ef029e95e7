"""One safetensors file: a policy's parameters, and a header that rebuilds and explains it.

The header is JSON under one key of the file's metadata. Reading a file builds nothing but numbers,
strings and a policy of this package: nothing is ever unpickled, so a file from anyone is safe to
open. Whatever does not fit is refused with the file's name and what to do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from l2l_sampler.files import replacing
from l2l_sampler.policies import build
from l2l_sampler.policies.base import shapes_of
from l2l_sampler.policies.trained import Header, TrainedPolicy

FORMAT = 1
"""Version of this file layout, which the header holds beside the fields of `Header`."""
_KEY = "l2l_sampler"
_LONGEST = 1_000_000
"""Characters of a header that are read; shipped ones have up to three thousand."""
_FLOATS = ("F16", "F32", "F64")
"""Types of parameters."""
_WHOLE, _LARGEST, _SCALE = "I8", 127, ":scale"
"""Type of matrices of whole numbers, the largest of them, and what follows the name of a matrix in
the name of its scales."""
_RETRAIN = "Retrain with `python -m train.fit`, or use a shipped policy such as 'memory'."


def save(path: str | os.PathLike[str], trained: TrainedPolicy, *, stored: str = "float32") -> None:
    """Write one file; whoever reads meanwhile finds the old file or the new one, whole.

    Args:
        path: the file.
        trained: what to write.
        stored: how parameters are: "float32"; "float16", rounded to about three digits; or
            "int8", each column of a matrix as whole numbers up to 127 and a scale.

    Raises:
        ValueError: a parameter is not finite, as it would be stored.
    """
    path = Path(path)
    tensors: dict[str, np.ndarray] = {}
    with np.errstate(over="ignore"):
        for name, value in trained.params.items():
            if stored == "int8" and value.ndim == 2:
                tensors |= _whole_numbers(name, value)
            else:
                kind = np.float32 if stored == "float32" else np.float16
                tensors[name] = np.ascontiguousarray(value, dtype=kind)
    for name, tensor in tensors.items():
        if not np.isfinite(tensor).all():
            raise ValueError(
                f"{path.name} was not written: parameter {name!r} holds values that are not "
                f"finite as {tensor.dtype}. Training diverged; go back to an earlier checkpoint."
            )
    header = json.dumps(
        {"format": FORMAT, **asdict(trained.header)}, sort_keys=True, allow_nan=False
    )
    with replacing(path) as file:
        file.write(to_bytes(tensors, metadata={_KEY: header}))


def _whole_numbers(name: str, value: np.ndarray) -> dict[str, np.ndarray]:
    """A matrix (n, m) as whole numbers and the scales (m,) of its columns."""
    scale = np.abs(value).max(axis=0, initial=0.0).astype(np.float32) / _LARGEST
    scale = np.where(scale == 0.0, np.float32(1.0), scale)
    with np.errstate(invalid="ignore"):
        whole = np.rint(np.nan_to_num(value / scale)).astype(np.int8)
    return {name: whole, name + _SCALE: scale}


def load(path: str | os.PathLike[str]) -> TrainedPolicy:
    """Read one file and rebuild its policy.

    Returns:
        The policy, its parameters in its `precision`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, foreign, of a newer format, or contradicts itself.
    """
    path = Path(path)
    with _opened(path) as file:
        header = _header(path, file)
        try:
            policy = build(header.policy, header.config)
            expected = shapes_of(policy)
        except (ArithmeticError, TypeError, ValueError) as error:
            raise ValueError(
                f"{path.name} does not describe a policy: {error}. {_RETRAIN}"
            ) from error
        for name, stated, actual in (
            ("dim", header.dim, policy.dim),
            ("encoding", header.encoding, policy.encoding),
        ):
            if stated != actual:
                raise ValueError(
                    f"{path.name} contradicts itself: its header says {name} {stated!r}, its "
                    f"policy has {name} {actual!r}. {_RETRAIN}"
                )
        params = _tensors(path, file, expected, policy.precision)
    return TrainedPolicy(policy, params, header)


def read_header(path: str | os.PathLike[str]) -> Header:
    """Only the header of a file, with the errors of `load` that concern it."""
    path = Path(path)
    with _opened(path) as file:
        return _header(path, file)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A file whose layout is right: names, types, shapes and places agree with its size."""
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"there is no checkpoint {path}. Give the path of a .safetensors file that "
            "`python -m train.fit` wrote, or the name of a shipped policy such as 'memory'."
        )
    try:
        opened = safe_open(path, framework="numpy")
    except (SafetensorError, TypeError, ValueError, OSError) as error:
        raise ValueError(
            f"{path.name} is damaged, or not a safetensors file ({error}). Only files that "
            f"`python -m train.fit` wrote can be read: copy it again, or retrain."
        ) from error
    with opened as file:
        yield file


def _header(path: Path, file: Any) -> Header:
    """The header, checked; no tensor is read for it."""
    metadata = file.metadata() or {}
    if _KEY not in metadata:
        raise ValueError(
            f"{path.name} is a safetensors file of something else: its metadata holds "
            f"{_some(sorted(metadata)) or 'nothing'}, and an l2l_sampler checkpoint holds "
            f"{_KEY!r}. {_RETRAIN}"
        )
    return _parse(path, metadata[_KEY])


def _tensors(
    path: Path,
    file: Any,
    expected: Mapping[str, tuple[int, ...]],
    precision: type[np.floating],
) -> dict[str, np.ndarray]:
    """The tensors that the policy needs, each looked at before it is read."""
    found = set(file.keys())
    scaled = {
        name for name in found & expected.keys() if file.get_slice(name).get_dtype() == _WHOLE
    }
    shapes = {**expected, **{name + _SCALE: expected[name][-1:] for name in scaled}}
    if found != shapes.keys():
        raise ValueError(
            f"{path.name} lacks the tensors {_some(sorted(shapes.keys() - found))} and has "
            f"unknown {_some(sorted(found - shapes.keys()))}. {_RETRAIN}"
        )
    tensors = {}
    for name, shape in shapes.items():
        tensor = file.get_slice(name)
        stated, kind = tuple(tensor.get_shape()), tensor.get_dtype()
        if stated != shape:
            raise ValueError(
                f"{path.name} holds {name!r} of shape {stated}, and the policy that its "
                f"header describes needs {shape}. {_RETRAIN}"
            )
        if kind not in _FLOATS and name not in scaled:
            raise ValueError(
                f"{path.name} holds {name!r} as {kind}, which is not read; parameters are "
                f"{', '.join(_FLOATS)}, or {_WHOLE} with scales. {_RETRAIN}"
            )
        tensors[name] = file.get_tensor(name)
    params = {}
    for name in expected:
        with np.errstate(over="ignore", invalid="ignore"):
            value = tensors[name].astype(precision)
            if name in scaled:
                value = value * tensors[name + _SCALE].astype(precision)
        if not np.isfinite(value).all():
            raise ValueError(
                f"{path.name} holds {name!r} with values that are not finite floats. {_RETRAIN}"
            )
        params[name] = value
    return params


def _some(names: list[str]) -> str:
    """A list of names, cut short if it is long."""
    return f"{names!r:.200}" if names else ""


def _parse(path: Path, text: str) -> Header:
    """The header from its JSON text."""
    if len(text) > _LONGEST:
        raise ValueError(
            f"the header of {path.name} is {len(text)} characters long, and at most {_LONGEST} "
            f"are read. {_RETRAIN}"
        )
    try:
        stated = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the header of {path.name} is not JSON ({error}). {_RETRAIN}") from error
    if not isinstance(stated, dict) or not isinstance(stated.get("format"), int):
        raise ValueError(
            f"the header of {path.name} has no whole number under 'format'. {_RETRAIN}"
        )
    if stated["format"] != FORMAT:
        raise ValueError(
            f"{path.name} holds checkpoint format {stated['format']!s:.20}, and this l2l_sampler "
            f"reads {FORMAT}. Install the release that wrote it, or retrain with "
            "`python -m train.fit`."
        )
    del stated["format"]
    names = {field.name for field in fields(Header)}
    if stated.keys() != names:
        raise ValueError(
            f"the header of {path.name} lacks {sorted(names - stated.keys())} and has unknown "
            f"{_some(sorted(stated.keys() - names))}. {_RETRAIN}"
        )
    for name, annotation in get_type_hints(Header).items():
        allowed = _types(annotation)
        if not isinstance(stated[name], allowed):
            raise ValueError(
                f"the header of {path.name} has {name} {stated[name]!r:.60}, which must be "
                f"{' or '.join(kind.__name__ for kind in allowed)}. {_RETRAIN}"
            )
    return Header(**stated)


def _refused(constant: str) -> Any:
    raise ValueError(f"it holds {constant}")


def _types(annotation: Any) -> tuple[type, ...]:
    """The types that a field may have, for `int | None` those of int and None."""
    options = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return tuple(get_origin(option) or option for option in options)
