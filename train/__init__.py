"""Training of the policies in `l2l_sampler` on synthetic functions; run from a checkout."""
