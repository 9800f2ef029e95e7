"""A training run: its parts, its state on disk, and what it reports."""
