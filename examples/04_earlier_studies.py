"""A study that begins where studies of other data ended."""

import optuna
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.svm import SVC

from l2l_sampler import LearnedSampler

X, Y = load_digits(return_X_y=True)


def error_on(rows):
    """The objective on a part of the data."""

    def objective(trial):
        rate = trial.suggest_float("C", 1e-3, 1e3, log=True)
        gamma = trial.suggest_float("gamma", 1e-7, 1.0, log=True)
        return 1.0 - cross_val_score(SVC(C=rate, gamma=gamma), X[rows], Y[rows], cv=3).mean()

    return objective


before = optuna.create_study(sampler=LearnedSampler(seed=0))
before.optimize(error_on(slice(0, 300)), n_trials=25)
for title, earlier in (("from nothing", []), ("after another study", [before])):
    study = optuna.create_study(sampler=LearnedSampler(seed=1, earlier=earlier))
    study.optimize(error_on(slice(300, 700)), n_trials=5)
    print(f"{title}: error {study.best_value:.3f} after five trials")
