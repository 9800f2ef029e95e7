"""Train a policy: `python -m train.fit --dim 3`, or `--policy memory --dims 1 2 3 4 6 8`.

Everything goes into one folder: `policy.safetensors` (the checkpoint to use), `log.jsonl` (one
line an interval), `curves.png`, and `state.pt`, from which `--resume` goes on. A run may be killed
at any moment. With `--steps` and one thread, the same seed gives the same weights.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from l2l_sampler.checkpoint import save
from l2l_sampler.policies import KINDS
from l2l_sampler.policies.base import Policy
from l2l_sampler.policies.trained import Header, TrainedPolicy
from train.config import TrainConfig, parse
from train.curves import draw_curves
from train.memory.pool import MemoryPool
from train.recurrent.pool import RecurrentPool
from train.starting_point import starting_point
from train.state import Pool, Progress, Run, resume_from, save_state, settings
from train.validation.batched import curves_of, torch_params
from train.validation.play import held_out, oracle_curves, play, random_search

WARM_UP = 100  # gradient steps over which the learning rate rises
LAST_RATE = 0.03  # of the highest, at the end of the training
LONGEST_GRADIENT = 0.5  # norm to which the gradient of all parameters is cut
VALIDATED_TRIALS = 50
# Starting points and candidates at run time: the kernel read is for speed.
SEARCH_SIZES: dict[str, dict[str, int]] = {"posterior": {}, "kernel": {"starts": 6, "group": 8}}
RATES = {"memory": 2e-3, "lstm": 1e-3, "dnc": 1e-3}
LATE_CHECKS = (9, 19, 49)  # trials 10, 20 and 50, counted from 0


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    config, resume = parse(arguments)
    torch.set_num_threads(1)
    fit(config, resume=resume)


def fit(config: TrainConfig, *, resume: bool = False) -> Path:
    """Train, and return the path of the checkpoint.

    Raises:
        ValueError: `resume` is asked for and there is nothing to resume, or the folder holds a
            run that `resume` was not asked for, or the run there was configured differently.
    """
    config.out.mkdir(parents=True, exist_ok=True)
    policy = make_policy(config)
    params = initial_params(policy, config)
    optimizer = torch.optim.Adam(params.values(), lr=rate_of(config))
    pools = [make_pool(policy, config, dim, seed) for seed, dim in enumerate(config.dims)]
    progress = Progress()
    run = Run(config, params, optimizer, pools, progress)
    state = config.out / "state.pt"
    if resume:
        resume_from(state, run)
    elif state.exists():
        raise ValueError(
            f"{config.out} holds a training run. Add --resume to go on with it, or choose "
            "another folder with --out."
        )
    bar = tqdm(total=1.0, initial=progress.share(config), bar_format="{l_bar}{bar}| {postfix}")
    baselines = make_baselines(config)
    saved = progress.seconds
    while progress.share(config) < 1.0:
        start = time.perf_counter()
        share = progress.share(config)
        for group in optimizer.param_groups:
            group["lr"] = rate_of(config) * schedule(progress.step, share)
        loss, scalars = pools[progress.step % len(pools)].step(params, share)
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(params.values(), LONGEST_GRADIENT)
        if torch.isfinite(norm):
            optimizer.step()
        else:
            progress.skipped += 1
        for name, value in scalars.items():
            progress.smooth[name] = 0.98 * progress.smooth.get(name, value) + 0.02 * value
        progress.step += 1
        progress.seconds += time.perf_counter() - start
        bar.update(progress.share(config) - bar.n)
        bar.set_postfix_str(" ".join(f"{k} {v:.2f}" for k, v in progress.smooth.items()))
        if progress.seconds - saved >= config.interval or progress.share(config) >= 1.0:
            saved = progress.seconds
            line = report(policy, params, config, progress, baselines)
            bar.write(describe_line(line))
            append_line(config.out / "log.jsonl", line)
            draw_curves(config.out / "log.jsonl", config.out / "curves.png")
            save_policy(policy, params, config, line["mean_best"])
            save_state(state, run)
    bar.close()
    return config.out / "policy.safetensors"


def make_policy(config: TrainConfig) -> Policy:
    """The policy that the configuration describes."""
    options: dict[str, Any] = {}
    if config.policy == "memory":
        options |= {"read": config.read, **SEARCH_SIZES[config.read]}
    else:
        options |= {"dim": config.dims[0], "horizon": config.horizon, "workers": config.workers}
        options["patience"] = config.patience
    if config.encoding is not None:
        options["encoding"] = config.encoding
    if config.hidden is not None:
        options["hidden"] = config.hidden
    kind: Any = KINDS[config.policy]
    policy: Policy = kind(**options)
    return policy


def initial_params(policy: Policy, config: TrainConfig) -> dict[str, Tensor]:
    """Fresh parameters, or those of the checkpoint named by `init`."""
    values = starting_point(policy, config.seed, config.init)
    return torch_params(values, device=config.device, requires_grad=True)


def make_pool(policy: Policy, config: TrainConfig, dim: int, stream: int) -> Pool:
    """Training problems of one dimension, with a generator of their own."""
    (mixed,) = np.random.SeedSequence((config.seed, stream)).generate_state(1).tolist()
    generator = torch.Generator(device=config.device).manual_seed(mixed)
    if config.policy == "memory":
        return MemoryPool(
            policy,
            prior=config.prior,
            batch=config.batch,
            dim=dim,
            starts=config.starts,
            horizon=config.horizon,
            generator=generator,
        )
    return RecurrentPool(
        policy,
        config.prior,
        config.batch,
        generator=generator,
        sigma=config.sigma,
        chunk=config.chunk,
        loss=config.loss,
        margin=config.margin,
    )


def rate_of(config: TrainConfig) -> float:
    """Highest learning rate."""
    return RATES[config.policy] if config.rate is None else config.rate


def schedule(step: int, share: float) -> float:
    """Factor of the learning rate: a warm-up, a plateau until halfway, a linear fall."""
    fall = 1.0 if share < 0.5 else max(LAST_RATE, 2.0 * (1.0 - share))
    return min(1.0, (step + 1) / WARM_UP) * fall


def make_baselines(config: TrainConfig) -> dict[str, dict[int, list[float]]]:
    """Mean best latent value of random search and of the oracle, by dimension."""
    count, trials = config.held_out, min(VALIDATED_TRIALS, config.horizon)
    found: dict[str, dict[int, list[float]]] = {"random": {}, "oracle": {}}
    for dim in config.dims:
        functions = held_out(config.prior, dim, count)
        found["random"][dim] = play(random_search(), functions, trials).mean(0).tolist()
        curves = oracle_curves(config.prior, dim, count, trials)
        found["oracle"][dim] = curves.mean(0).tolist()
    return found


def report(
    policy: Policy,
    params: Mapping[str, Tensor],
    config: TrainConfig,
    progress: Progress,
    baselines: dict[str, dict[int, list[float]]],
) -> dict[str, Any]:
    """One line of the log: where the run is and how well the policy does on held-out draws."""
    trials = min(VALIDATED_TRIALS, config.horizon)
    mean_best: dict[str, dict[str, list[float]]] = {}
    for dim in config.dims:
        functions = held_out(config.prior, dim, config.held_out)
        curve = curves_of(policy, params, functions, trials, seed=dim).mean(0).tolist()
        mean_best[str(dim)] = {"policy": curve} | {n: c[dim] for n, c in baselines.items()}
    return {
        "step": progress.step,
        "minutes": progress.seconds / 60.0,
        "skipped": progress.skipped,
        **progress.smooth,
        "mean_best": mean_best,
    }


def describe_line(line: Mapping[str, Any]) -> str:
    """What the terminal shows of a line: mean best values beside random search and the oracle."""
    parts = [f"{line['minutes']:6.1f} min  step {line['step']}"]
    for dim, curves in line["mean_best"].items():
        marks = [t for t in LATE_CHECKS if t < len(curves["policy"])]
        values = "  ".join(
            f"@{t + 1} {curves['policy'][t]:.2f} "
            f"({curves['random'][t]:.2f}, {curves['oracle'][t]:.2f})"
            for t in marks
        )
        parts.append(f"  d={dim}: {values}")
    return "\n".join(parts)


def append_line(path: Path, line: Mapping[str, Any]) -> None:
    """Append one JSON line; a line cut short by a kill is left behind, not continued."""
    if path.exists() and not path.read_bytes().endswith(b"\n"):
        whole = path.read_bytes()
        path.write_bytes(whole[: whole.rfind(b"\n") + 1])
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")


def save_policy(
    policy: Policy, params: Mapping[str, Tensor], config: TrainConfig, mean_best: Mapping[str, Any]
) -> None:
    """Write the checkpoint; metrics are mean best values at 10, 20 and 50 trials."""
    metrics = {
        f"d{dim}@{t + 1}": {name: round(curve[t], 4) for name, curve in curves.items()}
        for dim, curves in mean_best.items()
        for t in LATE_CHECKS
        if t < len(curves["policy"])
    }
    header = Header.of(
        policy,
        loss=config.loss,
        prior=config.prior,
        horizon=None if config.policy == "memory" else config.horizon,
        workers=config.workers,
        training=settings(config),
        commit=revision(),
        metrics=metrics,
    )
    values = {name: value.detach().double().cpu().numpy() for name, value in params.items()}
    save(config.out / "policy.safetensors", TrainedPolicy(policy, values, header))


def revision() -> str | None:
    """The commit of this checkout, or None outside of one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None if done.returncode == 0 else None


if __name__ == "__main__":
    main()
