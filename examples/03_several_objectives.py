"""Error against cost: the front of what cannot be better at both."""

import math

import optuna

from l2l_sampler import LearnedSampler


def objective(trial):
    """A made-up error that falls with the width of a network, and the logarithm of its cost."""
    width = trial.suggest_int("width", 4, 1024, log=True)
    rate = trial.suggest_float("rate", 1e-5, 1e-1, log=True)
    return 0.5 / math.sqrt(width) + 0.05 * abs(math.log10(rate / 3e-3)), math.log10(width)


study = optuna.create_study(directions=["minimize", "minimize"], sampler=LearnedSampler(seed=0))
study.optimize(objective, n_trials=40)
for trial in sorted(study.best_trials, key=lambda trial: trial.values[1]):
    print("error {:.3f} at cost 10^{:.2f}".format(*trial.values), trial.params)
