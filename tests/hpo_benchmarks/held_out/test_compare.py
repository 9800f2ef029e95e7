"""The command that compares methods on held-out functions."""

import json
from dataclasses import replace

import numpy as np
import optuna
import pytest
import torch

from hpo_benchmarks.held_out import compare as held_out
from hpo_benchmarks.held_out.simulated_workers import play_parallel
from l2l_sampler.checkpoint import save
from tests.untrained import untrained
from train.functions.priors import PRIORS
from train.functions.spaces import spaces
from train.validation.play import draw_held_out as functions_of
from train.validation.play import play, random_search, trained

optuna.logging.set_verbosity(optuna.logging.WARNING)

MIXED = replace(PRIORS["broad"], plateaus=1.0, categories=1.0)


def command(folder, *extra):
    held_out.main(
        [
            *("--prior", "gp", "--dims", "1", "--draws", "3", "--trials", "20", "--jobs", "1"),
            *("--cache", str(folder / "cells.jsonl"), "--out", str(folder / "out.json")),
            *extra,
        ]
    )
    return json.loads((folder / "out.json").read_text())


def recorded(ask, functions, n_trials):
    """Curves of `play`, and the trials x and y before the last one."""
    seen = []

    def record(x, y):
        seen[:] = [x, y]
        return ask(x, y)

    return play(record, functions, n_trials), *seen


def test_tpe_proposes_what_a_study_of_optuna_proposes():
    functions = functions_of(MIXED, 4, 3)
    ask = held_out.sampled(held_out.PEERS["tpe"], functions, 15, seed=5)
    _, *trials = recorded(ask, functions, 15)
    x, y = (tensor[1].numpy() for tensor in trials)
    space = spaces(functions)[1]
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=5 * 3 + 1))
    study.enqueue_trial(space.cube.params(space.to_cube(x[0])))
    for point, value in zip(x, y, strict=True):
        trial = study.ask(space.distributions)
        np.testing.assert_allclose(space.from_cube(space.cube.point(trial.params)), point)
        study.tell(trial, value)


@pytest.mark.parametrize("name", ["gp", "smac", "cmaes", "sobol"])
def test_peers_start_at_the_common_point_and_propose_new_ones(name):
    functions = functions_of("gp", 2, 2)
    ask = held_out.sampled(held_out.PEERS[name], functions, 14, seed=0)
    curves, x, _ = recorded(ask, functions, 14)
    torch.testing.assert_close(curves[:, 0], play(random_search(), functions, 1)[:, 0])
    assert all(len(np.unique(run, axis=0)) == 13 for run in x.numpy())


def test_every_method_gets_its_row_with_means_at_the_budgets_it_reaches(tmp_path, capsys):
    path = tmp_path / "mine.safetensors"
    save(path, untrained("memory", dim=None))
    rows = command(tmp_path, "--policies", str(path), "--oracle")
    assert [row["method"] for row in rows] == [str(path), "tpe", "random", "oracle"]
    assert all(row["best"].keys() == {"10", "20"} for row in rows)
    curves = held_out.Cell("random", "gp", 1, 3, 20, 0).curves()
    assert rows[2]["best"]["10"] == curves[:, 9].tolist()
    printed = capsys.readouterr().out.splitlines()
    tpe, random = (torch.tensor(rows[i]["best"]["10"]) for i in (1, 2))
    mean, gap = random.mean().item(), random - tpe
    entry = f"{mean:.3f} +- {(random.std() / 3**0.5).item():.3f}"
    paired = f"({gap.mean().item():+.3f} +- {(gap.std() / 3**0.5).item():.3f})"
    (line,) = [line for line in printed if line.startswith("random")]
    assert f"{entry} {paired}" in line


@pytest.mark.parametrize("kind", ["lstm", "dnc"])
def test_a_recurrent_policy_is_played_as_it_is_shipped(kind):
    policy = untrained(kind, dim=2)
    functions = functions_of("gp", 2, 3)
    one_by_one = play(trained(policy, functions), functions, 12)
    together = held_out.Cell("mine", "gp", 2, 3, 12, 0, policy).curves()
    # Each study works in a symmetry of its own, so only the first trial is the same.
    assert together.shape == one_by_one.shape
    torch.testing.assert_close(together[:, 0], one_by_one[:, 0])
    assert (together[:, -1] <= together[:, 0]).all()


def test_a_parallel_policy_has_its_workers_and_reports_every_trial():
    policy = untrained("lstm", dim=2)
    parallel = replace(policy, policy=replace(policy.policy, workers=5))
    curves = held_out.Cell("mine", "gp", 2, 3, 12, 0, parallel).curves()
    assert curves.shape == (3, 12)
    assert (curves.diff(dim=1) <= 0.0).all()
    alone = held_out.Cell("mine", "gp", 2, 3, 12, 0, policy).curves()
    assert not torch.equal(curves, alone)
    latent, _ = play_parallel(parallel, functions_of("gp", 2, 3), 12, 5, 0.3)
    assert np.array_equal(curves.numpy(), np.minimum.accumulate(latent, 1))


def test_means_are_drawn(tmp_path):
    picture = tmp_path / "means.png"
    command(tmp_path, "--peers", "random", "tpe", "--figure", str(picture))
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_second_run_computes_what_is_missing_even_after_a_torn_line(tmp_path, monkeypatch):
    first = command(tmp_path)
    cells = tmp_path / "cells.jsonl"
    lines = cells.read_text().splitlines()
    cells.write_text(lines[0] + "\n" + lines[1][:40])
    computed = []
    run = held_out.run
    monkeypatch.setattr(held_out, "run", lambda cell: computed.append(cell) or run(cell))
    assert command(tmp_path) == first
    assert len(computed) == 1
    assert command(tmp_path) == first
    assert len(computed) == 1


def test_other_parameters_make_another_cell():
    policy = untrained("memory", dim=None)
    before = held_out.Cell("mine", "gp", 1, 3, 20, 0, policy).key()
    assert held_out.Cell("mine", "gp", 1, 3, 20, 0, untrained("memory", dim=None)).key() == before
    next(iter(policy.params.values()))[...] += 1.0
    assert held_out.Cell("mine", "gp", 1, 3, 20, 0, policy).key() != before


def test_cells_of_another_version_of_the_comparison_are_computed_anew(tmp_path, monkeypatch):
    first = command(tmp_path)
    monkeypatch.setattr(held_out, "VERSION", held_out.VERSION - 1)
    earlier = command(tmp_path)
    assert not {row["key"] for row in first} & {row["key"] for row in earlier}
    assert len((tmp_path / "cells.jsonl").read_text().splitlines()) == len(first + earlier)
