"""The training command, end to end on a small scale."""

import json
import os
import re
import signal

import numpy as np
import pytest

from l2l_sampler import load_policy
from l2l_sampler.checkpoint import load
from train.curves import draw_curves
from train.fit import fit, main, progress_bar, schedule
from train.jsonl import read_lines
from train.options import make_parser, parse
from train.run import report
from train.run.state import Progress, save_state

SMALL = ("--held-out", "4", "--horizon", "14", "--batch", "6", "--interval", "0.001")
MEMORY = ("--policy", "memory", "--dims", "1", "2", "--starts", "3", "--hidden", "8")
CASES = {
    "memory-posterior": MEMORY,
    "memory-warped": (*MEMORY, "--encoding", "warped-1"),
    "memory-own-prior": (*MEMORY, "--prior", "tests.train.functions.test_own:paraboloids"),
    "memory-tuning": (*MEMORY, "--prior", "tuning", "--set", "rise=0.3", "encoding=robust-1"),
    "memory-kernel": (*MEMORY, "--read", "kernel"),
    "lstm": ("--dim", "2", "--hidden", "8", "--loss", "oi"),
    "dnc": ("--policy", "dnc", "--dim", "2", "--hidden", "8", "--workers", "3"),
}


def config_of(out, *options):
    config, _ = parse(make_parser(), [*SMALL, "--out", str(out), *options])
    return config


def run(out, *options, resume=False):
    return load(fit(config_of(out, *options), resume=resume))


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the oracle's curves are kept in ./runs
    monkeypatch.setattr(report, "VALIDATED_TRIALS", 3)
    monkeypatch.setattr(report, "BUDGETS", (2, 3))


