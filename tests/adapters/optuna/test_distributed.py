"""Several processes with one storage, as on several machines.

The storage is SQLite, or the database at L2L_TEST_STORAGE: a URL of SQLAlchemy for a database
that may be written to, such as postgresql+psycopg2://user@host/name.
"""

import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

pytestmark = pytest.mark.slow

WORKER = """
    import random, sys, time
    import optuna
    from l2l_sampler import LearnedSampler

    url, name, n_trials, seconds = sys.argv[1:]
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.RDBStorage(url, heartbeat_interval=1, grace_period=3)

    def objective(trial):
        x = trial.suggest_float("x", -1.0, 1.0)
        n = trial.suggest_int("n", 1, 100, log=True)
        time.sleep(float(seconds) * (0.5 + random.random()))
        return x**2 + abs(n - 10) / 10

    study = optuna.load_study(study_name=name, storage=storage, sampler=LearnedSampler())
    study.optimize(objective, n_trials=int(n_trials))
"""


@pytest.fixture
def study(tmp_path):
    url = os.environ.get("L2L_TEST_STORAGE", f"sqlite:///{tmp_path}/study.db")
    name = f"l2l-{uuid.uuid4()}"
    yield optuna.create_study(storage=url, study_name=name)
    optuna.delete_study(study_name=name, storage=url)


@pytest.fixture
def start(study, tmp_path):
    """Starts a worker."""
    script = tmp_path / "worker.py"
    script.write_text(textwrap.dedent(WORKER))
    paths = [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    url = os.environ.get("L2L_TEST_STORAGE", f"sqlite:///{tmp_path}/study.db")
    workers = []

    def run(n_trials, seconds):
        arguments = [url, study.study_name, str(n_trials), str(seconds)]
        workers.append(subprocess.Popen([sys.executable, script, *arguments], env=environment))
        return workers[-1]

    yield run
    for worker in workers:
        worker.kill()
        worker.wait()


def test_four_workers_share_a_study(study, start):
    for worker in [start(8, 0.2) for _ in range(4)]:
        assert worker.wait(timeout=300) == 0
    trials = study.trials
    assert len(trials) == 32
    assert all(trial.state == TrialState.COMPLETE for trial in trials)
    # Two that ask in the same instant do not see each other, and may want the same corner.
    assert len({tuple(trial.params.values()) for trial in trials}) >= 28
    overlapping = sum(
        a.datetime_start < b.datetime_complete and b.datetime_start < a.datetime_complete
        for a in trials
        for b in trials
        if a.number < b.number
    )
    assert overlapping > 8  # they did run at once


def test_the_trial_of_a_killed_worker_fails_and_the_others_go_on(study, start):
    victim = start(1, 1000)
    while not study.get_trials(deepcopy=False):
        assert victim.poll() is None
        time.sleep(0.1)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    assert start(8, 1.0).wait(timeout=300) == 0
    states = [trial.state for trial in study.trials]
    assert states == [TrialState.FAIL] + [TrialState.COMPLETE] * 8
