"""Laws of the memory policy's training problems."""

import numpy as np
import pytest
import torch

from l2l_sampler.policies.memory.policy import MemoryPolicy
from tests.policies.memory.examples import SORTS
from train.memory.draws import search_draws
from train.memory.pool import MemoryPool
from train.validation.batched import torch_params

sorts = pytest.mark.parametrize("sort", SORTS)


def pool_of(sort="posterior", seed=0, **options):
    policy = MemoryPolicy(**SORTS[sort], hidden=8)
    params = torch_params(policy.init(np.random.default_rng(0)), requires_grad=True)
    sizes = {"batch": 6, "dim": 2, "starts": 3, "horizon": 16, "prior": "broad"} | options
    generator = torch.Generator().manual_seed(seed)
    return MemoryPool(policy, generator=generator, **sizes), params


OWN = "tests.train.functions.test_own:paraboloids"
CASES = [*((sort, "broad") for sort in SORTS), ("posterior", "tuning"), ("posterior", OWN)]


@pytest.mark.parametrize(("sort", "prior"), CASES)
def test_the_gradient_of_the_loss_reaches_every_parameter(sort, prior):
    pool, params = pool_of(sort, prior=prior)
    loss, _ = pool.step(params, 0.0)
    loss.backward()
    for name, value in params.items():
        assert torch.isfinite(value.grad).all() and (value.grad != 0.0).any(), name


@sorts
def test_every_step_adds_a_valid_trial_to_every_function(sort):
    pool, params = pool_of(sort)
    before, g = pool.trials.n.clone(), pool.trials.g.clone()
    pool.step(params, 0.0)
    going = torch.nonzero(pool.trials.n == before + 1)[:, 0]
    assert len(going) > 0
    x = pool.functions.snap(pool.trials.x)
    assert torch.equal(x[going], pool.trials.x[going])
    torch.testing.assert_close(pool.functions.latent(x)[going], pool.trials.g[going])
    for row in going.tolist():
        assert torch.equal(pool.trials.g[row, : before[row]], g[row, : before[row]])


def test_functions_at_their_end_make_room_for_others():
    pool, params = pool_of()
    first = pool.functions.rate.clone()
    for _ in range(16):
        pool.step(params, 0.0)
        assert (pool.trials.n < pool.trials.end).all() and (pool.trials.end <= 16).all()
    assert not torch.isclose(pool.functions.rate, first).all(1).any()


@pytest.mark.parametrize("prior", ["broad", "tuning", OWN])
def test_a_stored_pool_goes_on_as_it_would_have(tmp_path, prior):
    pool, params = pool_of(prior=prior)
    pool.step(params, 0.0)
    torch.save(pool.state_dict(), tmp_path / "state.pt")
    expected = [float(pool.step(params, 0.0)[0].detach()) for _ in range(3)]
    other, _ = pool_of(seed=1, prior=prior)
    other.load_state_dict(torch.load(tmp_path / "state.pt"))
    assert [float(other.step(params, 0.0)[0].detach()) for _ in range(3)] == expected


def test_the_draws_of_a_search_have_the_shapes_of_those_at_run_time():
    x = torch.zeros(1, 7, 3)
    ours = search_draws(x, 5, 4, torch.Generator().manual_seed(0))

    class Cube:
        dim = 3

        def sample(self, rng, n):
            return rng.random((n, 3))

    theirs = MemoryPolicy(starts=5, group=4).draws(Cube(), np.random.default_rng(0))
    for name in ours._fields:
        assert getattr(ours, name).shape == getattr(theirs, name).shape
        assert getattr(ours, name).dtype == x.dtype
