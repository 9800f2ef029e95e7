"""A configuration, and the command line that is made of its fields."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from l2l_sampler.policies import KINDS
from train.config import MemoryConfig, RecurrentConfig, metadata_of, settings
from train.options import FAMILIES, make_parser, parse
from train.run.setup import make_policy

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/**/weights/*.md")]
COMMANDS = {
    command
    for page in PAGES
    for command in re.findall(r"python -m train\.fit ([^\n`#]*)", page.read_text())
}


def config_of(*options):
    config, _ = parse(make_parser(), options)
    return config


def test_one_dimension_is_all_that_must_be_said():
    assert config_of("--dim", "3") == RecurrentConfig(dims=(3,), out=Path("runs/lstm-logei-d3"))
    memory = config_of("--policy", "memory", "--dims", "1", "2")
    assert memory == MemoryConfig(dims=(1, 2), out=Path("runs/memory-posterior-any"))


def test_a_policy_of_any_dimension_is_trained_in_several_if_nobody_says():
    memory = config_of("--policy", "memory")
    assert memory == MemoryConfig(out=Path("runs/memory-posterior-any"))
    assert memory.dims == (1, 2, 3, 4, 6, 8)


def test_a_field_that_is_set_has_its_own_option_or_is_the_policys():
    config = config_of("--policy", "memory", "--set", "rise=0.3", "encoding=robust-1", "zoom=30")
    assert config.encoding == "robust-1" and config.changes == {"rise": 0.3, "zoom": 30}
    policy = make_policy(config)
    assert (policy.encoding, policy.rise, policy.zoom) == ("robust-1", 0.3, 30)
    with pytest.raises(ValueError, match="rise must be a number from 0 to 100, or None"):
        make_policy(config_of("--policy", "memory", "--set", "rise=-1"))
    with pytest.raises(ValueError, match="rise must be a number .*; got 'much'"):
        make_policy(config_of("--policy", "memory", "--set", "rise=much"))


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_what_the_pages_tell_to_run_can_be_run(command):
    config, resume = parse(make_parser(), command.split())
    assert config.minutes > 0 and not resume


def test_pages_tell_something():
    assert any("--policy memory" in command for command in COMMANDS)


@pytest.mark.parametrize(
    "config",
    [
        MemoryConfig(
            **{"dims": (2, 5), "out": Path("a"), "prior": "gp", "batch": 3, "read": "kernel"},
            **{"starts": 2, "horizon": 20, "changes": {"margin_low": 0.1, "steps": 3}},
        ),
        RecurrentConfig(
            **{"policy": "dnc", "dims": (2,), "out": Path("b"), "loss": "sum", "patience": 9},
            **{"encoding": "raw-1", "steps": 7, "seed": 3, "init": Path("c"), "held_out": 5},
            **{"device": "cuda", "interval": 2.5, "margin": 1.0, "chunk": 2, "workers": 5},
            **{"sigma": 0.1, "rate": 1e-4, "hidden": 8},
        ),
    ],
    ids=["memory", "dnc"],
)
def test_every_setting_can_be_said(config):
    said = []
    for name, value in vars(config).items():
        if name == "changes":
            said += ["--set", *(f"{field}={value}" for field, value in value.items())]
        elif value is not None and not (name == "minutes" and config.steps):
            values = value if isinstance(value, tuple) else (value,)
            said += [f"--{name.replace('_', '-')}", *map(str, values)]
    assert config_of(*said) == config


def test_help_says_what_every_setting_is_and_its_real_default():
    text = " ".join(make_parser().format_help().split())
    for family in FAMILIES:
        for field in fields(family):
            assert metadata_of(family, field.name)["help"] in text
    assert "None" not in text and "MISSING" not in text
    assert "functions side by side (default: 48 for memory; 192 for lstm and dnc)" in text
    assert "trials of the longest run (default: 100)" in text


@pytest.mark.parametrize("kind", ["lstm", "dnc"])
def test_defaults_are_the_policys_own(kind):
    config = RecurrentConfig(policy=kind, dims=(2,), out=Path())
    policy = KINDS[kind]()
    own = (policy.hidden, policy.encoding, policy.horizon, policy.workers, policy.patience)
    given = (config.hidden, config.encoding, config.horizon, config.workers, config.patience)
    assert given == own


IMPOSSIBLE = {
    "": "lstm is trained for one dimension: say which with --dim",
    "--policy memory --set rise": "give NAME=VALUE, such as rise=0.3; got 'rise'",
    "--policy memory --set depth=3": "--set knows no depth; it sets .*margin_low.* and other",
    "--policy memory --set encoding=flat": "encoding must be one of zscore-1, .*, got 'flat'",
    "--dim 2 --set rise=0.3": "lstm takes no --set. Leave out what is for memory only",
    "--policy memory --prior flat": "prior must be one of gp, .*, or module:function.*got 'flat'",
    "--dim 2 --prior a:b": "prior must be one of gp, .*, got 'a:b' for lstm",
    "--policy memory --read kernel --prior a:b": "a:b judges no proposals, so it needs --read",
    "--dims 2 3": "lstm is trained for one dimension at a time, got 2 and 3. .*--policy memory",
    "--dim 0": "dims must be at least 1, got 0 for lstm",
    "--policy memory --dim 2 --workers 2": "memory takes no --workers. Leave out what is for lstm",
    "--policy memory --dim 2 --margin 1 --chunk 3": "memory takes no --chunk and --margin",
    "--dim 2 --read kernel": "lstm takes no --read. Leave out what is for memory only",
    "--policy memory --dim 2 --loss oi": "loss must be one of logei, got 'oi' for memory",
    "--dim 2 --loss best": "loss must be one of sum, oi, .*, got 'best' for lstm",
    "--dim 2 --encoding zscore-1": "encoding must be one of running-1, .*, got 'zscore-1'",
    "--dim 2 --prior flat": "prior must be one of gp, .*, got 'flat' for lstm",
    "--dim 2 --patience 0": "patience must be at least 1, got 0",
    "--dim 2 --margin inf": "margin must be finite, got inf",
    "--dim 2 --horizon 5": "horizon must be at least 14, got 5",
    "--dim 2 --sigma 1": "sigma must be below 1, got 1.0",
    "--dim 2 --steps 0": "steps must be at least 1, got 0",
    "--dim 2 --minutes 0": "minutes must be above 0, got 0.0",
    "--dim 2 --minutes nan": "minutes must be finite, got nan",
    "--dim 2 --steps 1 --minutes 1": "not allowed with",
    "--dim two": "invalid int value: 'two'",
    "--dim 2 --policy gru": "invalid choice: 'gru'",
}


@pytest.mark.parametrize(("options", "message"), IMPOSSIBLE.items(), ids=IMPOSSIBLE)
def test_what_cannot_be_is_explained_in_one_line(options, message, capsys):
    with pytest.raises(SystemExit) as stop:
        config_of(*options.split())
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(f"^python -m train.fit: error: .*{message}", line)


def test_a_configuration_without_dimensions_is_refused():
    with pytest.raises(ValueError, match="dims must have at least one value, got none"):
        MemoryConfig(dims=(), out=Path())


def test_changes_of_a_configuration_are_checked_too():
    config = RecurrentConfig(dims=(2,), out=Path())
    with pytest.raises(ValueError, match="workers must be at least 1, got 0 for lstm"):
        replace(config, workers=0)


def test_settings_name_no_folder_and_one_length():
    config = MemoryConfig(dims=(2, 3), out=Path("secret"), init=Path("secret/start.safetensors"))
    known = settings(config)
    assert (known["dims"], known["init"], known["minutes"]) == ([2, 3], "start.safetensors", 10.0)
    assert "secret" not in str(known) and "steps" not in known
    assert "minutes" not in settings(replace(config, steps=3))
