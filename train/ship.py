"""Put a trained checkpoint among the weights that the package ships.

    python -m train.ship runs/lstm-3d/policy.safetensors lstm-oi --card cards/lstm-oi.md

What is shipped stays: studies are only reproducible as long as a name means the same numbers. A
better model gets a new name; a short name such as 'memory' is moved to it by `--alias memory`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from l2l_sampler.checkpoint import load, save
from l2l_sampler.files import replacing
from l2l_sampler.policies.base import describe
from l2l_sampler.policies.trained import TrainedPolicy
from l2l_sampler.registry import WEIGHTS, Shipped
from train.options import Parser, assignment


def ship(
    checkpoint: Path,
    name: str,
    *,
    card: Path | None = None,
    alias: str | None = None,
    stored: str | None = None,
    changes: Mapping[str, Any] | None = None,
    weights: Path = WEIGHTS,
) -> Shipped:
    """Copy a checkpoint and its model card, and enter them in the index.

    Args:
        checkpoint: file that `train.fit` wrote.
        name: what users will call it; models of several dimensions share a name and a card.
        card: its model card in Markdown; may be left out if `name` has one already.
        alias: short name that stands for `name` from now on.
        stored: how parameters are, see `checkpoint.save`; as in the checkpoint if None. Where that
            rounds them, measure the shipped file, not the checkpoint.
        changes: fields of the policy that are others at run time than in the training.
        weights: folder of the shipped files.

    Raises:
        ValueError: the checkpoint cannot be used, a change is of no field of its policy, a model
            of this name, dimension and horizon is shipped already, or there is no model card.
    """
    trained = load(checkpoint)
    if changes:
        trained = _changed(trained, changes)
    header = trained.header
    index = json.loads((weights / "index.json").read_text(encoding="utf-8"))
    size = "" if header.dim is None else f"-{header.dim}d"
    span = "" if header.horizon in (None, 100) else f"-t{header.horizon}"
    file = weights / f"{name}{size}{span}.safetensors"
    if file.exists() or any(model["file"] == file.name for model in index["models"]):
        raise ValueError(
            f"{file.name} is shipped already, and what is shipped is not changed. Choose another "
            f"name, such as {name + '-2'!r}."
        )
    kept_card = weights / f"{name}.md"
    if card is None and not kept_card.exists():
        raise ValueError(f"{name!r} has no model card yet; give one with --card FILE.")
    if card is not None and card.resolve() != kept_card.resolve():
        shutil.copyfile(card, kept_card)
    if stored or changes:
        save(file, trained, stored=stored or "float32")
    else:
        shutil.copyfile(checkpoint, file)
    shipped = Shipped(
        name=name,
        file=file.name,
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        dim=header.dim,
        policy=header.policy,
        loss=header.loss,
        horizon=header.horizon,
        workers=header.workers,
        card=kept_card.name,
    )
    index["models"].append(asdict(shipped))
    if alias is not None:
        index["aliases"][alias] = name
    with replacing(weights / "index.json") as file:
        file.write((json.dumps(index, indent=2) + "\n").encode())
    return shipped


def _changed(trained: TrainedPolicy, changes: Mapping[str, Any]) -> TrainedPolicy:
    """The same parameters in a policy with other settings at run time."""
    policy: Any = trained.policy
    names = {field.name for field in fields(policy)}
    if unknown := changes.keys() - names:
        raise ValueError(
            f"a {policy.kind} policy has no field {', '.join(sorted(unknown))}; it has "
            f"{', '.join(sorted(names))}"
        )
    policy = replace(policy, **changes)
    header = replace(trained.header, encoding=policy.encoding, config=describe(policy))
    return replace(trained, policy=policy, header=header)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = Parser(prog="python -m train.ship", description="Ship a checkpoint with the package.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("name", help="what users will call it")
    parser.add_argument("--card", type=Path, help="model card in Markdown")
    parser.add_argument("--alias", help="short name that stands for NAME from now on")
    parser.add_argument(
        "--stored", choices=("float32", "float16", "int8"), help="how parameters are, if rounded"
    )
    parser.add_argument(
        "--set",
        nargs="+",
        default=[],
        type=assignment,
        metavar="NAME=VALUE",
        help="fields of the policy that are others at run time, such as encoding=robust-1",
    )
    options = parser.parse_args(arguments)
    try:
        given = vars(options)
        shipped = ship(**given | {"changes": dict(given.pop("set"))})
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print(f"{shipped.file} is shipped as {shipped.name!r}, SHA-256 {shipped.sha256}")


if __name__ == "__main__":
    main()
