"""The memory policy: the trial table is its memory, so that it serves every search space."""
