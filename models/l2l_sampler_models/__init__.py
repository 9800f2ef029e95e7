"""The models of the paper that `l2l_sampler` finds when this package is installed."""
