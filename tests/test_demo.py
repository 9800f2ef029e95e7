"""The demo: small, but with the real model, samplers, table and plot."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.testing import assert_array_equal

from examples import digits_demo


def test_the_demo_compares_all_samplers_and_saves_a_plot(tmp_path):
    path = tmp_path / "new" / "demo.png"
    options = ["--seeds", "1", "--trials", "4", "--jobs", "2", "--out", str(path)]
    done = subprocess.run(
        [sys.executable, "-m", "examples.digits_demo", *options], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()
    assert rows[0].split()[-1] == "@4"
    assert [row.split()[0] for row in rows[1:4]] == list(digits_demo.SAMPLERS)
    assert "3/3" in done.stderr  # the progress bar
    assert imread(path).std() > 0.05


@pytest.mark.parametrize("sampler", digits_demo.SAMPLERS)
def test_a_study_of_the_demo_is_reproducible_and_never_gets_worse(sampler):
    name, curve = digits_demo.best_so_far(sampler, 3, 5)
    assert name == sampler
    assert (np.diff(curve) <= 0.0).all() and ((curve >= 0.0) & (curve < 1.0)).all()
    assert_array_equal(curve, digits_demo.best_so_far(sampler, 3, 5)[1])


def test_the_table_shows_mean_and_spread_in_percent():
    curves = {"A": np.array([[0.5] * 20, [0.3] * 20])}
    assert (
        digits_demo.table(curves).splitlines()[1].split()
        == "A 40.00 +- 10.00 40.00 +- 10.00".split()
    )


def test_the_interval_of_the_mean_holds_the_mean_and_shrinks_with_seeds():
    few = np.random.default_rng(0).normal(size=(10, 3))
    many = np.tile(few, (16, 1))
    low, high = digits_demo.mean_interval(few)
    assert ((low < few.mean(axis=0)) & (few.mean(axis=0) < high)).all()
    closer = np.subtract(*digits_demo.mean_interval(many)) / np.subtract(low, high)
    np.testing.assert_allclose(closer, 0.25, rtol=0.1)
