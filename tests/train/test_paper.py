"""The paper's optimizers are trained stage by stage, each from the checkpoint before it."""

import pytest

from l2l_sampler.checkpoint import load
from train import paper

SMALL = ["--hidden", "6", "--batch", "3", "--held-out", "2", "--horizon", "14", "--steps", "2"]


@pytest.mark.parametrize("kind", paper.KINDS)
def test_the_parallel_policy_grows_from_the_sequential_one(kind, tmp_path, capsys):
    paper.main([f"{kind}-parallel", "--dim", "2", "--out", str(tmp_path), *SMALL])
    first, last = (paper.checkpoint(kind, stage, 2, tmp_path) for stage in ("ei", "parallel"))
    assert capsys.readouterr().out.splitlines()[-1] == str(last)
    assert load(first).policy.workers == 1 and load(first).header.loss == "logei"
    assert load(last).policy.workers == 5 and load(last).header.loss == "oi+logei"
    assert load(last).header.training["init"] == last.name


@pytest.mark.parametrize("kind", paper.KINDS)
def test_from_four_dimensions_on_the_parallel_policy_comes_to_see_its_surroundings(kind, tmp_path):
    last = load(paper.train(kind, "parallel", 4, tmp_path, SMALL))
    before = load(paper.checkpoint(kind, "parallel-oi", 4, tmp_path))
    assert (before.policy.encoding, last.policy.encoding) == ("running-1", "local-1")
    assert last.header.loss == "oi" and last.policy.workers == 5
    assert last.policy.patience == paper.PATIENCE and before.policy.patience is None


def test_stages_that_are_done_are_not_repeated(tmp_path):
    first = paper.train("lstm", "ei", 1, tmp_path, SMALL)
    written = first.stat().st_mtime_ns
    other = paper.train("lstm", "oi", 1, tmp_path, SMALL)
    assert first.stat().st_mtime_ns == written
    before, after = load(first).params, load(other).params
    assert any((before[name] != after[name]).any() for name in before)


def test_every_stage_is_a_valid_command(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(paper, "fit", lambda config, resume: asked.append(config) or config.out)
    for stage in paper.STAGES:
        paper.train("dnc", stage, 9, tmp_path)
    assert {config.loss for config in asked} == {"logei", "bounded-logei", "oi+logei", "oi", "sum"}
    assert all(config.policy == "dnc" and config.steps for config in asked)


def test_in_one_dimension_improvement_begins_far_below_the_best_value(tmp_path):
    margins = [
        load(paper.train("lstm", "oi", dim, tmp_path, SMALL)).header.training["margin"]
        for dim in (1, 2)
    ]
    assert margins == [1.0, 0.0]


def test_an_unknown_name_is_refused(tmp_path):
    with pytest.raises(SystemExit):
        paper.main(["lstm-fast", "--dim", "2", "--out", str(tmp_path)])
