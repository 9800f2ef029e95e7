"""Eight workers on one storage, killed at random: nothing that was told is lost."""

import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from tests.databases import servers
from tests.databases.worker import JOURNAL, STUDY, storage_of, value_of

pytestmark = pytest.mark.databases

WORKERS, TRIALS = 8, 150
PAUSES = (0.05, 0.3)
"""Seconds between kills, and longer until a few trials have been told since the last one: a slow
machine needs most of a worker's life to import."""
BETWEEN = 5
LIMIT = 600.0
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["postgresql", "mariadb", "sqlite", "journal"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/study.db"
    elif request.param == "journal":
        yield f"{JOURNAL}{tmp_path}/study.log"
    else:
        if reason := servers.missing(request.param):
            pytest.skip(reason)
        with getattr(servers, request.param)() as found:
            yield found


@contextmanager
def crowd():
    """Processes that end with the test."""
    processes = []
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def start(url, log):
    command = [sys.executable, "-m", "tests.databases.worker", url, str(log), str(TRIALS)]
    output = log.with_suffix(".out").open("w")
    return subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)


def complete(study):
    return study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])


def test_what_killed_workers_have_told_is_there(url, tmp_path):
    study = optuna.create_study(study_name=STUDY, storage=storage_of(url))
    chance, logs, killed = random.Random(0), [], 0
    end = time.monotonic() + LIMIT
    with crowd() as workers:

        def hire():
            logs.append(tmp_path / f"worker-{len(logs)}.log")
            workers.append(start(url, logs[-1]))

        for _ in range(WORKERS):
            hire()
        before = 0
        while (done := len(complete(study))) < TRIALS:
            assert time.monotonic() < end, f"{done} trials in {LIMIT} s"
            time.sleep(chance.uniform(*PAUSES))
            if done < before + BETWEEN:
                continue
            before, victim = done, chance.choice(workers)
            if victim.poll() is None:
                victim.kill()
                killed += 1
            victim.wait()
            workers.remove(victim)
            hire()
        for worker in workers:
            worker.wait(timeout=LIMIT)
    lines = [line.split() for log in logs if log.exists() for line in log.read_text().splitlines()]
    crashes = [line for line in lines if line[0] == "crash"]
    told = {int(line[1]): float(line[2]) for line in lines if line[0] == "told" and len(line) == 3}
    trials = study.get_trials(deepcopy=False)
    found = {trial.number: trial.value for trial in complete(study)}
    points = Counter(tuple(sorted(trial.params.items())) for trial in complete(study))
    states = Counter(trial.state.name for trial in trials)
    repeated = sum(points.values()) - len(points)
    print(
        f"{killed} killed, {len(told)} told, {dict(states)}, {repeated} repeated, "
        f"best {study.best_value:.2g}"
    )
    assert not crashes
    assert killed >= 5
    lost = {number for number, value in told.items() if found.get(number) != value}
    assert not lost
    assert repeated <= 0.05 * len(found)
    assert study.best_value < 0.5 * best_of_random_search(len(found))


def best_of_random_search(count):
    """The median over seeds, of the objective without its pause."""
    values = []
    for seed in range(9):
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
        study.optimize(value_of, n_trials=count)
        values.append(study.best_value)
    return statistics.median(values)
