"""Whatever a study does, every trial gets values that it may have."""

import math
from random import Random

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from tests.adapters.optuna.studies import CLIMBER, new_study

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

NUMBERS = st.integers(1, 5)
RANGES = {
    "float": st.builds(lambda low, size: FloatDistribution(low, low + size), NUMBERS, NUMBERS),
    "log": st.builds(
        lambda low, size: FloatDistribution(low / 7, low / 7 + size, log=True), NUMBERS, NUMBERS
    ),
    "stepped": st.builds(
        lambda low, n, step: FloatDistribution(low * step, (low + n) * step, step=step),
        NUMBERS,
        NUMBERS,
        st.sampled_from([0.1, 0.1, 0.3]),
    ),
    "int": st.builds(
        lambda low, size, step: IntDistribution(low, low + size * step, step=step),
        NUMBERS,
        st.integers(0, 5),
        st.sampled_from([1, 1, 2]),
    ),
    "log int": st.builds(
        lambda low, size: IntDistribution(low, low + size, log=True), NUMBERS, st.integers(0, 9)
    ),
    "choice": st.just(CategoricalDistribution(("a", None, "a", 2.5))),
    "flag": st.just(CategoricalDistribution((True, False))),
}
SUGGESTED = st.fixed_dictionaries({}, optional=RANGES)
VALUES = st.floats() | st.floats(-9, 9)
ENDINGS = st.sampled_from(["tell", "tell", "tell", "fail", "prune", "run"])
TRIALS = st.tuples(SUGGESTED, st.integers(0, 999), ENDINGS, VALUES)


def last(distribution):
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[-1]
    return distribution.high


def suggest(trial, name, distribution):
    d = distribution
    if isinstance(d, CategoricalDistribution):
        return trial.suggest_categorical(name, d.choices)
    if isinstance(d, IntDistribution):
        return trial.suggest_int(name, d.low, d.high, log=d.log, step=d.step)
    return trial.suggest_float(name, d.low, d.high, log=d.log, step=d.step)


@pytest.mark.parametrize("policy", [CLIMBER, "memory"], ids=["climber", "memory"])
@settings(max_examples=50, deadline=None)
@given(trials=st.lists(TRIALS, max_size=10), given_space=st.booleans())
def test_every_value_is_one_of_its_range_and_nothing_breaks(policy, trials, given_space):
    space = {"float": FloatDistribution(1.0, 3.0), "never": IntDistribution(0, 3)}
    study = new_study(policy=policy, search_space=space if given_space else None)
    running = []
    for suggested, seed, ending, value in trials:
        random = Random(seed)
        if random.random() < 0.3:
            study.enqueue_trial(
                {n: last(d) for n, d in suggested.items() if random.random() < 0.5}
            )
        trial = study.ask()
        names = list(suggested)
        random.shuffle(names)
        for name in names:
            distribution = suggested[name]
            found = suggest(trial, name, distribution)
            assert distribution._contains(distribution.to_internal_repr(found))
            if not isinstance(distribution, CategoricalDistribution):
                assert distribution.low <= found <= distribution.high
        if ending == "prune" or random.random() < 0.3:
            trial.report(random.uniform(-1, 1), random.randint(0, 3))
        if ending == "run":
            running.append(trial)
        elif ending == "tell" and not math.isnan(value):
            study.tell(trial, value)
        else:
            state = TrialState.PRUNED if ending == "prune" else TrialState.FAIL
            study.tell(trial, state=state)
        if running and random.random() < 0.3:
            study.tell(running.pop(), 1.0)
        assert all(isinstance(sentence, str) for sentence in study.sampler.describe(study))


def test_a_trial_may_be_told_while_others_of_it_are_asked_for():
    study = optuna.create_study(sampler=new_study().sampler)
    first = study.ask()
    x = first.suggest_float("x", 0, 1)
    second = study.ask()
    study.tell(first, x)
    assert 0 <= second.suggest_float("x", 0, 1) <= 1
    assert 0 <= second.suggest_float("y", 0, 1) <= 1
    study.tell(second, 0.0)
    assert 0 <= study.ask().suggest_float("y", 0, 1) <= 1
