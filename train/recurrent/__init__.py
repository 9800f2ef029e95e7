"""Training of the recurrent policies."""
