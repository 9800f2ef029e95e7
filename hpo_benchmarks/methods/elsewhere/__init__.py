"""Optimizers whose packages do not fit beside ours, each asked in another environment."""
