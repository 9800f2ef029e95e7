"""What a run says of itself."""

from dataclasses import replace
from pathlib import Path

from train.config import MemoryConfig
from train.run import report


def line_of(length):
    falling = [1.0 / (t + 1) for t in range(length)]
    curves = {name: [v + k for v in falling] for k, name in enumerate(report.LABELS)}
    return {"step": 12, "minutes": 0.5, "mean_best": {"2": curves}}


def test_every_number_on_the_terminal_has_a_name():
    head, values = report.describe(line_of(50)).splitlines()
    assert head.startswith("step 12, 0.5 min: mean best value after 10, 20, 50 trials")
    assert "lower is better" in head
    expected = "d = 2: policy 0.10 0.05 0.02 random search 1.10 1.05 1.02 oracle 2.10 2.05 2.02"
    assert values.split() == expected.split()


def test_a_short_run_has_fewer_numbers():
    head, values = report.describe(line_of(14)).splitlines()
    assert "after 10 trials" in head and "oracle 2.10" in values and "2.05" not in values


def test_baselines_say_that_they_take_time(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)  # the oracle's curves are kept in ./runs
    config = MemoryConfig(dims=(1, 2), out=tmp_path, prior="gp", held_out=2, horizon=14)
    found = report.make_baselines(replace(config))
    text = " ".join(capsys.readouterr().out.split())
    assert "random search and an oracle play on 2 held-out functions of each dimension" in text
    assert {dim: {n: len(c) for n, c in curves.items()} for dim, curves in found.items()} == {
        dim: {"random": 14, "oracle": 14} for dim in ("1", "2")
    }
    assert list(Path("runs").glob("oracle-*.npy"))
