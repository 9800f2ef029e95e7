"""Before numpy is imported: one thread a process. On busy cores, waiting threads cost most."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
