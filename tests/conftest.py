"""Before numpy is imported: one thread a process. On busy cores, waiting threads cost most."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import settings

# Developers look for new examples; what CI says of a change must not be a matter of luck.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
