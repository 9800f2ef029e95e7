"""Expected improvement under the true process: how well the best possible model can do.

Notation
    B  functions side by side     T  trials     t  trials so far     d  dimensions
    x  (B, t, d) trials           p  (B, m, d) points being considered
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from l2l_sampler.files import replacing
from train.functions import gp
from train.functions.functions import Functions
from train.functions.priors import PRIORS, Ingredients
from train.validation.play import ORACLE, VERSION, Ask, draw_held_out, generator_of, held, play

# Others are measured by the oracle, so its search is generous.
_UNIFORM, _LOCAL = 512, 128  # random candidates anywhere and around the incumbent
_KEPT, _STEPS = 5, 25  # the best of these, and the steps of Adam from each
_FIRST_STEP, _LAST_STEP = 0.03, 0.0006  # of an axis, falling geometrically: search, then polish


def oracle(functions: Functions, seed: int = 0) -> Ask:
    """Expected improvement under the very process that drew the functions.

    It is told noise-free latent values, so nothing is inferred: what is left is the search. It
    looks at snapped points only, and repeats one only when its candidates are all known.
    """
    generator = generator_of(ORACLE, seed)

    def ask(x: Tensor, y: Tensor) -> Tensor:
        latent = functions.latent(x)
        known = torch.ones_like(latent, dtype=torch.bool)
        posterior = functions.condition(x, latent, known, known)
        best = gp.incumbent(latent, known)

        def log_ei(p: Tensor) -> Tensor:
            value = gp.log_ei(*posterior.moments(functions.inputs(p)), best)
            return value.masked_fill(held(functions.snap(p), x), -torch.inf)

        p = _screen(log_ei, x[torch.arange(len(x)), latent.argmin(1)], generator)
        return functions.snap(_climb(log_ei, p)[:, None])[:, 0]

    return ask


def _screen(
    log_ei: Callable[[Tensor], Tensor], incumbent: Tensor, generator: torch.Generator
) -> Tensor:
    """The best (B, _KEPT, d) of random candidates, some of them around the incumbents (B, d)."""
    batch, dim = incumbent.shape
    options = {"generator": generator, "dtype": incumbent.dtype}
    scale = 10.0 ** (-3.0 * torch.rand(batch, _LOCAL, 1, **options))
    local = incumbent[:, None] + scale * torch.randn(batch, _LOCAL, dim, **options)
    anywhere = torch.rand(batch, _UNIFORM, dim, **options)
    candidates = torch.cat([anywhere, local.clamp(0.0, 1.0)], 1)
    kept = log_ei(candidates).topk(_KEPT, 1).indices
    return candidates.gather(1, kept[..., None].expand(-1, -1, dim))


def _climb(log_ei: Callable[[Tensor], Tensor], p: Tensor) -> Tensor:
    """The best point (B, d) that Adam finds from the starts p (B, m, d)."""
    best, at = log_ei(p).max(1)
    rows = torch.arange(len(p))
    found = p[rows, at]
    p = p.clone().requires_grad_()
    optimizer = torch.optim.Adam([p], lr=_FIRST_STEP)
    decay = (_LAST_STEP / _FIRST_STEP) ** (1.0 / _STEPS)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, decay)
    for _ in range(_STEPS):
        with torch.enable_grad():
            value = log_ei(p)
            (p.grad,) = torch.autograd.grad(-value.sum(), p)
        optimizer.step()
        schedule.step()
        p.data.clamp_(0.0, 1.0)
        value, at = log_ei(p.detach()).max(1)
        found = torch.where((value > best)[:, None], p.detach()[rows, at], found)
        best = torch.maximum(best, value)
    return found


def oracle_curves(
    prior: str | Ingredients,
    dim: int,
    count: int,
    n_trials: int,
    seed: int = 0,
    cache: Path = Path("runs"),
) -> Tensor:
    """`play` of the oracle on the held-out functions, (B, T), kept in a file: it takes minutes."""
    ingredients = PRIORS[prior] if isinstance(prior, str) else prior
    key = hashlib.sha256(f"{VERSION}{ingredients}".encode()).hexdigest()[:12]
    path = cache / f"oracle-{key}-d{dim}-n{count}-t{n_trials}-s{seed}.npy"
    if path.exists():
        return torch.from_numpy(np.load(path))
    functions = draw_held_out(prior, dim, count, seed)
    curves = play(oracle(functions, seed), functions, n_trials, seed)
    cache.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        np.save(file, curves.numpy())
    return curves
