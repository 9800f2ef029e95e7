"""A conditional space with a constraint, tuned by the learned sampler."""

import optuna
import optunahub


def objective(trial: optuna.Trial) -> float:
    """A made-up loss: two kinds of models, of which one must stay small."""
    if trial.suggest_categorical("model", ["linear", "network"]) == "linear":
        return 1.0 + abs(trial.suggest_float("penalty", 0.0, 1.0) - 0.3)
    width = trial.suggest_int("width", 8, 512, log=True)
    rate = trial.suggest_float("rate", 1e-5, 1e-1, log=True)
    if hasattr(trial, "set_constraint"):  # from Optuna 5.0 on
        trial.set_constraint("size", width / 300 - 1.0)
    return 100 / width + abs(rate - 0.003) * 30


if __name__ == "__main__":
    module = optunahub.load_module("samplers/learned_sampler")
    study = optuna.create_study(sampler=module.LearnedSampler(seed=0))
    study.optimize(objective, n_trials=40)
    print(study.best_params, study.best_value)
    print(module.explain(study))
