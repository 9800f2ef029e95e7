"""A network in torch, whose hopeless trials are stopped early."""

import optuna
import torch
from sklearn.datasets import load_digits

from l2l_sampler import LearnedSampler

torch.set_num_threads(1)
X, Y = (torch.tensor(part[:900]) for part in load_digits(return_X_y=True))
X = X.float() / 16.0


def objective(trial):
    """Error on 300 digits of a network that learned from 600."""
    torch.manual_seed(0)
    layers = [torch.nn.Linear(64, width := trial.suggest_int("width", 8, 256, log=True))]
    if trial.suggest_categorical("activation", ["relu", "tanh"]) == "relu":
        layers.append(torch.nn.ReLU())
    else:
        layers.append(torch.nn.Tanh())
    model = torch.nn.Sequential(*layers, torch.nn.Linear(width, 10))
    optimizer = torch.optim.Adam(model.parameters(), trial.suggest_float("lr", 1e-4, 1, log=True))
    for step in range(60):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(X[:600]), Y[:600]).backward()
        optimizer.step()
        error = (model(X[600:]).argmax(1) != Y[600:]).float().mean().item()
        trial.report(error, step)
        if step % 10 == 9 and trial.should_prune():
            raise optuna.TrialPruned
    return error


study = optuna.create_study(sampler=LearnedSampler(seed=0), pruner=optuna.pruners.MedianPruner())
study.optimize(objective, n_trials=30)
print(study.best_params, study.best_value)
