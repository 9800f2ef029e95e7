"""Parameters that exist only under some values of others, and trials that fail."""

import math

import optuna

from l2l_sampler import LearnedSampler


def objective(trial):
    """The second kind is better, and too wide a layer does not fit into memory."""
    if trial.suggest_categorical("model", ["ridge", "network"]) == "ridge":
        return 3.0 + abs(math.log10(trial.suggest_float("alpha", 1e-4, 1e2, log=True)))
    layers = trial.suggest_int("layers", 1, 3)
    widths = [trial.suggest_int(f"width_{k}", 8, 512, log=True) for k in range(layers)]
    if max(widths) > 400:
        raise MemoryError
    return abs(layers - 2) + sum(abs(math.log2(width / 64)) for width in widths)


study = optuna.create_study(sampler=LearnedSampler(seed=0))
study.optimize(objective, n_trials=60, catch=MemoryError)
print(study.best_params, study.best_value)
print(*study.sampler.describe(study), sep="\n")
