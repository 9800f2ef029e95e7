"""The paper's optimizers are trained stage by stage, each from the checkpoint before it."""

import pytest

from l2l_sampler.checkpoint import load
from train import paper

SMALL = {"hidden": 6, "batch": 3, "held_out": 2, "horizon": 14, "steps": 2}
OPTIONS = [text for name, v in SMALL.items() for text in (f"--{name.replace('_', '-')}", str(v))]


@pytest.mark.parametrize("kind", paper.KINDS)
def test_the_parallel_policy_grows_from_the_sequential_one(kind, tmp_path, capsys):
    paper.main([f"{kind}-parallel", "--dim", "2", "--out", str(tmp_path), *OPTIONS])
    stages = paper.stages(kind, 2, tmp_path)
    first, last = (stages[name].config.checkpoint for name in ("ei", "parallel"))
    assert capsys.readouterr().out.splitlines()[-1] == str(last)
    assert load(first).policy.workers == 1 and load(first).header.loss == "logei"
    assert load(last).policy.workers == 5 and load(last).header.loss == "oi+logei"
    assert load(last).header.training["init"] == last.name


@pytest.mark.parametrize("kind", paper.KINDS)
def test_from_four_dimensions_on_the_parallel_policy_comes_to_see_its_surroundings(kind, tmp_path):
    last = load(paper.train(kind, "parallel", 4, tmp_path, SMALL))
    before = load(paper.stages(kind, 4, tmp_path)["parallel-oi"].config.checkpoint)
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


def test_every_stage_is_trained_as_the_recipe_says(tmp_path, monkeypatch):
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


def test_every_stage_has_a_folder_and_starts_from_one_before_it(tmp_path):
    for dim in (1, 3, 4, 9):
        stages = paper.stages("lstm", dim, tmp_path)
        assert set(paper.STAGES) <= stages.keys()
        names = list(stages)
        for name, stage in stages.items():
            assert stage.config.out == tmp_path / f"lstm-{name}-{dim}d"
            assert stage.after is None or names.index(stage.after) < names.index(name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lstm-fast", "--dim", "2"], "invalid choice: 'lstm-fast'"),
        (["lstm-oi", "--dim", "0"], "dims must be at least 1, got 0"),
        (["lstm-oi", "--dim", "2", "--hidden", "0"], "hidden must be at least 1, got 0"),
        (["lstm-oi", "--dim", "2", "--loss", "ei"], "unrecognized arguments: --loss ei"),
    ],
)
def test_what_cannot_be_is_explained_in_one_line(tmp_path, arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        paper.main([*arguments, "--out", str(tmp_path)])
    (line,) = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2 and message in line
    assert not list(tmp_path.iterdir())
