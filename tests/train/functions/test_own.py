"""Functions of a user's own."""

import pytest
import torch

from tests.train.functions.examples import generator, points
from train.functions.own import OwnFunctions
from train.functions.priors import draw

HERE = "tests.train.functions.test_own"


def paraboloid(values, x):
    return ((x - values["centre"][:, None]) ** 2).sum(-1)


def paraboloids(count, dim, generator):
    return OwnFunctions(paraboloid, {"centre": torch.rand(count, dim, generator=generator)}, dim)


def too_few(count, dim, generator):
    return paraboloids(count - 1, dim, generator)


def nothing(count, dim, generator):
    return None


def own(count=3, dim=2, seed=0):
    return draw(f"{HERE}:paraboloids", count, dim, generator=generator(seed))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_formula_is_asked_in_the_precision_of_the_points(dtype):
    functions, x = own(), points(3, 4, 2).to(dtype)
    centre = functions.values["centre"].to(dtype)[:, None]
    assert torch.equal(functions.latent(x), ((x - centre) ** 2).sum(-1))
    assert torch.equal(functions.observe(functions.latent(x), generator()), functions.latent(x))


def test_integers_choices_and_noise_are_as_of_other_functions():
    one_of = torch.tensor([[False, True, True]]).expand(4, 3)
    bins = torch.tensor([[2, 0, 0]]).expand(4, 3)
    noise = torch.full((4,), 0.1)
    functions = OwnFunctions(
        paraboloid, {"centre": torch.rand(4, 3)}, 3, noise=noise, bins=bins, one_of=one_of
    )
    x = points(4, 300, 3)
    snapped = functions.snap(x)
    assert set(snapped[..., 0].unique().tolist()) == {0.25, 0.75}
    assert set(snapped[..., 1:].unique().tolist()) == {0.0, 1.0}
    assert torch.equal(functions.latent(x), functions.latent(snapped))
    g = functions.latent(x)
    assert 0.08 < (functions.observe(g, generator()) - g).std() < 0.12


def test_replaced_rows_are_the_other_functions_and_the_state_brings_them_back():
    ours, theirs, x = own(4), own(2, seed=1), points(4, 5, 2)
    before, expected = ours.latent(x), theirs.latent(x[:2])
    ours.replace(torch.tensor([0, 1]), theirs)
    assert torch.equal(ours.latent(x), torch.cat([expected, before[2:]]))
    other = own(4, seed=2)
    other.load_state_dict(ours.state_dict())
    assert torch.equal(other.latent(x), ours.latent(x))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent_module:f", "needs a module 'absent_module' to import.*Write module:function"),
        (":f", "needs a module '' to import"),
        (f"{HERE}:absent", "has no function 'absent'; .*function.count, dim, generator."),
        (f"{HERE}:HERE", "has no function 'HERE'"),
        (f"{HERE}:nothing", "returned a NoneType; .*must return train.functions.own.OwnFunctions"),
        (f"{HERE}:too_few", "asked for 3 functions of 2 dimensions and returned 2 of 2"),
    ],
)
def test_a_wrong_prior_is_answered_with_what_is_needed(name, message):
    with pytest.raises(ValueError, match=message):
        draw(name, 3, 2, generator=generator())


def test_wrong_shapes_are_explained():
    with pytest.raises(ValueError, match=r"bins has the shape \(2, 3\); 3 functions of 2 dim"):
        OwnFunctions(paraboloid, {"centre": torch.rand(3, 2)}, 2, bins=torch.zeros(2, 3))
    with pytest.raises(ValueError, match="values is empty"):
        OwnFunctions(paraboloid, {}, 2)
    functions = OwnFunctions(lambda values, x: x, {"centre": torch.rand(3, 2)}, 2)
    with pytest.raises(ValueError, match=r"returned the shape \(3, 4, 2\) .*must return \(3, 4\)"):
        functions.latent(points(3, 4, 2))
