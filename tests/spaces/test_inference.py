"""Who takes part when is found out from trials of define-by-run objectives."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l2l_sampler.spaces.conditions import Excluded, Within
from l2l_sampler.spaces.inference import ConditionLearner, Suggested


@dataclass(frozen=True)
class Parameter:
    """A parameter of a made-up objective.

    Attributes:
        name: its name.
        n_values: number of its values 0, 1, ...; 0 if it is continuous.
        numeric: whether these are integers, not choices.
        parent: name of the parameter on which it depends; None if on none.
        values: of the parent, with which it takes part.
    """

    name: str
    n_values: int
    numeric: bool
    parent: str | None
    values: frozenset[int]


@st.composite
def objectives(draw):
    """The parameters of an objective in the order in which it suggests them."""
    found, parents = [], []
    for k in range(draw(st.integers(2, 8))):
        name, parent, values = f"p{k}", None, frozenset()
        if parents and draw(st.booleans()):
            above = draw(st.sampled_from(parents))
            parent = above.name
            if above.numeric:  # from or up to a value, as in a loop over layers
                cut = draw(st.integers(1, above.n_values - 1))
                upper = draw(st.booleans())
                values = frozenset(range(cut, above.n_values) if upper else range(cut))
            else:
                some = st.frozensets(st.integers(0, above.n_values - 1), min_size=1)
                values = draw(some.filter(lambda v, above=above: len(v) < above.n_values))
        n_values, numeric = draw(st.sampled_from([0, 2, 3, 4])), draw(st.booleans())
        found.append(Parameter(name, n_values, numeric, parent, values))
        if n_values:
            parents.append(found[-1])
    return found


def suggested(objective, rng, stop=None):
    """What a random trial suggests, or all before its `stop`-th parameter."""
    names, codes = [], {}
    for parameter in objective:
        there = parameter.parent is None or codes.get(parameter.parent) in parameter.values
        if not there:
            continue
        if stop is not None and len(names) == stop:
            break
        names.append(parameter.name)
        if parameter.n_values:
            codes[parameter.name] = int(rng.integers(parameter.n_values))
    return of(objective, names, codes)


def of(objective, names, codes):
    numeric = frozenset(p.name for p in objective if p.numeric and p.name in codes)
    return Suggested(tuple(names), codes, numeric)


def learned(trials, completed=None):
    learner = ConditionLearner()
    for k, trial in enumerate(trials):
        learner.add(trial, completed=True if completed is None else completed[k])
    return learner


def takes_part(name, codes, conditions):
    """Whether a parameter takes part in a trial with these values, by the conditions."""
    for condition in conditions.get(name, ()):
        code = codes.get(condition.parent)
        if code is None or not takes_part(condition.parent, codes, conditions):
            return False
        if isinstance(condition, Excluded):
            if code in condition.choices:
                return False
        elif condition.low is not None and code < condition.low:
            return False
        elif condition.high is not None and code > condition.high:
            return False
    return True


def names_of(objective):
    return [parameter.name for parameter in objective]


@settings(max_examples=150, deadline=None)
@given(objective=objectives(), seed=st.integers(0, 999), n=st.integers(1, 60))
def test_the_rules_agree_with_every_trial(objective, seed, n):
    rng = np.random.default_rng(seed)
    trials = [suggested(objective, rng) for _ in range(n)]
    space = {name for trial in trials for name in trial.names}
    conditions = learned(trials).conditions(space)
    for trial in trials:
        assert {n for n in space if takes_part(n, trial.codes, conditions)} == set(trial.names)


@settings(max_examples=100, deadline=None)
@given(objective=objectives(), seed=st.integers(0, 999))
def test_after_many_trials_the_rules_hold_for_new_ones(objective, seed):
    rng = np.random.default_rng(seed)
    trials = [suggested(objective, rng) for _ in range(400)]
    space = {name for trial in trials for name in trial.names}
    conditions = learned(trials).conditions(space)
    wrong = 0
    for _ in range(50):
        trial = suggested(objective, rng)
        if set(trial.names) <= space:
            found = {n for n in space if takes_part(n, trial.codes, conditions)}
            wrong += found != set(trial.names)
    assert wrong <= 2  # a combination that is rare may be new


@settings(max_examples=100, deadline=None)
@given(objective=objectives(), seed=st.integers(0, 999), data=st.data())
def test_neither_the_order_of_the_trials_nor_that_of_the_names_matters(objective, seed, data):
    rng = np.random.default_rng(seed)
    trials = [suggested(objective, rng) for _ in range(25)]
    completed = (rng.random(25) < 0.8).tolist()
    order = data.draw(st.permutations(range(25)))
    again = learned([trials[k] for k in order], [completed[k] for k in order])
    expected = learned(trials, completed).conditions(names_of(objective))
    assert again.conditions(data.draw(st.permutations(names_of(objective)))) == expected


@settings(max_examples=150, deadline=None)
@given(objective=objectives(), seed=st.integers(0, 999))
def test_trials_that_fail_half_way_break_no_rule(objective, seed):
    """They lack what they would have had, but completed trials have it."""
    rng = np.random.default_rng(seed)
    trials, completed = [], []
    for k in range(60):
        stop = int(rng.integers(1, 4)) if k % 3 == 0 else None
        trials.append(suggested(objective, rng, stop))
        completed.append(stop is None)
    space = {name for trial in trials for name in trial.names}
    conditions = learned(trials, completed).conditions(space)
    for trial, whole in zip(trials, completed, strict=True):
        found = {name for name in space if takes_part(name, trial.codes, conditions)}
        assert found >= set(trial.names)
        if whole:
            assert found == set(trial.names)


@settings(max_examples=150, deadline=None)
@given(objective=objectives(), seed=st.integers(0, 999))
def test_an_objective_that_returns_early_now_and_then_breaks_no_rule(objective, seed):
    """What a trial has always takes part by the rules."""
    rng = np.random.default_rng(seed)
    trials = [
        suggested(objective, rng, int(rng.integers(1, 4)) if k % 3 == 0 else None)
        for k in range(60)
    ]
    space = {name for trial in trials for name in trial.names}
    conditions = learned(trials).conditions(space)
    for trial in trials:
        assert {n for n in space if takes_part(n, trial.codes, conditions)} >= set(trial.names)


@settings(max_examples=100, deadline=None)
@given(objective=objectives(), seed=st.integers(0, 999), keep=st.integers(1, 8))
def test_only_parameters_of_the_space_have_rules_or_are_parents(objective, seed, keep):
    rng = np.random.default_rng(seed)
    learner = learned([suggested(objective, rng) for _ in range(25)])
    space = names_of(objective)[-keep:]
    for name, conditions in learner.conditions(space).items():
        assert name in space
        assert all(condition.parent in space for condition in conditions)


@settings(max_examples=100, deadline=None)
@given(objective=objectives(), seed=st.integers(0, 999))
def test_what_a_running_trial_shows_takes_part(objective, seed):
    rng = np.random.default_rng(seed)
    learner = learned([suggested(objective, rng) for _ in range(5)])
    running = [suggested(objective, rng, stop=3) for _ in range(5)]
    conditions = learner.conditions(names_of(objective), running)
    for trial in running:
        assert all(takes_part(name, trial.codes, conditions) for name in trial.names)


def trial(order, numeric=(), **codes):
    names = order.split()
    return Suggested(tuple(names), codes, frozenset(numeric))


def test_an_unseen_value_takes_part_until_a_trial_shows_that_it_does_not():
    learner = learned([trial("k x", k=0), trial("k", k=1)])
    assert learner.conditions("kx") == {"x": (Excluded("k", frozenset({1})),)}
    learner.add(trial("k", k=2))
    assert learner.conditions("kx") == {"x": (Excluded("k", frozenset({1, 2})),)}


def test_a_rule_is_revised_when_a_trial_speaks_against_it():
    learner = learned([trial("k x", k=0), trial("k", k=1)])
    assert learner.conditions("kx")
    learner.add(trial("k x", k=1))
    assert learner.conditions("kx") == {}


def test_a_loop_over_layers_gives_a_threshold():
    learner = learned(
        [trial("n " + " ".join(f"w{i}" for i in range(n)), "n", n=n) for n in (1, 2, 3)]
    )
    assert learner.conditions(["n", "w0", "w1", "w2"]) == {
        "w1": (Within("n", 2, None),),
        "w2": (Within("n", 3, None),),
    }


def test_between_two_thresholds_lies_a_range():
    learner = learned([trial("n x" if 2 <= n <= 3 else "n", "n", n=n) for n in (0, 1, 2, 3, 4)])
    assert learner.conditions("nx") == {"x": (Within("n", 2, 3),)}


def test_several_parameters_under_one_value_have_one_rule_each():
    learner = learned([trial("k a b c", k=0), trial("k d", k=1)])
    rule = (Excluded("k", frozenset({1})),)
    assert learner.conditions("kabcd") == {
        "a": rule,
        "b": rule,
        "c": rule,
        "d": (Excluded("k", frozenset({0})),),
    }


def test_two_parents_may_decide_together():
    trials = [
        trial("k b x" if k == 0 and b == 1 else "k b", k=k, b=b) for k in (0, 1, 2) for b in (0, 1)
    ]
    (rules,) = learned(trials).conditions("kbx").values()
    assert set(rules) == {Excluded("k", frozenset({1, 2})), Excluded("b", frozenset({0}))}


def test_a_parent_comes_before_what_depends_on_it():
    """What is suggested after it may agree by chance."""
    learner = learned([trial("k x a", k=0, a=0), trial("k a", k=1, a=1)])
    assert learner.conditions("kxa") == {"x": (Excluded("k", frozenset({1})),)}


def test_a_trial_that_did_not_complete_is_no_evidence_against_those_that_did():
    trials = [trial("k x", k=0), trial("k", k=1), trial("k", k=0)]
    learner = learned(trials, completed=[True, True, False])
    assert learner.conditions("kx") == {"x": (Excluded("k", frozenset({1})),)}


def test_a_running_trial_speaks_against_a_rule():
    learner = learned([trial("k x", k=0), trial("k", k=1)])
    assert learner.conditions("kx", running=[trial("k x", k=1)]) == {}


def test_where_trials_return_early_a_value_must_miss_a_parameter_often():
    early = [trial("k x", k=0)] * 10 + [trial("k", k=0)] * 6
    assert learned([*early, trial("k", k=1)]).conditions("kx") == {}
    often = learned([*early, *[trial("k", k=1)] * 12])
    assert often.conditions("kx") == {"x": (Excluded("k", frozenset({1})),)}


def test_where_everybody_has_everything_there_are_no_rules():
    assert learned([trial("k x", k=k % 2) for k in range(9)]).conditions("kx") == {}
    assert ConditionLearner().conditions("kx") == {}


@pytest.mark.parametrize("n", [1, 20])
def test_a_first_trial_that_ends_at_once_is_no_rule(n):
    learner = learned([Suggested(("x",), {}), *(trial("x k", k=j % 2) for j in range(n))])
    assert learner.conditions("xk") == {}
