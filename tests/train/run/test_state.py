"""The state of a run on disk is whole, and belongs to that run."""

from dataclasses import replace

import pytest
import torch

from train.config import MemoryConfig, RecurrentConfig
from train.run.setup import set_up
from train.run.state import Progress, load_state, save_state


@pytest.fixture
def run(tmp_path):
    small = {"horizon": 14, "batch": 4, "hidden": 8, "prior": "gp"}
    return set_up(MemoryConfig(dims=(1, 2), out=tmp_path, steps=4, **small))


def test_all_that_changes_comes_back(run):
    run.pools[0].step(run.params, 0.0)
    run.progress.step, run.progress.smooth = 3, {"log_ei": -2.0}
    save_state(run)
    again = set_up(run.config, resume=True)
    assert again.progress == run.progress
    for name, value in run.params.items():
        assert torch.equal(again.params[name], value)
    losses = [[pool.step(r.params, 0.5)[0].item() for pool in r.pools] for r in (run, again)]
    assert losses[0] == losses[1]


def test_the_length_may_change_and_nothing_else(run):
    save_state(run)
    longer = replace(run.config, steps=None, minutes=3.0, interval=5.0, held_out=2)
    assert set_up(longer, resume=True).config == longer
    with pytest.raises(ValueError, match="configured differently: seed was 0 and is 1. Resume"):
        set_up(replace(run.config, seed=1), resume=True)
    other = RecurrentConfig(dims=(1,), out=run.config.out, horizon=14, batch=4, hidden=8)
    with pytest.raises(ValueError, match="policy was 'memory' and is 'lstm'.*starts was 5 and is"):
        set_up(other, resume=True)


def test_a_run_is_not_overwritten_and_nothing_is_not_resumed(run):
    with pytest.raises(ValueError, match="nothing to resume in .*no state.pt. Leave out --resume"):
        set_up(run.config, resume=True)
    save_state(run)
    with pytest.raises(ValueError, match="holds a training run. Add --resume"):
        set_up(run.config)


def test_a_state_of_another_format_is_refused(run):
    torch.save({"settings": {"policy": "memory"}}, run.config.state)
    with pytest.raises(
        ValueError, match="state of format 1, and this code resumes format 2.*--in"
    ):
        load_state(run)


def test_a_damaged_state_is_refused(run):
    for damage in (b"", b"something else", None):
        save_state(run)
        content = run.config.state.read_bytes()[:1000] if damage is None else damage
        run.config.state.write_bytes(content)
        with pytest.raises(ValueError, match="is damaged and cannot be resumed. Start again"):
            load_state(run)


def test_progress_counts_steps_or_minutes(tmp_path):
    config = RecurrentConfig(dims=(2,), out=tmp_path, minutes=2.0)
    assert Progress(seconds=30.0).share(config) == 0.25
    assert Progress(step=5).share(replace(config, steps=10)) == 0.5


def test_a_device_that_is_not_there_is_explained(run):
    for device in ("warp", "cuda:77"):
        with pytest.raises(ValueError, match=f"device '{device}' cannot be used.*Leave out --dev"):
            set_up(replace(run.config, device=device))
