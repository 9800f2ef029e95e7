"""What failed trials make the memory policy propose."""

from dataclasses import replace

import numpy as np
import pytest

from l2l_sampler import registry
from l2l_sampler.history import History
from l2l_sampler.policies.memory.policy import MemoryPolicy
from tests.policies.memory.examples import SORTS, continuous, policy_of, trials

sorts = pytest.mark.parametrize("sort", SORTS)
cautions = pytest.mark.parametrize("caution", [None, 0.0, 1.0])
dims = pytest.mark.parametrize("dim", [1, 2])


def policy_with(caution):
    return MemoryPolicy(encoding="robust-1", caution=caution)


def history_of(x):
    """Results of a bowl around 0.75, the trials beyond 0.6 along the first axis having failed."""
    failed = x[:, 0] > 0.6
    history = History.sequential(x, ((x - 0.75) ** 2).sum(1))
    return replace(
        history, y=np.where(failed, np.nan, history.y), told=history.asked + 0.5, failed=failed
    )


def proposed(policy, history, seed=0):
    params, cube = registry.load_policy("memory").params, continuous(history.x.shape[1])
    points = policy.propose(params, history, cube=cube, seed=seed, number=history.n)
    return points[0]


@dims
@cautions
def test_failed_trials_repel_proposals(dim, caution):
    """With the failures forgotten, most proposals go where the bowl's slope leads, which fails."""
    policy, histories = policy_with(caution), []
    for seed in range(10):
        histories.append(history_of(np.random.default_rng(seed).random((20, dim))))
    told = [proposed(policy, h, seed)[0] > 0.65 for seed, h in enumerate(histories)]
    forgotten = [
        proposed(policy, h.take(~h.failed), seed)[0] > 0.65 for seed, h in enumerate(histories)
    ]
    assert np.mean(told) <= 0.1
    assert np.mean(forgotten) >= 0.4


@cautions
def test_the_best_beside_a_region_that_fails_is_found_with_few_failures(caution):
    """Of 40 trials 6 fail at most, and the value is 0.04 above the best that is allowed."""
    x = np.random.default_rng(0).random((5, 2))
    policy = policy_with(caution)
    for _ in range(40):
        x = np.vstack([x, proposed(policy, history_of(x))])
    history = history_of(x)
    assert history.failed[5:].sum() < 12
    assert np.nanmin(history.y) < 0.15**2 + 0.08


@sorts
@pytest.mark.parametrize(("n", "pending"), [(1, 0), (6, 0), (6, 2), (200, 0), (200, 150)])
def test_where_nothing_has_a_value_points_of_the_cube_are_proposed(sort, n, pending):
    policy, params = policy_of(sort)
    history = trials(2, n=n, pending=pending, failed=n - pending)
    points = policy.propose(params, history, cube=continuous(2), seed=0, number=n)
    assert np.all((points >= 0.0) & (points <= 1.0))


@sorts
def test_a_trial_of_which_only_the_point_is_known_changes_no_proposal(sort):
    policy, params = policy_of(sort)
    history = trials(2, n=20, pending=2, failed=3)
    more = history.take(np.append(np.arange(20), 0))
    more.y[-1], more.failed[-1] = np.nan, False
    for one in (history, more):
        one.x[-1] = history.x[-1]
    options = {"cube": continuous(2), "seed": 0, "number": 20}
    np.testing.assert_array_equal(
        policy.propose(params, more, **options), policy.propose(params, history, **options)
    )


@pytest.mark.parametrize("sort", ["kernel", "posterior", "posterior, warped"])
def test_without_caution_a_failed_trial_is_an_infinitely_bad_one(sort):
    policy, params = policy_of(sort)
    history = trials(2, n=20, pending=2, failed=3)
    options = {"cube": continuous(2), "seed": 0, "number": 20}
    np.testing.assert_array_equal(
        policy.propose(params, history, **options),
        policy.propose(params, history.plain(np.random.default_rng(0)), **options),
    )


def test_more_caution_lowers_the_score_of_points_more_likely_to_fail():
    params = registry.load_policy("memory").params
    history = history_of(np.random.default_rng(0).random((20, 2)))
    p = np.array([[[0.2, 0.5], [0.9, 0.5]]])
    scores = []
    for caution in (0.0, 1.0, 3.0):
        policy = policy_with(caution)
        draws = policy.draws(continuous(2), np.random.default_rng(0))
        prepared = policy.prepare(params, policy.table(params, history), draws)
        scores.append(policy.score(params, prepared, p).log_ei[0])
    safe, risky = np.array(scores).T
    assert np.all(np.abs(np.diff(safe)) < 1.0)
    assert np.all(np.diff(risky) < -1.0)
