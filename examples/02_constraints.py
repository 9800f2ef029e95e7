"""A classifier of digits that must be cheap: a constraint on its multiply-adds for one image."""

import optuna
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from l2l_sampler import LearnedSampler

X, Y = (part[:500] for part in load_digits(return_X_y=True))


def objective(trial):
    """Error; the constraint is met up to 0."""
    axes = trial.suggest_int("components", 2, 64, log=True)
    rate, gamma = (trial.suggest_float(name, 1e-4, 1e2, log=True) for name in ("C", "gamma"))
    model = make_pipeline(PCA(axes), SVC(C=rate, gamma=gamma))
    vectors = model.fit(X, Y)[-1].n_support_.sum()
    trial.set_constraint("operations", axes * (X.shape[1] + int(vectors)) / 5000 - 1.0)
    return 1.0 - cross_val_score(model, X, Y, cv=3).mean()


study = optuna.create_study(sampler=LearnedSampler(seed=0))
study.optimize(objective, n_trials=40)
print(study.best_params, study.best_value, study.best_trial.constraints)
