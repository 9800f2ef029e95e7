"""What a training run reports: how well its policy does on held-out functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeAlias

from l2l_sampler.checkpoint import save
from l2l_sampler.policies.base import Policy
from l2l_sampler.policies.memory.policy import MemoryPolicy
from l2l_sampler.policies.trained import Header, TrainedPolicy
from l2l_sampler.registry import load_policy
from train.bars import bar
from train.config import OF_THE_POLICY, MemoryConfig, RecurrentConfig, TrainConfig, settings
from train.functions.own import is_own
from train.revision import revision
from train.run.state import Run
from train.validation.batched import curves_of
from train.validation.oracle import oracle_curves
from train.validation.play import draw_held_out, play, random_search

VALIDATED_TRIALS = 50
BUDGETS = (10, 20, 50)  # trials after which mean best values are told and stored
LABELS = {"policy": "policy", "random": "random search", "oracle": "oracle"}

Curves: TypeAlias = dict[str, dict[str, list[float]]]
"""Dimension -> key of LABELS -> mean best latent value by trial."""


def make_baselines(config: TrainConfig) -> Curves:
    """What the policy is compared with: random search and the oracle."""
    count, trials = config.held_out, _trials(config)
    if not is_own(config.prior):
        print(
            f"To compare with, random search and an oracle play on {count} held-out functions of "
            "each dimension. The oracle knows where the functions come from and takes a minute or "
            "more; its results are kept in runs/.",
            flush=True,
        )
    found: Curves = {}
    for dim in bar(config.dims, desc="baselines", unit="dimension", leave=False):
        functions = draw_held_out(config.prior, dim, count)
        random = play(random_search(), functions, trials)
        found[str(dim)] = {"random": random.mean(0).tolist()}
        if not is_own(config.prior):  # An oracle knows a process.
            oracle = oracle_curves(config.prior, dim, count, trials)
            found[str(dim)]["oracle"] = oracle.mean(0).tolist()
    return found


def validate(run: Run, baselines: Curves) -> dict[str, Any]:
    """One line of the log: where the run is and how well the policy does on held-out draws."""
    config = run.config
    mean_best: Curves = {}
    for dim in config.dims:
        functions = draw_held_out(config.prior, dim, config.held_out)
        curves = curves_of(run.policy, run.params, functions, _trials(config), seed=dim)
        mean_best[str(dim)] = {"policy": curves.mean(0).tolist()} | baselines[str(dim)]
    return {
        "step": run.progress.step,
        "minutes": run.progress.seconds / 60.0,
        "skipped": run.progress.skipped,
        "training": dict(run.progress.smooth),
        "mean_best": mean_best,
    }


def describe(line: Mapping[str, Any]) -> str:
    """What the terminal shows of a line of the log."""
    budgets = [
        t for t in BUDGETS if t <= min(len(c["policy"]) for c in line["mean_best"].values())
    ]
    shown = [
        f"step {line['step']}, {line['minutes']:.1f} min: mean best value after "
        f"{', '.join(map(str, budgets))} trials on held-out functions, lower is better"
    ]
    for dim, curves in line["mean_best"].items():
        values = {
            label: " ".join(f"{curves[key][t - 1]:.2f}" for t in budgets)
            for key, label in LABELS.items()
            if key in curves
        }
        shown.append(f"  d = {dim}:  " + "   ".join(f"{k} {v}" for k, v in values.items()))
    return "\n".join(shown)


def save_policy(run: Run, mean_best: Curves) -> None:
    """Write the checkpoint; its metrics are mean best values at 10, 20 and 50 trials."""
    config = run.config
    metrics = {
        f"d{dim}@{t}": {name: round(curve[t - 1], 4) for name, curve in curves.items()}
        for dim, curves in mean_best.items()
        for t in BUDGETS
        if t <= len(curves["policy"])
    }
    policy = at_run_time(run)
    header = Header.of(
        policy,
        loss=config.loss,
        prior=config.prior,
        horizon=None if isinstance(config, MemoryConfig) else config.horizon,
        workers=config.workers if isinstance(config, RecurrentConfig) else 1,
        training=settings(config),
        commit=revision(),
        metrics=metrics,
    )
    values = {name: value.detach().double().cpu().numpy() for name, value in run.params.items()}
    save(config.checkpoint, TrainedPolicy(policy, values, header))


def at_run_time(run: Run) -> Policy:
    """The policy with today's rules for real studies, which training does without.

    They are those of the default policy, for failures, constraints, outliers, bounds and late
    trials, save for fields that the run was told. Other reads than its have no such rules.
    """
    policy, config = run.policy, run.config
    default = load_policy("memory").policy
    if not isinstance(policy, MemoryPolicy) or not isinstance(config, MemoryConfig):
        return policy
    assert isinstance(default, MemoryPolicy)
    if policy.read != default.read:
        return policy
    told = {*config.changes, *OF_THE_POLICY - {"encoding"}, "starts", "group", "steps"}
    if config.encoding != MemoryPolicy.encoding:
        told.add("encoding")
    names = {field.name for field in fields(MemoryPolicy)} - told
    return replace(policy, **{name: getattr(default, name) for name in names})


def _trials(config: TrainConfig) -> int:
    return min(VALIDATED_TRIALS, config.horizon)
