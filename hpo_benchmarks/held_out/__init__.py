"""Comparisons on held-out draws from the priors of the training."""
