"""Objectives that suggest some parameters only under some values of others."""

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState

from tests.adapters.optuna.studies import (
    ANY_DIMENSION,
    branching,
    new_study,
    params_of,
)


def learned(objective, n=30, policy="memory", **options):
    study = new_study(policy=policy, **options)
    study.optimize(objective, n_trials=n)
    return study


def described(study):
    return study.sampler.describe(study)


def enqueued(objective, *params):
    """The description after these trials."""
    study = new_study()
    for values in params:
        study.enqueue_trial(values)
    study.optimize(objective, n_trials=len(params))
    return described(study)


NET = [{"kind": "net", "layers": n} for n in (1, 2, 3)]


def test_the_description_tells_who_takes_part_when():
    assert enqueued(branching, *NET, {"kind": "tree"}) == [
        "depth takes part where kind is 'tree'",
        "layers takes part where kind is 'net'",
        "width0 takes part where kind is 'net'",
        "width1 takes part where layers >= 2",
        "width2 takes part where layers >= 3",
    ]


def test_the_description_grows_with_what_the_trials_show():
    assert described(new_study()) == []
    assert enqueued(branching, *NET[:1]) == []
    assert enqueued(branching, *NET[:2]) == ["width1 takes part where layers >= 2"]


def test_a_flag_may_be_a_parent():
    def objective(trial):
        if trial.suggest_categorical("momentum", (True, False)):
            return trial.suggest_float("beta", 0.0, 1.0)
        return 0.5

    assert enqueued(objective, {"momentum": True}, {"momentum": False}) == [
        "beta takes part where momentum is True"
    ]


def test_two_parents_may_decide_together():
    def objective(trial):
        a = trial.suggest_categorical("a", ("on", "off"))
        n = trial.suggest_int("n", 1, 3)
        return trial.suggest_float("x", 0.0, 1.0) if a == "on" and n >= 2 else 0.0

    trials = [{"a": a, "n": n} for a in ("on", "off") for n in (1, 2, 3)]
    (sentence,) = enqueued(objective, *trials)
    assert sentence in (
        "x takes part where a is 'on' and n >= 2",
        "x takes part where n >= 2 and a is 'on'",
    )


def test_choices_given_twice_do_not_shift_the_rule():
    def objective(trial):
        k = trial.suggest_categorical("k", ("a", "a", "b", "c"))
        return 0.0 if k == "b" else trial.suggest_float("w", 0.0, 1.0)

    study = new_study()
    for k in "abc":
        study.enqueue_trial({"k": k})
    study.optimize(objective, n_trials=3)
    (sentence,) = described(study)
    assert "'c'" in sentence and "'a'" in sentence and "'b'" not in sentence
    for _ in range(6):  # at rest all would be one value
        study.enqueue_trial({"k": "c"})
    study.optimize(objective, n_trials=6)
    assert len({params["w"] for params in params_of(study)[3:]}) == 6


def test_a_rule_that_turns_out_wrong_is_dropped_at_once():
    study = new_study()
    for kind in ("net", "tree"):
        study.enqueue_trial({"kind": kind, "layers": 1})
    study.optimize(branching, n_trials=2)
    assert "depth takes part where kind is 'tree'" in described(study)

    def objective(trial):
        return trial.suggest_int("depth", 1, 9) + branching(trial)

    study.enqueue_trial({"kind": "net"})
    study.optimize(objective, n_trials=1)
    assert not any(sentence.startswith("depth") for sentence in described(study))


@pytest.mark.parametrize("ending", [None, RuntimeError, optuna.TrialPruned])
def test_an_objective_that_stops_half_way_now_and_then_does_not_hide_the_rules(ending):
    def objective(trial):
        first = trial.suggest_float("first", 0.0, 1.0)
        if trial.number % 4 == 3:
            if ending is not None:
                raise ending
            return 1.0
        return first + branching(trial)

    study = new_study(policy="memory")
    for params in [*NET, {"kind": "tree"}] * 4:
        study.enqueue_trial(params)
    study.optimize(objective, n_trials=36, catch=RuntimeError)
    sentences = described(study)
    assert "layers takes part where kind is 'net'" in sentences
    assert "depth takes part where kind is 'tree'" in sentences


def test_every_sort_of_policy_plays_nested_objectives_to_the_end(policy):
    def objective(trial):
        """At most 9 axes at once, for which there are models of every sort."""
        y = branching(trial)
        if trial.suggest_int("extra", 0, 1):
            y += trial.suggest_int("n", 0, 2)
        return y + trial.suggest_float("last", 1e-3, 1.0, log=True)

    study = learned(objective, 25, policy)
    assert all(trial.state == TrialState.COMPLETE for trial in study.get_trials())


@st.composite
def trees(draw):
    """A define-by-run objective: name -> (number of choices, parent, value of the parent)."""
    found = {}
    for k in range(draw(st.integers(1, 6))):
        parent = draw(st.none() | st.sampled_from(sorted(found))) if found else None
        value = 0 if parent is None else draw(st.integers(0, found[parent][0] - 1))
        found[f"p{k}"] = (draw(st.integers(2, 3)), parent, value)
    return found


@settings(max_examples=12, deadline=None)
@given(tree=trees(), seed=st.integers(0, 99))
def test_the_rules_of_any_objective_are_found_or_not_yet_contradicted(tree, seed):
    def objective(trial):
        total = 0
        for name, (n, parent, value) in tree.items():
            if parent is None or trial.params.get(parent) == value:
                total += trial.suggest_categorical(name, tuple(range(n)))
        return total

    study = optuna.create_study(sampler=new_study(seed=seed).sampler)
    study.optimize(objective, n_trials=25)
    for sentence in described(study):
        name = sentence.split()[0]
        (_, parent, _) = tree[name]
        assert parent is not None and "takes part where" in sentence
    space = set(study.sampler.infer_relative_search_space(study, study.trials[-1]))
    assert space == {name for params in params_of(study) for name in params}


def rugged(trial):
    """A conditional objective on which random search needs hundreds of trials."""
    kind = trial.suggest_categorical("kind", ("a", "b", "c"))
    if kind == "c":
        return 1.0 + trial.suggest_float("z", 0.0, 1.0)
    n = trial.suggest_int("n", 1, 3)
    x = [trial.suggest_float(f"{kind}{i}", 0.0, 1.0) for i in range(n)]
    return 0.1 * abs(n - 2) + sum((v - 0.7) ** 2 for v in x) + 0.3 * (kind == "a")


@pytest.mark.parametrize("policy", ["memory", *ANY_DIMENSION])
def test_the_memory_policies_beat_random_search_on_a_nested_objective(policy):
    learned_best, random_best = [], []
    for seed in range(3):
        learned_best.append(learned(rugged, 40, policy, seed=seed).best_value)
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
        study.optimize(rugged, n_trials=120)  # three times as many
        random_best.append(study.best_value)
    assert np.median(learned_best) < np.median(random_best)
