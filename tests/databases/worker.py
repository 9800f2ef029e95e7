"""One worker of a shared study: `python -m tests.databases.worker URL LOG TRIALS`.

It may be killed at any moment. What it has told, and how it ends, stands in its log, line by line.
"""

import math
import os
import sys
import time
import traceback
from pathlib import Path

import optuna
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.study import MaxTrialsCallback
from optuna.trial import TrialState

from l2l_sampler import LearnedSampler

STUDY = "shared"
JOURNAL = "journal:"
HEARTBEAT, GRACE = 1, 3  # seconds


def storage_of(url):
    """The storage at a URL; that of a journal is a path."""
    if url.startswith(JOURNAL):
        path = url.removeprefix(JOURNAL)
        # A killed worker must not keep the lock for its half a minute of grace.
        lock = JournalFileOpenLock(path, grace_period=GRACE)
        return JournalStorage(JournalFileBackend(path, lock_obj=lock))
    options = {"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {}
    return RDBStorage(url, engine_kwargs=options, heartbeat_interval=HEARTBEAT, grace_period=GRACE)


def value_of(trial):
    """0 at the best."""
    x, y = (trial.suggest_float(name, -1.0, 1.0) for name in "xy")
    rate = trial.suggest_float("rate", 1e-4, 1.0, log=True)
    kind = trial.suggest_categorical("kind", ["a", "b", "c"])
    penalty = {"a": 0.0, "b": 0.2, "c": 0.5}[kind]
    return (x - 0.3) ** 2 + (y + 0.4) ** 2 + 0.1 * abs(math.log10(rate) + 2.0) + penalty


def objective(trial):
    """The same, after a twentieth of a second."""
    time.sleep(0.05)
    return value_of(trial)


def main(url, log, trials):
    with Path(log).open("a", buffering=1) as file:

        def note(study, trial):
            if trial.state == TrialState.COMPLETE:
                file.write(f"told {trial.number} {trial.value!r}\n")
                os.fsync(file.fileno())

        try:
            study = optuna.load_study(
                study_name=STUDY, storage=storage_of(url), sampler=LearnedSampler()
            )
            enough = MaxTrialsCallback(int(trials), states=(TrialState.COMPLETE,))
            study.optimize(objective, callbacks=[note, enough])
        except BaseException:
            file.write("crash " + traceback.format_exc().replace("\n", " | ") + "\n")
            raise
        file.write("end\n")


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    main(*sys.argv[1:])
