"""The command `l2l-sampler`: policies, their cards, and a search for what is no Python."""
