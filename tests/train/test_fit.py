"""The training command, end to end on a small scale."""

import json

import numpy as np
import pytest
import torch

from l2l_sampler.checkpoint import load
from train.config import parse
from train.curriculum import horizon_at
from train.fit import Progress, append_line, fit, schedule
from train.gradients import clip_each_gradient
from train.state import save_state

SMALL = ["--held-out", "4", "--horizon", "14", "--batch", "6", "--interval", "0.001"]


def run(out, *options, resume=False):
    config, _ = parse([*SMALL, "--out", str(out), *options])
    return load(fit(config, resume=resume))


MEMORY = ("--policy", "memory", "--dims", "1", "2", "--starts", "3", "--hidden", "8")
CASES = {
    "memory-posterior": MEMORY,
    "memory-warped": (*MEMORY, "--encoding", "warped-1"),
    "memory-kernel": (*MEMORY, "--read", "kernel"),
    "lstm": ("--dim", "2", "--hidden", "8", "--loss", "oi"),
    "dnc": ("--policy", "dnc", "--dim", "2", "--hidden", "8", "--workers", "3"),
}


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the oracle's curves are kept in ./runs
    monkeypatch.setattr("train.fit.VALIDATED_TRIALS", 3)
    monkeypatch.setattr("train.fit.LATE_CHECKS", (1, 2))


@pytest.mark.parametrize("options", CASES.values(), ids=CASES)
def test_a_run_that_was_stopped_and_resumed_gives_the_weights_of_one_that_was_not(
    tmp_path, options
):
    whole = run(tmp_path / "whole", *options, "--steps", "4")
    # the schedule follows the share of all steps, so the first half must know the whole length
    half = tmp_path / "half"
    config, _ = parse([*SMALL, "--out", str(half), *options, "--steps", "4"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("train.fit.save_state", stop_after(2))
        with pytest.raises(KeyboardInterrupt):
            fit(config)
    resumed = run(half, *options, "--steps", "4", resume=True)
    for name, value in whole.params.items():
        np.testing.assert_array_equal(resumed.params[name], value)
    steps = [json.loads(line)["step"] for line in (half / "log.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3, 4]
    assert (half / "curves.png").stat().st_size > 5000


def stop_after(step):
    """A `save_state` after which the run is interrupted."""

    def save_and_stop(path, run):
        save_state(path, run)
        if run.progress.step == step:
            raise KeyboardInterrupt

    return save_and_stop


def test_training_moves_every_parameter_and_the_header_says_how(tmp_path):
    trained = run(tmp_path / "run", *MEMORY, "--steps", "4")
    start = trained.policy.init(np.random.default_rng(0))
    for name, value in trained.params.items():
        assert np.any(value != start[name].astype(np.float32)), name
    header = trained.header
    assert (header.loss, header.prior) == ("logei", "broad")
    assert (header.horizon, header.dim) == (None, None)
    assert header.training["dims"] == [1, 2]
    assert {"policy", "random", "oracle"} == set(header.metrics["d2@3"])


def test_a_folder_with_a_run_is_neither_overwritten_nor_resumed_under_other_options(tmp_path):
    out = tmp_path / "run"
    run(out, *MEMORY, "--steps", "1")
    with pytest.raises(ValueError, match="holds a training run. Add --resume"):
        run(out, *MEMORY, "--steps", "2")
    with pytest.raises(ValueError, match="configured differently: seed was 0 and is 1"):
        run(out, *MEMORY, "--steps", "2", "--seed", "1", resume=True)
    with pytest.raises(ValueError, match="nothing to resume"):
        run(tmp_path / "other", *MEMORY, "--steps", "2", resume=True)


def test_training_can_start_from_a_checkpoint_of_the_same_shape(tmp_path):
    first = run(tmp_path / "first", *MEMORY, "--steps", "2")
    path = str(tmp_path / "first" / "policy.safetensors")
    second = run(tmp_path / "second", *MEMORY, "--steps", "1", "--rate", "1e-9", "--init", path)
    for name, value in first.params.items():
        np.testing.assert_allclose(second.params[name], value, atol=1e-6)
    with pytest.raises(ValueError, match="do not fit"):
        run(tmp_path / "third", "--dim", "2", "--steps", "1", "--init", path)


def test_the_patience_is_the_policys(tmp_path):
    options = ("--dim", "2", "--hidden", "4", "--steps", "1")
    patient = run(tmp_path / "patient", *options, "--patience", "9")
    assert patient.policy.patience == 9
    assert run(tmp_path / "plain", *options).policy.patience is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--policy", "lstm", "--dims", "2", "3"], "lstm is trained for one dimension at a time"),
        (["--dim", "0"], "at least 1"),
        (["--policy", "memory", "--dim", "2", "--workers", "2"], "drop --workers"),
        (["--policy", "memory", "--dim", "2", "--loss", "oi"], "--loss logei only"),
        (["--policy", "memory", "--dim", "2", "--margin", "1"], "drop --margin"),
        (["--dim", "2", "--patience", "0"], "at least 1, got 0 for lstm"),
        (["--policy", "memory", "--dim", "2", "--patience", "9"], "got 9 for memory"),
        (["--dim", "2", "--margin", "inf"], "must be finite, got inf"),
        (["--dim", "2", "--horizon", "5"], "at least 14"),
        (["--dim", "2", "--steps", "1", "--minutes", "1"], "not allowed with"),
        ([], "required"),
    ],
)
def test_impossible_options_are_explained(options, message, capsys):
    with pytest.raises(SystemExit):
        parse(options)
    assert message in capsys.readouterr().err


def test_a_line_cut_short_by_a_kill_is_dropped(tmp_path):
    log = tmp_path / "log.jsonl"
    append_line(log, {"step": 1})
    with log.open("a") as file:
        file.write('{"step": 2, "minu')
    append_line(log, {"step": 3})
    assert [json.loads(line)["step"] for line in log.read_text().splitlines()] == [1, 3]


def test_the_curriculum_grows_from_first_to_last():
    lengths = [horizon_at(progress, 10, 100) for progress in np.linspace(0.0, 1.0, 21)]
    assert (lengths[0], lengths[10], lengths[-1]) == (10, 100, 100)
    assert lengths == sorted(lengths)
    assert horizon_at(0.0, 20, 15) == 15


def test_the_learning_rate_warms_up_and_falls_from_halfway():
    assert schedule(0, 0.0) == pytest.approx(0.01)
    assert schedule(500, 0.4) == 1.0
    assert schedule(500, 0.75) == pytest.approx(0.5)
    assert schedule(500, 1.0) == pytest.approx(0.03)


def test_progress_counts_steps_or_minutes():
    steps, _ = parse(["--dim", "2", "--steps", "10"])
    minutes, _ = parse(["--dim", "2", "--minutes", "2"])
    assert Progress(step=5).share(steps) == 0.5
    assert Progress(seconds=30.0).share(minutes) == 0.25


def test_no_proposal_contributes_more_than_its_share():
    points = torch.zeros(4, 2, 3, requires_grad=True)
    slopes = torch.ones(4, 2, 3)
    slopes[0, 0] = 1e6
    (slopes * clip_each_gradient(points * 1.0)).mean(dim=(0, 1)).sum().backward()
    norms = torch.linalg.vector_norm(points.grad, dim=-1) * 8
    assert float(norms[0, 0]) == pytest.approx(3.0, rel=1e-4)
    assert float(norms[1, 1]) == pytest.approx(3.0**0.5, rel=1e-4)
