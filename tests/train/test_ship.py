"""Shipping from the command line; what `ship` does is tested with the registry that reads it."""

import pytest

from train import ship


def test_a_checkpoint_that_is_not_there_is_explained_in_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        ship.main([str(tmp_path / "absent.safetensors"), "mine"])
    (line,) = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2
    assert line.startswith("python -m train.ship: error: there is no checkpoint")
