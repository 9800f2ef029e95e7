"""Policies, random search and an oracle on held-out functions."""
