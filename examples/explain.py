"""What the policy has learned of a real model while it tuned it: `python -m examples.explain`.

It tunes the classifier of `examples.digits_demo`, prints what is believed of its six
hyper-parameters, and draws it into effects.png and relevance.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import optuna

from examples.digits_demo import digits, error
from l2l_sampler import LearnedSampler, explain
from l2l_sampler.visualization.matplotlib import plot_effects, plot_relevance


def main() -> None:
    """Tune, explain and draw."""
    parser = argparse.ArgumentParser(prog="python -m examples.explain", description=__doc__)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--out", type=Path, default=Path("."), help="folder of the pictures")
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    images, labels = digits()
    study = optuna.create_study(sampler=LearnedSampler(seed=0))
    study.optimize(lambda trial: error(trial, images, labels), n_trials=options.trials)
    explanation = explain(study)
    print(explanation)
    options.out.mkdir(parents=True, exist_ok=True)
    plot_effects(explanation).savefig(options.out / "effects.png", dpi=110)
    plot_relevance(explanation).savefig(options.out / "relevance.png", dpi=110)


if __name__ == "__main__":
    main()
