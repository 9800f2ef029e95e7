"""Trials on other arithmetic, which differs in the last digits."""

import pytest

from hpo_benchmarks.timing.same_trials import departures, studies_with

STUDIES, TRIALS = 3, 40


@pytest.fixture(scope="module")
def reference():
    return studies_with({}, STUDIES, TRIALS)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_other_numbers_of_threads_give_the_same_trials(reference, threads):
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    found = studies_with(dict.fromkeys(names, threads), STUDIES, TRIALS)
    assert departures(reference, found) == [None] * STUDIES


@pytest.mark.parametrize("kernels", ["Haswell", "Sandybridge"])
def test_other_kernels_seldom_give_other_trials(reference, kernels):
    """Rounding makes a difference of the last digits vanish, but for one on the edge."""
    found = studies_with({"OPENBLAS_CORETYPE": kernels}, STUDIES, TRIALS)
    assert departures(reference, found).count(None) >= STUDIES - 1


def test_a_departure_is_the_first_trial_that_differs():
    one, two = [[0.0], [1.0], [2.0]], [[0.0], [1.5], [2.0]]
    assert departures([one, one], [one, two]) == [None, 1]
