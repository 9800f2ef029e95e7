"""A sampler that was itself learned by gradient descent, from the package l2l-sampler."""

from l2l_sampler import LearnedSampler, explain, load_policy

__all__ = ["LearnedSampler", "explain", "load_policy"]
