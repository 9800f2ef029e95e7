"""What is gained by several workers."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from hpo_benchmarks.held_out import parallel_gain
from hpo_benchmarks.held_out.parallel_gain import best_by, speed_ups, table, time_to
from tests.untrained import untrained

POLICY = untrained("memory", None)


def test_only_ended_trials_count():
    latent, ended = np.array([[3.0, 1.0, 2.0]]), np.array([[1.0, 4.0, 2.0]])
    best = best_by(latent, ended, np.array([0.5, 1.0, 2.5, 4.0]))
    assert_array_equal(best, [[3.0, 3.0, 2.0, 1.0]])
    moments = np.arange(4.0)
    curve = np.array([5.0, 3.0, 3.0, 1.0])
    assert [time_to(np.array(level), curve, moments) for level in (3.0, 1.0, 0.0)] == [
        1,
        3,
        np.inf,
    ]


def test_the_same_trials_run_side_by_side_gain_the_number_of_workers():
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(40, 64))
    runs = {w: (latent, np.tile(np.arange(64) // w + 1.0, (40, 1))) for w in (1, 2, 4)}
    found = speed_ups(runs, target=32)
    for w, (moment, gain, low, high) in found.items():
        assert moment == pytest.approx(32 / w, abs=0.2)
        assert low <= gain <= high and gain == pytest.approx(w, rel=0.02)
    rows = table(runs, 32).splitlines()
    assert [row.count("|") for row in rows] == [8] * 5


def test_the_command_prints_a_row_for_every_number_of_workers(capsys, monkeypatch):
    monkeypatch.setattr(parallel_gain, "load_policy", lambda name, dim: POLICY)
    parallel_gain.main(["--dim", "2", "--draws", "2", "--trials", "8", "--target", "4"])
    rows = capsys.readouterr().out.splitlines()
    assert [row.split("|")[1].strip() for row in rows[2:]] == ["1", "2", "4", "8"]
    with pytest.raises(SystemExit):
        parallel_gain.main(["--trials", "8", "--target", "9"])
