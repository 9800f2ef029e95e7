"""What is shipped, in words, and whether its files are whole."""

from __future__ import annotations

import hashlib

from l2l_sampler import registry


def table() -> str:
    """A line for every policy: names, axes, and what its card says first."""
    short = {name: alias for alias, name in registry.aliases().items()}
    groups: dict[str, list[registry.Shipped]] = {}
    for model in registry.shipped():
        groups.setdefault(model.name, []).append(model)
    found = []
    for name, models in groups.items():
        dims = sorted({model.dim for model in models if model.dim is not None})
        axes = "any number of axes" if not dims else f"{', '.join(map(str, dims))} axes"
        alias = f" ({short[name]})" if name in short else ""
        found.append(f"{name}{alias}: {axes}. {_first_sentence(models[0].card)}")
    return "\n".join(found)


def card(name: str) -> str:
    """The model card of a policy, in Markdown.

    Raises:
        ValueError: no policy of that name is installed.
    """
    name = registry.aliases().get(name, name)
    for model in registry.shipped():
        if model.name == name:
            return registry.path_of(model.card).read_text(encoding="utf-8").rstrip()
    raise ValueError(f"there is no policy {name!r}; installed are {', '.join(registry.names())}")


def verified() -> tuple[list[str], bool]:
    """A line for every shipped file, and whether one is damaged."""
    lines, damaged = [], False
    for model in registry.shipped():
        path = registry.path_of(model.file)
        try:
            whole = hashlib.sha256(path.read_bytes()).hexdigest() == model.sha256
            word = "ok" if whole else "DAMAGED: install the package again"
        except OSError as error:
            whole, word = False, f"MISSING ({error.strerror}): install the package again"
        damaged |= not whole
        lines.append(f"{model.file}: {word}")
    return lines, damaged


def _first_sentence(file: str) -> str:
    """The first sentence of a card, after its title."""
    text = registry.path_of(file).read_text(encoding="utf-8")
    paragraph = text.split("\n\n")[1]
    return " ".join(paragraph.split()).split(". ")[0].rstrip(".") + "."
