"""Policies side by side in torch, and what all optimizers have in common with them."""

import numpy as np
import pytest
import torch

from l2l_sampler.policies import KINDS
from tests.untrained import untrained
from train.validation.batched import batched, curves_of, torch_params
from train.validation.oracle import oracle
from train.validation.play import draw_held_out, play, trained


def side_by_side(policy, functions):
    generator = torch.Generator().manual_seed(0)
    params = torch_params(policy.params)
    return batched(policy.policy, params, snap=functions.snap, generator=generator)


@pytest.mark.parametrize("method", ["oracle", "trained"])
def test_no_point_of_a_small_space_is_tried_twice_while_others_are_left(method):
    functions = draw_held_out("gp", 2, 4)
    functions.bins = torch.tensor([[3, 2]]).expand(4, 2)
    policy = untrained("memory", dim=None)
    ask = oracle(functions) if method == "oracle" else trained(policy, functions)
    shown = []
    play(lambda x, y: shown.append(x) or ask(x, y), functions, 7)
    for x in shown[-1]:
        assert len(torch.unique(x, dim=0)) == 6


def test_side_by_side_the_best_point_that_is_new_is_taken():
    functions = draw_held_out("gp", 2, 4)
    functions.bins = torch.tensor([[4, 4]]).expand(4, 2)
    ask = side_by_side(untrained("memory", dim=None), functions)
    shown = []
    play(lambda x, y: shown.append(x) or ask(x, y), functions, 8)
    for x in shown[-1]:
        assert len(torch.unique(x, dim=0)) == 7


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_curves_of_a_policy_depend_on_the_seed_alone_and_fall(kind):
    policy, functions = untrained(kind, dim=3), draw_held_out("broad", 3, 4)
    params = torch_params(policy.params)
    first, again = (curves_of(policy.policy, params, functions, 6, seed=1) for _ in range(2))
    assert torch.equal(first, again)
    assert first.shape == (4, 6) and (first.diff(dim=1) <= 0.0).all()


def test_what_cannot_be_played_is_refused():
    with pytest.raises(TypeError, match="cannot play a policy of type object"):
        batched(object(), {}, snap=lambda x: x, generator=torch.Generator())


def test_parameters_become_single_precision_tensors():
    params = torch_params({"w": np.ones(3)}, requires_grad=True)
    assert params["w"].dtype == torch.float32 and params["w"].requires_grad
