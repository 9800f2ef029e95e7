"""Train a policy: `python -m train.fit --dim 3`, or `--policy memory --dims 1 2 3 4 6 8`.

Everything goes into one folder: `policy.safetensors` (the checkpoint to use), `log.jsonl` (one
line an interval), `curves.png`, and `state.pt`, from which `--resume` goes on. A run may be killed
at any moment. With `--steps` and one thread, the same seed gives the same weights.
"""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path

import torch
from tqdm import tqdm

from train.bars import bar
from train.config import TrainConfig
from train.curves import draw_curves
from train.jsonl import append_line
from train.options import make_parser, parse
from train.run.interrupt import delayed_interrupt
from train.run.report import describe, make_baselines, save_policy, validate
from train.run.setup import set_up
from train.run.state import Progress, Run, save_state

WARM_UP = 100  # gradient steps over which the learning rate rises
LAST_RATE = 0.03  # of the highest, at the end of the training
LONGEST_GRADIENT = 0.5  # norm to which the gradient of all parameters is cut
_SMOOTHING = 0.98  # of the running means: about the last fifty steps


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = make_parser()
    config, resume = parse(parser, arguments)
    torch.set_num_threads(1)
    try:
        run = set_up(config, resume=resume)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    try:
        print(f"The policy is in {train(run)}")
    except KeyboardInterrupt:
        if not config.state.exists():
            parser.exit(130, "Stopped before anything was saved.\n")
        given = [*(sys.argv[1:] if arguments is None else arguments)]
        again = given if resume else [*given, "--resume"]
        parser.exit(130, f"Stopped and saved. Go on with: {parser.prog} {shlex.join(again)}\n")


def fit(config: TrainConfig, *, resume: bool = False) -> Path:
    """Train, and return the path of the checkpoint.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; the state is saved by then.
        OSError, ValueError: see `set_up`.
    """
    return train(set_up(config, resume=resume))


def train(run: Run) -> Path:
    """Go on with a run until its end, and return the path of the checkpoint.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; the state is saved by then.
    """
    config, progress = run.config, run.progress
    baselines = make_baselines(config)
    bar, saved = progress_bar(config, progress), progress.seconds
    with delayed_interrupt() as interrupt, bar:
        while progress.share(config) < 1.0:
            train_step(run)
            bar.set_postfix_str(describe_means(progress.smooth), refresh=False)
            bar.update(done(config, progress) - bar.n)
            if progress.seconds - saved >= config.interval or progress.share(config) >= 1.0:
                saved = progress.seconds
                line = validate(run, baselines)
                bar.write(describe(line))
                append_line(config.log, json.dumps(line))
                draw_curves(config.log, config.out / "curves.png")
                save_policy(run, line["mean_best"])
                save_state(run)
            if interrupt.is_set() and progress.share(config) < 1.0:
                save_state(run)
                raise KeyboardInterrupt
    return config.checkpoint


def train_step(run: Run) -> None:
    """One gradient step on the pool of one dimension, and one or more trials of its functions."""
    progress, start = run.progress, time.perf_counter()
    share = progress.share(run.config)
    for group in run.optimizer.param_groups:
        group["lr"] = run.config.rate * schedule(progress.step, share)
    loss, scalars = run.pools[progress.step % len(run.pools)].step(run.params, share)
    run.optimizer.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(run.params.values(), LONGEST_GRADIENT)
    if torch.isfinite(norm):
        run.optimizer.step()
    else:
        progress.skipped += 1
    for name, value in scalars.items():
        before = progress.smooth.get(name, value)
        progress.smooth[name] = _SMOOTHING * before + (1.0 - _SMOOTHING) * value
    progress.step += 1
    progress.seconds += time.perf_counter() - start


def schedule(step: int, share: float) -> float:
    """Factor of the learning rate: a warm-up, a plateau until halfway, a linear fall."""
    fall = 1.0 if share < 0.5 else max(LAST_RATE, 2.0 * (1.0 - share))
    return min(1.0, (step + 1) / WARM_UP) * fall


def done(config: TrainConfig, progress: Progress) -> float:
    """Steps or minutes of the training that are over, whichever its length is given in."""
    if config.steps is not None:
        return progress.step
    return min(config.minutes, progress.seconds / 60.0)


def progress_bar(config: TrainConfig, progress: Progress) -> tqdm:
    """Steps or minutes, the time that is left, and means of what is logged."""
    total, count = config.steps, "{n_fmt}/{total_fmt} steps"
    if total is None:
        total, count = config.minutes, "{n:.1f}/{total:.1f} min"
    # Without smoothing, a pause for validation does not upset the time that is left.
    return bar(
        total=total,
        initial=done(config, progress),
        smoothing=0.0,
        bar_format="{percentage:3.0f}%|{bar}| " + count + " [{remaining} left{postfix}]",
    )


def describe_means(means: dict[str, float]) -> str:
    """What the progress bar shows of the running means."""
    return ", ".join(f"{name.replace('_ei', ' EI')} {mean:.2f}" for name, mean in means.items())


if __name__ == "__main__":
    main()
