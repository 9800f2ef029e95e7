"""Functions from tables of past trials."""

import numpy as np
import pytest
import torch

from tests.train.functions.examples import generator
from train.functions.tables import draw_from, from_table


def table(n=60, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.random((n, 2))
    return x, 100.0 + 7.0 * np.sin(5.0 * x[:, 0])


def values_at(functions, x):
    return functions.latent(torch.from_numpy(x).expand(len(functions.one_of), -1, -1))


def test_draws_agree_with_the_table_where_it_has_trials_and_differ_far_from_it():
    x, y = table()
    left = x[:, 0] < 0.5
    functions = draw_from([from_table(x[left], y[left])], 50, 2, generator())
    z = (y - y[left].mean()) / y[left].std()
    near, far = values_at(functions, x[left]), values_at(functions, x[x[:, 0] > 0.8])
    assert (near - torch.from_numpy(z[left])).abs().mean() < 0.1
    assert near.std(0).mean() < 0.15 < far.std(0).mean()


def test_an_axis_without_influence_is_found():
    functions = draw_from([from_table(*table())], 1, 2, generator())
    width = functions.values["frequency"][0].abs().median(0).values
    assert width[0] > 1.5 * width[1]


def test_every_table_gives_functions():
    (x, y), (other, shown) = table(), table(seed=1)
    both = [from_table(x, y), from_table(other, -shown)]
    functions = draw_from(both, 40, 2, generator())
    z = torch.from_numpy((y - y.mean()) / y.std())
    like = (values_at(functions, x) * z).mean(1)
    assert 8 < (like > 0.8).sum() < 32 and ((like > 0.8) | (like < -0.8)).all()


def test_the_same_generator_gives_the_same_functions():
    fitted, x = from_table(*table()), table()[0]
    first, again = (values_at(draw_from([fitted], 3, 2, generator(4)), x) for _ in range(2))
    assert torch.equal(first, again)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros(9), np.zeros(9), r"x must be \(N, d\) .* got \(9,\)"),
        (np.zeros((3, 2)), np.zeros(3), "N at least 5"),
        (np.full((9, 2), 3.0), np.zeros(9), r"x lie in \[0, 1\]"),
        (np.zeros((9, 2)), np.full(9, np.nan), "leave out failed trials"),
    ],
)
def test_what_is_no_table_is_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        from_table(x, y)


def test_another_number_of_dimensions_is_refused():
    with pytest.raises(ValueError, match=r"3 dimensions are asked for, the tables have \[2\]"):
        draw_from([from_table(*table())], 1, 3, generator())
