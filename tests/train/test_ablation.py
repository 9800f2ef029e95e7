"""The ablation trains each variant once and plays all of them on the same functions."""

import json

import pytest

from train import ablation
from train.run.setup import make_policy


@pytest.fixture
def small(monkeypatch):
    tiny = {"hidden": 8, "batch": 4, "held_out": 2, "horizon": 20}
    variants = {"standard": tiny, "wider": {**tiny, "hidden": 12}}
    monkeypatch.setattr(ablation, "VARIANTS", variants)
    monkeypatch.setattr(ablation, "TRIALS", 12)
    monkeypatch.setattr(ablation, "BUDGETS", (5, 12))


def test_a_variant_is_trained_once_and_differs_from_the_standard_in_its_fields(small, tmp_path):
    first = ablation.measure("wider", 1, 0.005, 4, tmp_path)
    (checkpoint,) = tmp_path.glob("*/policy.safetensors")
    written = checkpoint.stat().st_mtime_ns
    assert ablation.measure("wider", 1, 0.005, 4, tmp_path) == first
    assert checkpoint.stat().st_mtime_ns == written
    assert ablation.load(checkpoint).policy.hidden == 12
    assert len(first) == 12 and first == sorted(first, reverse=True)


def test_the_command_compares_all_variants_with_random_search(small, tmp_path, capsys):
    arguments = ["--dims", "1", "--variants", "standard", "wider", "--minutes", "0.005"]
    arguments += ["--draws", "4", "--jobs", "1", "--runs", str(tmp_path), "--out", str(tmp_path)]
    ablation.main(arguments)
    found = json.loads((tmp_path / "ablation.json").read_text())
    assert set(found["1"]) == {"standard", "wider", "random search"}
    assert (tmp_path / "ablation.png").read_bytes().startswith(b"\x89PNG")
    assert "random search" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "changes"), ablation.VARIANTS.items())
def test_every_variant_can_be_trained_and_differs_in_its_fields_only(name, changes, tmp_path):
    standard = ablation.config_of("standard", 2, 1.0, tmp_path)
    config = ablation.config_of(name, 2, 1.0, tmp_path)
    told = vars(config).items() - vars(standard).items()
    assert dict(told) == changes
    policy = make_policy(config)
    assert (policy.kind, policy.hidden) == (config.policy, config.hidden)
    assert policy.encoding == config.encoding
