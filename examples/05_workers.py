"""Several processes that share one study, in a file."""

import sys
import tempfile
from multiprocessing import Pool
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from l2l_sampler import LearnedSampler


def work(file):
    """One worker: ten trials of its own, with all others in view."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = JournalStorage(JournalFileBackend(file))
    study = optuna.load_study(study_name="shared", storage=storage, sampler=LearnedSampler())
    study.optimize(lambda t: (t.suggest_float("x", 0.0, 20.0) - 3.0) ** 2, n_trials=10)


if __name__ == "__main__":
    file = sys.argv[1] if len(sys.argv) > 1 else str(Path(tempfile.mkdtemp()) / "study.log")
    storage = JournalStorage(JournalFileBackend(file))
    shared = optuna.create_study(study_name="shared", storage=storage, load_if_exists=True)
    with Pool(4) as pool:
        pool.map(work, [file] * 4)
    print(len(shared.trials), "trials, best", shared.best_params, shared.best_value)
