"""Optuna."""
