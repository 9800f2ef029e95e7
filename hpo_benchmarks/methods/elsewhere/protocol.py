"""What the two processes say to each other: lines of JSON, one answer to each request.

    {"begin": {"space": {"x": {"type": "float", "low": 0, "high": 1, "log": false}}, "seed": 0}}
    {"ask": 0}                                            -> {"params": {"x": 0.5}}
    {"tell": {"params": {"x": 0.5}, "value": 0.25}}

Every other answer is {}, or {"error": "..."} after which the process ends. This module needs the
standard library alone, as it runs in both environments.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Protocol


class Optimizer(Protocol):
    """One study of an optimizer."""

    def ask(self) -> dict[str, Any]:
        """The next parameters."""

    def tell(self, params: dict[str, Any], value: float) -> None:
        """The value of parameters that were asked for, to be minimised."""


class Begin(Protocol):
    """Makes an optimizer."""

    def __call__(self, space: dict[str, dict[str, Any]], seed: int) -> Optimizer:
        """An optimizer for a space: name -> type, bounds or choices, as above."""


def serve(begin: Begin) -> None:
    """Answer requests on standard input until it ends; what libraries print goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    optimizer: Optimizer | None = None
    for line in sys.stdin:
        request, answer = json.loads(line), {}
        try:
            if "begin" in request:
                optimizer = begin(**request["begin"])
            elif optimizer is None:
                raise ValueError("the first request must be begin")
            elif "ask" in request:
                answer = {"params": optimizer.ask()}
            else:
                optimizer.tell(**request["tell"])
        except Exception as error:  # the other side raises it
            answers.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
            answers.flush()
            return
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
