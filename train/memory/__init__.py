"""Training of the memory policy."""
