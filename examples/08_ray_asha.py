"""Ray Tune: settings of a classifier, hopeless trials stopped by ASHA, actors used again."""

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

from l2l_sampler import LearnedSearcher


def objective(config):
    """Error on held-out digits after each epoch."""
    x, y = load_digits(return_X_y=True)
    model = SGDClassifier(alpha=config["alpha"], eta0=config["rate"], learning_rate="constant")
    for _ in range(9):
        model.partial_fit(x[:1200] / 16.0, y[:1200], classes=range(10))
        tune.report({"error": 1.0 - model.score(x[1200:] / 16.0, y[1200:])})


if __name__ == "__main__":
    ray.init(num_cpus=2, log_to_driver=False)
    tuner = tune.Tuner(
        objective,
        param_space={"alpha": tune.loguniform(1e-7, 1e-1), "rate": tune.loguniform(1e-4, 1e2)},
        tune_config=tune.TuneConfig(
            metric="error",
            mode="min",
            search_alg=LearnedSearcher(seed=0),
            scheduler=ASHAScheduler(max_t=9, grace_period=1),
            num_samples=16,
            reuse_actors=True,
        ),
    )
    best = tuner.fit().get_best_result()
    print("best", best.config, f"error {best.metrics['error']:.3f}")
