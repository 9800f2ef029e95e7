"""Which trials of earlier studies a proposal is made from."""

import numpy as np
import pytest

from l2l_sampler.history import History, preceded
from l2l_sampler.policies.memory.search.studies import best_of_next, without_earlier
from l2l_sampler.spaces.axes import FloatAxis
from l2l_sampler.spaces.cube import UnitCube
from tests.adapters.optuna.studies import new_study

CUBE = UnitCube({name: FloatAxis(0.0, 1.0) for name in "ab"})


def after_two_studies(n):
    """A history of n results, after two studies of six trials each."""
    rng = np.random.default_rng(0)

    def some(count, centre):
        x = rng.random((count, 2))
        return History.sequential(x, ((x - centre) ** 2).sum(1))

    return preceded(some(n, 0.5), some(6, 0.2), some(6, 0.8))


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("n", [0, 2, 3, 9, 10, 30])
def test_earlier_studies_are_read_at_first_then_by_turns_then_no_more(n, number):
    history = after_two_studies(n)
    read = set(without_earlier(history, number).source)
    alone = n >= 10 or (n >= 3 and number % 2 == 1)
    assert read - {0} == (set() if alone else {1, 2})
    assert (without_earlier(history, number).source == 0).sum() == n


def test_a_study_begins_with_the_best_trial_of_each_earlier_one():
    for n, study in ((0, 1), (1, 2)):
        history = after_two_studies(n)
        of_study = history.take(history.source == study)
        best = of_study.x[np.argmin(of_study.y)]
        np.testing.assert_allclose(best_of_next(history, CUBE)[0], best)
    assert best_of_next(after_two_studies(2), CUBE) is None


def test_unrelated_studies_cost_no_more_than_a_few_trials():
    def bowl(centre):
        def objective(trial):
            return sum((trial.suggest_float(n, 0.0, 1.0) - centre) ** 2 for n in "abc")

        return objective

    def tuned(**earlier):
        values = []
        for seed in range(4):
            study = new_study(policy="memory", seed=seed, **earlier)
            study.optimize(bowl(0.2), n_trials=20)
            values.append(study.best_value)
        return float(np.median(values))

    other = new_study(policy="memory", seed=9)
    other.optimize(bowl(0.9), n_trials=30)
    assert tuned(earlier=[other]) < max(10.0 * tuned(), 1e-3)
