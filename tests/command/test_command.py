"""The command, driven as a process."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import optuna
import pytest

from l2l_sampler import registry
from l2l_sampler.command.__main__ import main
from l2l_sampler.command.suggest import space_of

SPACE = {
    "rate": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
    "n": {"type": "int", "low": 1, "high": 8},
    "kind": {"type": "categorical", "choices": ["a", "b"]},
}


def run(*arguments, lines=()):
    """Answers, exit code and what was complained of."""
    done = subprocess.run(
        [sys.executable, "-m", "l2l_sampler.command", *map(str, arguments)],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.splitlines(), done.returncode, done.stderr


def suggest(state, *lines, space=SPACE, more=()):
    """The answers to these requests."""
    given = [] if space is None else ["--space", json.dumps(space)]
    out, code, complaint = run("suggest", "--state", state, *given, *more, lines=lines)
    assert code == 0, complaint
    return [json.loads(line) for line in out]


def test_asks_are_answered_and_what_is_told_is_kept_for_the_next_process(tmp_path):
    state = tmp_path / "study.log"
    (first,) = suggest(state, {"ask": 1}, more=["--seed", "0"])
    assert first["trial"] == 0 and first["params"].keys() == SPACE.keys()
    answers = suggest(
        state, {"tell": 0, "value": 2.5}, {"ask": 2}, {"tell": 1, "failed": True}, space=None
    )
    assert answers[0] == {"told": 0} and [a["trial"] for a in answers[1:3]] == [1, 2]
    assert answers[3] == {"told": 1}
    (best,) = suggest(state, {"best": 1}, space=None)
    assert best == {"trial": 0, "params": first["params"], "value": 2.5}


def test_it_minimizes_what_it_is_told(tmp_path):
    state, values = tmp_path / "study.log", []
    process = subprocess.Popen(
        [sys.executable, "-m", "l2l_sampler.command", "suggest", "--state", str(state)]
        + ["--space", json.dumps(SPACE), "--seed", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def answer(request):
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    for _ in range(30):
        asked = answer({"ask": 1})
        p = asked["params"]
        values.append((p["n"] - 5) ** 2 + (p["kind"] == "a") + abs(p["rate"] - 0.01))
        answer({"tell": asked["trial"], "value": values[-1]})
    process.kill()
    process.communicate()
    assert min(values) < 0.05
    assert suggest(state, {"best": 1}, space=None)[0]["value"] == min(values)


def test_several_workers_share_a_state(tmp_path):
    state = tmp_path / "study.log"
    suggest(state, {"ask": 1}, {"tell": 0, "value": 1.0})
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda _: suggest(state, {"ask": 3}, space=None), range(4))
        each = list(found)
    assert sorted(one["trial"] for answers in each for one in answers) == list(range(1, 13))
    # Those that ask at the same moment may not see each other; each sees its own trials.
    assert all(len({json.dumps(one["params"]) for one in answers}) == 3 for answers in each)


def test_several_objectives_and_constraints(tmp_path):
    state = tmp_path / "study.log"
    directions = ["--directions", "minimize", "maximize"]
    answers = suggest(
        state,
        {"ask": 2},
        {"tell": 0, "value": [1.0, 2.0], "constraints": [0.5]},
        {"tell": 1, "value": [3.0, 1.0], "constraints": [-0.5, -1]},
        {"best": 5},
        more=directions,
    )
    assert answers[2:4] == [{"told": 0}, {"told": 1}]
    assert [best["trial"] for best in answers[4:]] == [1]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({}, 'one of "ask", "tell" and "best"'),
        ({"ask": 1, "tell": 0}, "one of"),
        ({"ask": 0}, "whole number from 1 on, got 0"),
        ({"tell": -1, "value": 1.0}, "whole number from 0 on, got -1"),
        ({"best": 1}, "no trial has a value yet"),
        ({"ask": "x"}, "whole number"),
        ({"ask": 1, "n": 3}, "unknown 'n'"),
        ({"tell": 99, "value": 1.0}, "no trial 99; 1 were asked for"),
        ({"tell": 0}, 'either "value" or'),
        ({"tell": 0, "value": None}, "None is no number"),
        ({"tell": 0, "value": True}, "True is no number"),
        ({"tell": 0, "value": float("nan")}, "no number"),
        ({"tell": 0, "value": [1, 2]}, "give 1 values"),
        ({"tell": 0, "value": 1, "failed": True}, "either"),
        ({"tell": 0, "value": 1, "constraints": 3}, "must be a list"),
        ([1], "a JSON object, got"),
    ],
)
def test_wrong_requests_get_an_error_and_change_nothing(tmp_path, request_, words):
    answers = suggest(tmp_path / "s.log", {"ask": 1}, request_, {"tell": 0, "value": 1.0})
    assert words in answers[1]["error"]
    assert answers[2] == {"told": 0}


def test_a_trial_is_told_once(tmp_path):
    state = tmp_path / "s.log"
    answers = suggest(
        state, {"ask": 1}, {"tell": 0, "value": 1.0}, {"tell": 0, "value": 9.0}, {"best": 1}
    )
    assert "told before" in answers[2]["error"] and answers[3]["value"] == 1.0


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ("{", "not JSON"),
        ("{}", "object of parameters"),
        ('{"x": 3}', "'x' is 3; give it a type"),
        ('{"x": {"type": "real"}}', "give it a type, one of float, int, categorical"),
        ('{"x": {"type": "float", "low": 0}}', "'x' lacks high"),
        ('{"x": {"type": "int", "low": 0, "high": 1, "base": 2}}', "'x' has unknown base"),
        ('{"x": {"type": "float", "low": 2, "high": 1}}', "'x' cannot be"),
        ('{"x": {"type": "float", "low": "a", "high": 1}}', "'x' cannot be"),
        ('{"x": {"type": "categorical", "choices": []}}', "'x' cannot be"),
    ],
)
def test_wrong_spaces_are_named(space, words):
    with pytest.raises(ValueError, match=words):
        space_of(space)


def test_a_space_may_lie_in_a_file(tmp_path):
    file = tmp_path / "space.json"
    file.write_text(json.dumps(SPACE))
    assert space_of(str(file)) == space_of(json.dumps(SPACE))


def test_a_state_of_something_else_is_refused(tmp_path):
    state = tmp_path / "study.log"
    state.write_text('{"op_code": "nonsense"}\n')
    out, code, complaint = run("suggest", "--state", state, "--space", json.dumps(SPACE))
    assert code == 2 and "study.log holds no state" in complaint and not out
    out, code, complaint = run("suggest", "--state", tmp_path / "new.log")
    assert code == 2 and "is new, so --space is needed" in complaint


def test_every_policy_has_a_line_and_a_card(capsys):
    assert main(["policies"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = {model.name for model in registry.shipped()}
    assert {line.split(":")[0].split(" ")[0] for line in lines} == names
    start = "memory-posterior-3 (memory): any number of axes"
    assert any(line.startswith(start) for line in lines)
    assert len(lines) == len(names)
    assert main(["card", "memory"]) == 0
    assert capsys.readouterr().out.startswith("# memory-posterior-3")
    with pytest.raises(SystemExit) as stop:
        main(["card", "none"])
    assert stop.value.code == 2 and "there is no policy 'none'" in capsys.readouterr().err


def test_files_are_verified(capsys, monkeypatch, tmp_path):
    assert main(["verify"]) == 0
    assert set(line.split(": ")[1] for line in capsys.readouterr().out.splitlines()) == {"ok"}
    good = registry.path_of
    bad = tmp_path / "memory-kernel.safetensors"
    bad.write_bytes(b"damaged")
    monkeypatch.setattr(registry, "path_of", lambda f: bad if f == bad.name else good(f))
    assert main(["verify"]) == 1
    assert "memory-kernel.safetensors: DAMAGED" in capsys.readouterr().out


def test_a_study_is_explained(tmp_path, capsys):
    url = f"sqlite:///{tmp_path}/study.db"
    study = optuna.create_study(study_name="mine", storage=url)
    study.optimize(lambda trial: trial.suggest_float("x", 0.0, 1.0) ** 2, n_trials=8)
    assert main(["explain", "mine", "--storage", url]) == 0
    assert "x" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        main(["explain", "other", "--storage", url])
    assert stop.value.code == 2


@pytest.mark.parametrize(
    ("url", "words"),
    [("sqlite:///{}/new.db", "there is no study"), ("nonsense", "cannot be opened")],
)
def test_a_study_that_is_not_there_is_named(tmp_path, capsys, url, words):
    with pytest.raises(SystemExit) as stop:
        main(["explain", "other", "--storage", url.format(tmp_path)])
    assert stop.value.code == 2 and words in capsys.readouterr().err


def test_another_space_counts_from_then_on(tmp_path):
    state = tmp_path / "s.log"
    suggest(state, {"ask": 1}, {"tell": 0, "value": 1.0})
    wider = SPACE | {"extra": {"type": "float", "low": 0.0, "high": 1.0}}
    suggest(state, {"ask": 1}, space=wider)
    (asked,) = suggest(state, {"ask": 1}, space=None)
    assert asked["params"].keys() == wider.keys()
