"""Functions of a user's own, to train a policy on what it will be used for.

    python -m train.fit --policy memory --dim 3 --prior module:function

`function(count, dim, generator)` returns `count` functions as `OwnFunctions`. Nothing has to be
known of them but their values, so no process judges proposals: see `train.memory.pool`.

Notation
    B  functions side by side     n  points     d  dimensions     x  (B, n, d) in [0, 1]
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from train.functions.warps import snap

Formula: TypeAlias = Callable[[Mapping[str, Tensor], Tensor], Tensor]
Prior: TypeAlias = Callable[[int, int, torch.Generator], "OwnFunctions"]


@dataclass(eq=False)
class OwnFunctions:
    """B functions of one formula, each with numbers of its own.

    Attributes:
        formula: formula(values, x) are the noise-free values (B, n) at x (B, n, d), lower is
            better. It may use any torch function of the rows of `values` and x alone.
        values: tensors (B, ...) that tell the functions apart; those of numbers are given to the
            formula in the type of x.
        dim: number of dimensions, d.
        noise: (B,) standard deviation of the noise of a trial; None for none.
        bins: (B, d) values of an integer axis, 0 if it is continuous; None if all are.
        one_of: (B, d) bool, the dimensions that code one categorical, as 1 of them and 0 of the
            others; None for none.

    Raises:
        ValueError: the tensors do not have B rows, or d columns.
    """

    formula: Formula
    values: dict[str, Tensor]
    dim: int
    noise: Tensor | None = None
    bins: Tensor | None = None
    one_of: Tensor | None = None

    def __post_init__(self) -> None:
        """Fill in what was left out, and check the shapes."""
        if not self.values:
            raise ValueError("values is empty: give what tells the functions apart, B rows each")
        first = next(iter(self.values.values()))
        count, table = len(first), torch.zeros(len(first), self.dim, device=first.device)
        self.noise = table[:, 0].double() if self.noise is None else self.noise
        self.bins = table.long() if self.bins is None else self.bins
        self.one_of = table.bool() if self.one_of is None else self.one_of
        shapes = {"noise": (count,), "bins": (count, self.dim), "one_of": (count, self.dim)}
        for name, tensor in self.state_dict().items():
            needed = shapes.get(name, (count, *tensor.shape[1:]))
            if tensor.shape != needed:
                raise ValueError(
                    f"{name} has the shape {tuple(tensor.shape)}; {count} functions of {self.dim} "
                    f"dimensions need {needed}"
                )

    def snap(self, x: Tensor) -> Tensor:
        """The points (B, n, d) that are evaluated in place of x; straight-through gradient."""
        return snap(x, self.bins, self.one_of)

    def latent(self, x: Tensor) -> Tensor:
        """Noise-free values (B, n) at x (B, n, d), to be minimised.

        Raises:
            ValueError: the formula returns another shape.
        """
        values = {n: v.to(x.dtype) if v.is_floating_point() else v for n, v in self.values.items()}
        g = self.formula(values, self.snap(x))
        if g.shape != x.shape[:2]:
            raise ValueError(
                f"the formula of the prior returned the shape {tuple(g.shape)} for x of the shape "
                f"{tuple(x.shape)}; it must return {tuple(x.shape[:2])}, a value for each point"
            )
        return g

    def observe(self, latent: Tensor, generator: torch.Generator) -> Tensor:
        """What a policy is told, (B, n): the latent values with noise."""
        options = {"generator": generator, "device": latent.device, "dtype": latent.dtype}
        return latent + self.noise[:, None].to(latent.dtype) * torch.randn(latent.shape, **options)

    def replace(self, rows: Tensor, other: OwnFunctions) -> None:
        """Put the functions of `other`, in order, into `rows` (a LongTensor)."""
        theirs = other.state_dict()
        self._take({n: v.index_copy(0, rows, theirs[n]) for n, v in self.state_dict().items()})

    def state_dict(self) -> dict[str, Tensor]:
        """The tensors that tell the functions apart, not copied."""
        values = {f"values.{name}": value for name, value in self.values.items()}
        return {**values, "noise": self.noise, "bins": self.bins, "one_of": self.one_of}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Become the functions that `state_dict` described."""
        self._take(state)

    def _take(self, state: Mapping[str, Tensor]) -> None:
        self.values = {name: state[f"values.{name}"] for name in self.values}
        self.noise, self.bins, self.one_of = state["noise"], state["bins"], state["one_of"]


def is_own(prior: object) -> bool:
    """Whether a prior is named as module:function."""
    return isinstance(prior, str) and ":" in prior


def draw_own(name: str, count: int, dim: int, generator: torch.Generator) -> OwnFunctions:
    """Draw functions from the prior module:function.

    Raises:
        ValueError: there is no such function, or it returns something else.
    """
    drawn = _find(name)(count, dim, generator)
    if not isinstance(drawn, OwnFunctions):
        raise ValueError(
            f"the prior {name} returned a {type(drawn).__name__}; function(count, dim, generator) "
            "must return train.functions.own.OwnFunctions(formula, values, dim)"
        )
    if drawn.one_of.shape != (count, dim):
        raise ValueError(
            f"the prior {name} was asked for {count} functions of {dim} dimensions and returned "
            f"{len(drawn.one_of)} of {drawn.dim}"
        )
    return drawn


def _find(name: str) -> Prior:
    """The function that module:function names."""
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function, None)
    except (ImportError, ValueError) as error:
        raise ValueError(
            f"the prior {name} needs a module {module!r} to import, and there is none "
            f"here: {error}. Write module:function, such as examples.own_prior:valleys, and run "
            "in the folder of the module."
        ) from error
    if not callable(found):
        raise ValueError(
            f"the module {module!r} has no function {function!r}; the prior {name} needs "
            "function(count, dim, generator) that returns train.functions.own.OwnFunctions"
        )
    prior: Prior = found
    return prior
