"""Tune a neural network on handwritten digits with Ray Tune: four trials at once, and ASHA.

Six hyper-parameters of a small network of scikit-learn, one of them only there for one of the
solvers. ASHA stops the worse trials after 1, 3 or 9 of 27 epochs; what they reached by then is
what the searcher learns from.

    python -m examples.ray_tune [--trials 40] [--concurrent 4] [--cpus 2] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from l2l_sampler import LearnedSearcher

EPOCHS = 27
SPACE = {
    "layers": [tune.lograndint(8, 129), tune.lograndint(8, 129)],
    "alpha": tune.loguniform(1e-6, 1.0),
    "batch": tune.choice([16, 32, 64, 128]),
    "solver": tune.choice(
        [
            {"name": "adam", "rate": tune.loguniform(1e-5, 1e-1)},
            {"name": "sgd", "rate": tune.loguniform(1e-4, 1.0), "momentum": tune.uniform(0, 0.99)},
        ]
    ),
}


def objective(config: dict[str, Any]) -> None:
    """Train one network and report its validation error after every epoch."""
    images, labels = load_digits(return_X_y=True)
    x, x_valid, y, y_valid = train_test_split(
        images / 16.0, labels, test_size=0.4, random_state=0, stratify=labels
    )
    solver = config["solver"]
    model = MLPClassifier(
        config["layers"],
        alpha=config["alpha"],
        batch_size=config["batch"],
        solver=solver["name"],
        learning_rate_init=solver["rate"],
        momentum=solver.get("momentum", 0.9),
        random_state=0,
    )
    for _ in range(EPOCHS):
        model.partial_fit(x, y, classes=np.arange(10))
        tune.report({"error": 1.0 - model.score(x_valid, y_valid)})


def main(arguments: list[str] | None = None) -> None:
    """Run the search and print the best configuration."""
    parser = argparse.ArgumentParser(description="LearnedSearcher with ASHA in Ray Tune.")
    parser.add_argument("--trials", type=int, default=40, help="networks to train")
    parser.add_argument("--concurrent", type=int, default=4, help="trials at once")
    parser.add_argument("--cpus", type=int, default=os.cpu_count(), help="CPUs to share")
    parser.add_argument("--out", type=Path, default=Path("runs/ray_tune"), help="results folder")
    options = parser.parse_args(arguments)
    ray.init(
        num_cpus=options.cpus,
        include_dashboard=False,
        runtime_env={"env_vars": {"OMP_NUM_THREADS": "1"}},
    )
    started = time.monotonic()
    tuner = tune.Tuner(
        tune.with_resources(objective, {"cpu": options.cpus / options.concurrent}),
        param_space=SPACE,
        tune_config=tune.TuneConfig(
            metric="error",
            mode="min",
            search_alg=LearnedSearcher(seed=0),
            scheduler=ASHAScheduler(max_t=EPOCHS, grace_period=1, reduction_factor=3),
            num_samples=options.trials,
            max_concurrent_trials=options.concurrent,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name="digits", storage_path=str(options.out.resolve()), verbose=1
        ),
    )
    results = tuner.fit()
    epochs = sum(result.metrics["training_iteration"] for result in results)
    best = results.get_best_result()
    print(f"{len(results)} trials, {epochs} epochs, {time.monotonic() - started:.0f} s")
    print(f"lowest error {100 * best.metrics['error']:.2f} % with {best.config}")
    ray.shutdown()


if __name__ == "__main__":
    main()