@pytest.fixture(autouse=True)
def ctrl_c_interrupts():
    """A shell that starts tests in the background has them ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press():
    os.kill(os.getpid(), signal.SIGINT)


def press_after(step):
    """A `save_state` that presses Ctrl-C when it has saved this step."""

    def save_and_press(run):
        save_state(run)
        if run.progress.step == step:
            press()

    return save_and_press


@pytest.mark.parametrize("options", CASES.values(), ids=CASES)
def test_a_run_that_was_stopped_and_resumed_gives_the_weights_of_one_that_was_not(
    tmp_path, monkeypatch, options
):
    # The schedule follows the share of all steps, so the first half must know the whole length.
    whole = run(tmp_path / "whole", *options, "--steps", "4")
    half = config_of(tmp_path / "half", *options, "--steps", "4")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("train.fit.save_state", press_after(2))
        fit(half)
    resumed = load(fit(half, resume=True))
    for name, value in whole.params.items():
        np.testing.assert_array_equal(resumed.params[name], value)
    assert [json.loads(line)["step"] for line in read_lines(half.log)] == [1, 2, 3, 4]
    assert (half.out / "curves.png").stat().st_size > 5000


def test_ctrl_c_between_validations_saves_and_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    arguments = [*SMALL, *MEMORY, "--steps", "4", "--out", str(tmp_path / "run")]
    arguments[arguments.index("0.001")] = "1000"
    with monkeypatch.context() as patch, pytest.raises(SystemExit) as stop:
        patch.setattr("train.fit.describe_means", lambda means: press() or "")
        main(arguments)
    assert stop.value.code == 130
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("Stopped and saved. Go on with: python -m train.fit ")
    command = last.split("train.fit ")[1].split()
    assert command[-1] == "--resume"
    main(command)
    config = config_of(tmp_path / "run", *MEMORY)
    assert [json.loads(line)["step"] for line in read_lines(config.log)] == [4]
    assert f"The policy is in {config.checkpoint}" in capsys.readouterr().out


def test_ctrl_c_before_the_first_step_says_that_nothing_is_saved(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("train.fit.make_baselines", lambda config: press())
    with pytest.raises(SystemExit):
        main([*SMALL, *MEMORY, "--out", str(tmp_path / "run")])
    assert "Stopped before anything was saved" in capsys.readouterr().err


def test_errors_of_use_are_one_line(tmp_path, capsys):
    out = ("--out", str(tmp_path / "run"))
    main([*SMALL, *MEMORY, *out, "--steps", "1"])
    capsys.readouterr()
    for options, message in (
        (("--steps", "2"), "holds a training run. Add --resume"),
        (("--steps", "2", "--resume", "--seed", "1"), "seed was 0 and is 1"),
        (("--out", str(tmp_path / "other"), "--resume"), "nothing to resume"),
        (("--out", str(tmp_path / "other"), "--init", "absent"), "no checkpoint .*absent"),
        (("--out", str(tmp_path / "other"), "--prior", "absent:f"), "needs a module 'absent'"),
        (
            ("--out", str(tmp_path / "other"), "--set", "rise=-1"),
            "rise must be a number from 0",
        ),
        (("--out", str(tmp_path / "run" / "policy.safetensors" / "x")), "Not a directory"),
    ):
        with pytest.raises(SystemExit) as stop:
            main([*SMALL, *MEMORY, *out, *options])
        assert stop.value.code == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert re.search(f"train.fit: error: .*{message}", line)
    assert not (tmp_path / "other").exists()


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


def test_all_files_have_the_mode_that_the_umask_gives(tmp_path):
    before = os.umask(0o022)
    try:
        run(tmp_path / "run", "--dim", "1", "--hidden", "4", "--steps", "1")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "run").iterdir()}
    names = ("curves.png", "log.jsonl", "policy.safetensors", "state.pt")
    assert modes == dict.fromkeys(names, 0o644)


@pytest.mark.parametrize("options", [MEMORY, ("--dim", "2", "--hidden", "4")], ids=["any", "lstm"])
def test_both_families_log_the_log_expected_improvement_by_one_name(tmp_path, options):
    run(tmp_path / "run", *options, "--steps", "1")
    (line,) = read_lines(tmp_path / "run" / "log.jsonl")
    assert json.loads(line)["training"]["log_ei"] < 0.0


def test_pictures_need_no_display_and_leave_the_backend_alone(tmp_path, monkeypatch):
    import matplotlib

    run(tmp_path / "run", "--dim", "1", "--hidden", "4", "--steps", "1")
    monkeypatch.setattr(matplotlib, "use", None)
    draw_curves(tmp_path / "run" / "log.jsonl", tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes().startswith(b"\x89PNG")


def test_training_goes_on_from_a_shipped_policy_by_its_name(tmp_path):
    options = ("--policy", "memory", "--dim", "2", "--steps", "1", "--rate", "1e-9")
    trained = run(tmp_path / "run", *options, "--init", "memory", "--set", "rise=0.3", "zoom=30")
    for name, value in load_policy("memory").params.items():
        np.testing.assert_allclose(trained.params[name], value, atol=1e-6)
    assert (trained.policy.rise, trained.policy.zoom) == (0.3, 30)
    assert trained.header.training["changes"] == {"rise": 0.3, "zoom": 30}


def test_a_prior_of_ones_own_is_compared_with_random_search_alone(tmp_path, capsys):
    trained = run(tmp_path / "run", *CASES["memory-own-prior"], "--steps", "1")
    assert trained.header.prior == "tests.train.functions.test_own:paraboloids"
    assert set(trained.header.metrics["d2@3"]) == {"policy", "random"}
    assert "oracle" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("length", "shown"),
    [(("--steps", "8"), "25%.* 2/8 steps .*left"), (("--minutes", "4"), "38%.* 1.5/4.0 min .*le")],
)
def test_the_bar_shows_steps_or_minutes_and_what_is_left(tmp_path, length, shown):
    with progress_bar(config_of(tmp_path, "--dim", "2", *length), Progress(2, 90.0)) as bar:
        bar.set_postfix_str("log EI -2.31")
        assert re.search(f"{shown}.*, log EI -2.31]", str(bar))
        assert not re.search(r"[|\[] *,", str(bar))


def test_the_learning_rate_warms_up_and_falls_from_halfway():
    assert schedule(0, 0.0) == pytest.approx(0.01)
    assert schedule(500, 0.4) == 1.0
    assert schedule(500, 0.75) == pytest.approx(0.5)
    assert schedule(500, 1.0) == pytest.approx(0.03)
