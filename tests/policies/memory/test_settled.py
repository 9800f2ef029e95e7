"""What is inferred from the first results depends on them alone, wherever it comes from."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from l2l_sampler import registry
from l2l_sampler.policies.base import Cache
from l2l_sampler.policies.memory.process import infer
from l2l_sampler.policies.memory.process.settled import Inferred, settled
from tests.policies.memory.examples import continuous, trials

EVERY, ZOOM = 4, 18


@pytest.fixture
def trained():
    """The shipped weights in a policy that infers every fourth trial, with a cache of its own."""
    shipped = registry.load_policy("memory")
    return replace(shipped, policy=replace(shipped.policy, every=EVERY, zoom=ZOOM))


def propose(trained, history, number=None):
    number = history.n if number is None else number
    return trained.propose(history, cube=continuous(history.x.shape[1]), seed=0, number=number)


def without_cache(trained, history, number):
    cube = continuous(history.x.shape[1])
    return trained.policy.propose(trained.params, history, cube=cube, seed=0, number=number)


def whole(history):
    """An even number: the proposal looks at the whole cube, and not through a box."""
    return 2 * history.n


def first(history, n):
    return history.take(np.arange(n))


@pytest.mark.parametrize(
    ("ended", "every", "m"),
    [(15, 4, None), (16, 4, 16), (19, 4, 16), (31, 4, 28), (32, 4, 32), (39, 4, 32), (40, 4, 40)]
    + [(31, 8, None), (39, 8, 32), (63, 8, 56), (79, 8, 64), (1000, 8, 992)],
)
def test_the_number_of_settled_trials_grows_in_steps_that_widen_once(ended, every, m):
    found = settled(trials(2, n=ended + 3, pending=3, failed=2), every)
    assert m == (None if found is None else found.n)


def test_trials_settle_in_the_order_of_their_results():
    history = trials(2, n=18)
    late = np.random.default_rng(0).permutation(18).astype(float)
    history = replace(history, told=history.asked[-1] + late)
    assert_array_equal(settled(history, 4).x, history.x[np.argsort(late)[:16]])


@pytest.mark.parametrize("failed", [0, 6])
def test_a_policy_that_served_a_study_and_a_new_one_propose_the_same(trained, failed):
    history = trials(2, n=44, failed=failed)
    copied = pickle.loads(pickle.dumps(trained))
    for n in range(1, 45):
        served = propose(trained, first(history, n))
        assert_array_equal(served, without_cache(trained, first(history, n), n))
    assert trained.cache.entries
    assert_array_equal(served, propose(copied, history))


def test_a_step_of_proposals_infers_once_for_the_cube_and_once_for_boxes(trained, monkeypatch):
    times = []
    inferred = infer._hyper_parameters
    monkeypatch.setattr(
        infer, "_hyper_parameters", lambda *given: times.append(1) or inferred(*given)
    )
    history = trials(2, n=24, pending=0)
    for n in range(20, 24):
        propose(trained, first(history, n))
    assert len(trained.cache.entries) == 2
    assert len(times) == 4  # each has the strength of the map to choose, too
    propose(trained, history, whole(history))
    assert len(times) == 6


def test_while_few_trials_have_ended_all_are_inferred_from(trained):
    plain = replace(trained, policy=replace(trained.policy, every=None))
    for n in range(1, 4 * EVERY):
        history = trials(3, n=n)
        assert_array_equal(propose(trained, history), propose(plain, history))
    assert not trained.cache.entries


def test_after_a_step_all_trials_are_inferred_from(trained):
    plain = replace(trained, policy=replace(trained.policy, every=None))
    history = trials(3, n=5 * EVERY, failed=3)
    assert_array_equal(
        propose(trained, history, whole(history)), propose(plain, history, whole(history))
    )
    assert_allclose(propose(trained, history, 21), propose(plain, history, 21), atol=1e-8)


def test_the_order_of_results_counts_only_for_which_of_them_come_first(trained):
    history = trials(2, n=22)  # 20 of them have settled
    expected = propose(trained, history)
    rng = np.random.default_rng(0)
    order = np.concatenate([rng.permutation(20), [21, 20]])
    same = replace(history, told=history.told[order])
    assert_allclose(propose(trained, same), expected, atol=1e-6)
    swapped = replace(history, told=history.told[[20, *range(1, 20), 0, 21]])
    assert np.abs(propose(trained, swapped) - expected).max() > 1e-6


def test_pending_trials_change_nothing_that_is_inferred(trained):
    history = trials(2, n=22)
    propose(trained, first(history, 20))
    entries = trained.cache.entries
    propose(trained, replace(history, y=np.where(np.arange(22) < 20, history.y, np.nan)), 20)
    assert trained.cache.entries == entries


@pytest.mark.parametrize("number", [40, 41])
@pytest.mark.parametrize(("scale", "shift"), [(4.0, 0.0), (3.0, -7.0), (1e-6, 0.0)])
def test_the_scale_of_the_objective_does_not_matter_in_the_middle_of_a_step(
    trained, number, scale, shift
):
    history = trials(2, n=39, failed=2)
    moved = replace(history, y=scale * history.y + shift)
    expected = propose(trained, history, number)
    assert_allclose(propose(trained, moved, number), expected, atol=1e-5)


def test_a_first_failure_in_the_middle_of_a_step_is_heeded(trained):
    history = trials(2, n=22, failed=2)
    forgotten = first(history, 20)
    points = propose(trained, history, 22), propose(trained, forgotten, 22)
    assert np.abs(points[0] - points[1]).max() > 1e-6


def test_studies_in_threads_that_share_a_cache_get_what_they_get_alone(trained):
    studies = [trials(2, n=40, seed=seed) for seed in range(6)]

    def serve(history):
        return [propose(trained, first(history, n)) for n in range(20, 40, 3)]

    alone = [
        [without_cache(trained, first(history, n), n) for n in range(20, 40, 3)]
        for history in studies
    ]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(serve, studies))
    for one, other in zip(alone, together, strict=True):
        for points, others in zip(one, other, strict=True):
            assert_array_equal(points, others)


def test_two_studies_of_equal_trials_share_what_is_inferred_and_others_do_not(trained):
    history = trials(2, n=21)
    for one in (history, replace(history), trials(2, n=21, seed=1)):
        propose(trained, one, whole(one))
    assert len(trained.cache.entries) == 2


def test_with_a_long_history_a_subset_is_inferred_from(trained):
    history = trials(2, n=401)
    for number in (402, 403):
        served = propose(trained, history, number)
        assert_array_equal(served, without_cache(trained, history, number))
    order = np.random.default_rng(0).permutation(401)
    assert_allclose(propose(trained, history.take(order), 402), propose(trained, history, 402))


def test_stretching_there_and_back_changes_nothing():
    rng = np.random.default_rng(0)
    inferred = Inferred(np.zeros((1, 1)), rng.standard_normal((1, 5)), rng.standard_normal((1, 5)))
    width = rng.random(3)
    back = inferred.stretched(width).stretched(1.0 / width)
    assert_allclose(back.theta, inferred.theta)
    assert_allclose(back.limits, inferred.limits)
    assert_array_equal(inferred.stretched(width).theta[:, 3:], inferred.theta[:, 3:])


def test_a_cache_is_no_part_of_what_is_proposed(trained):
    """Entries of other studies, and those that were replaced, make no difference."""
    history, cache = trials(2, n=30), Cache()
    cube = continuous(2)
    options = {"cube": cube, "seed": 0, "number": 31, "cache": cache}
    expected = trained.policy.propose(trained.params, history, **options)
    for seed in range(1, 12):
        trained.policy.propose(trained.params, trials(2, n=30, seed=seed), **options)
    assert_array_equal(trained.policy.propose(trained.params, history, **options), expected)
