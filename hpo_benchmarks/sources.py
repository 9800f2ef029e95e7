"""What a row comes from: digests of the code behind it, versions of packages, kind of machine.

A digest covers what can change numbers, and nothing else: comments, docstrings and layout are left
out, and so is every module that the study does not import.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import os
import platform
import textwrap
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PACKAGES = (
    *("array-api-compat", "cmaes", "ConfigSpace", "numpy", "optuna", "scikit-learn"),
    *("scipy", "smac", "torch"),
)
"""Those that a study can depend on."""
NOT_PROPOSING = ("command", "visualization", "explanation", "adapters/ray")
"""Rooms of the sampler that no proposal to Optuna passes through."""
DIGITS = 12
MODULES = {
    "paper": "functions",
    "parallel": "functions",
    "speed": "functions",
    "hpolib": "tabular",
    "tables": "tabular",
    "long": "landscapes",
    "held-out": "held_out",
    **{
        name: name
        for name in (
            "control",
            "neural",
            "conditional",
            "rough",
            "constrained",
            "several",
            "transfer",
        )
    },
}
"""Suite -> the module of `hpo_benchmarks.problems` that defines its problems."""
EVERY_PROBLEM = "suites"
_STUDY = ROOT / "hpo_benchmarks" / "study.py"


def code_digest(paths: Iterable[Path]) -> str:
    """A digest of what modules and data files say, whatever order they are named in."""
    total = hashlib.sha256()
    for path in sorted(set(paths)):
        total.update(path.relative_to(ROOT).as_posix().encode())
        content = path.read_bytes()
        total.update(_meaning(content) if path.suffix == ".py" else content)
    return total.hexdigest()[:DIGITS]


@lru_cache
def digest_of(
    suite: str, makers: tuple[Callable[..., Any], ...], modules: tuple[str, ...], ours: bool
) -> str:
    """A digest of the code behind a study.

    Args:
        suite: of its problem; all that the module imports that defines it counts, too.
        makers: functions that make the sampler.
        modules: besides, with what they import.
        ours: whether a policy of ours is studied, so that the sampler's code counts.
    """
    paths = modules_behind(f"hpo_benchmarks.problems.{MODULES.get(suite, EVERY_PROBLEM)}") | {
        _STUDY
    }
    for name in modules:
        paths |= modules_behind(name)
    if any(path.name == "tabular.py" for path in paths):
        paths |= set((ROOT / "hpo_benchmarks" / "problems" / "tables").glob("*.npz"))
    if ours:
        room = ROOT / "l2l_sampler"
        apart = [room / name for name in NOT_PROPOSING]
        paths |= {
            path
            for path in room.rglob("*.py")
            if not any(path.is_relative_to(other) for other in apart)
        }
    total = hashlib.sha256(code_digest(paths).encode())
    for maker in makers:
        total.update(_meaning(textwrap.dedent(inspect.getsource(maker)).encode()))
    return total.hexdigest()[:DIGITS]


def modules_behind(name: str) -> set[Path]:
    """Files of a module and of all modules of the benchmarks and of training that it imports."""
    found: set[Path] = set()
    waiting = [name]
    while waiting:
        path = _file_of(waiting.pop())
        if path is None or path in found:
            continue
        found.add(path)
        waiting += _imported(path)
    return found


@lru_cache
def packages() -> dict[str, str]:
    """Versions of the installed PACKAGES, and of Python."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine() -> str:
    """Architecture, system and number of cores: what times depend on, and no name of a host."""
    return f"{platform.machine()}, {platform.system()}, {os.cpu_count()} cores"


def _file_of(name: str) -> Path | None:
    if name.split(".")[0] not in ("hpo_benchmarks", "train"):
        return None
    path = ROOT.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _meaning(code: bytes) -> bytes:
    return "".join(_told(ast.parse(code))).encode()


def _told(node: object) -> Iterator[str]:
    """A syntax tree without docstrings, positions, and fields that versions of Python add."""
    if isinstance(node, list):
        for item in node:
            yield from _told(item)
    elif isinstance(node, ast.AST):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return
        yield f"({type(node).__name__}"
        for name, value in ast.iter_fields(node):
            if value is not None and value != [] and name not in ("ctx", "kind", "type_comment"):
                yield f" {name}="
                yield from _told(value)
        yield ")"
    else:
        yield repr(node)
