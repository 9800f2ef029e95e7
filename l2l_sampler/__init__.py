"""A black-box optimizer that was learned by gradient descent, for Optuna and Ray Tune."""

__version__ = "0.1.0"
