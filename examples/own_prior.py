"""Train the shipped policy further on functions like your own, in two minutes.

    python -m examples.own_prior

Here they are bent valleys, as of two hyper-parameters that make up for each other.
"""

import torch
from torch import Tensor

from l2l_sampler import load_policy
from train.fit import main as fit
from train.functions.own import OwnFunctions
from train.validation.batched import curves_of, torch_params
from train.validation.play import draw_held_out

PRIOR = "examples.own_prior:valleys"
OPTIONS = f"--policy memory --dim 3 --prior {PRIOR} --init memory --rate 1e-3 --interval 1000 "
OPTIONS += "--set encoding=robust-1 caution=1 crowding=0.1 rise=0.4 fade=8 zoom=30"  # as shipped


def valley(values: dict[str, Tensor], x: Tensor) -> Tensor:
    """Values (B, n) at x (B, n, d): a bent valley, lowest at a random place."""
    away = x - values["lowest"][:, None]  # (B, n, d)
    across = away[..., 1:] - values["bend"][:, None] * away[..., :1] ** 2
    rise = (across**2).sum(-1) + 0.1 * away[..., 0] ** 2
    return torch.log(values["floor"][:, None] + rise)


def valleys(count: int, dim: int, generator: torch.Generator) -> OwnFunctions:
    """The prior: `count` functions, each with random numbers of its own in the formula."""
    lowest = 0.2 + 0.6 * torch.rand(count, dim, generator=generator)
    bend = 3.0 * torch.randn(count, dim - 1, generator=generator)
    floor = 0.001 * 10.0 ** torch.rand(count, generator=generator)
    return OwnFunctions(valley, {"lowest": lowest, "bend": bend, "floor": floor}, dim)


def lowest_values(policy: str, count: int, trials: int) -> Tensor:
    """(count, trials) lowest value by trial, on functions that no training has seen."""
    trained, functions = load_policy(policy), draw_held_out(PRIOR, 3, count)
    return curves_of(trained.policy, torch_params(trained.params), functions, trials)


def main(length: str = "--minutes 1.5", out: str = "runs/valleys", count: int = 100) -> None:
    """Train, and compare the outcome with the policy that it started from."""
    fit([*OPTIONS.split(), *length.split(), "--out", out])
    policies = ("memory", f"{out}/policy.safetensors")
    before, after = (lowest_values(policy, count, trials=20) for policy in policies)
    for t in (5, 10, 20):
        change = (after - before)[:, t - 1]
        mean, error = float(change.mean()), float(change.std() / count**0.5)
        print(f"lowest value after {t:2} trials: {mean:+.3f} ± {error:.3f} by the training")
        if mean > 3.0 * error:
            raise SystemExit("The training did harm: train for longer.")


if __name__ == "__main__":
    main()
