"""The operations that the array API leaves out."""

import numpy as np
import pytest
import torch
from scipy.special import ndtr

from l2l_sampler.arrays import cholesky, clamp_unit, normal_cdf, sigmoid, tril_inverse


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 100])
def test_the_inverse_of_a_triangle_undoes_it(n):
    rng = np.random.default_rng(n)
    root = rng.standard_normal((2, n, n))
    lower = np.linalg.cholesky(root @ root.transpose(0, 2, 1) + n * np.eye(n))
    inverse = tril_inverse(lower)
    np.testing.assert_allclose(inverse @ lower, np.broadcast_to(np.eye(n), (2, n, n)), atol=1e-12)
    assert np.all(np.triu(inverse, 1) == 0.0)
    np.testing.assert_allclose(tril_inverse(torch.tensor(lower)).numpy(), inverse, atol=1e-12)


def test_the_normal_distribution_function_is_that_of_scipy():
    x = np.linspace(-8.0, 8.0, 101)
    np.testing.assert_allclose(normal_cdf(x), ndtr(x), rtol=1e-12)
    np.testing.assert_allclose(normal_cdf(torch.tensor(x)).numpy(), ndtr(x), atol=1e-15)


def test_the_sigmoid_stays_finite_far_out():
    np.testing.assert_allclose(sigmoid(np.array([-1e4, 0.0, 1e4])), [0.0, 0.5, 1.0])


@pytest.mark.parametrize(
    ("x", "slope", "passed"),
    [
        (0.5, 1.0, 1.0),
        (1.5, 1.0, 1.0),  # descent leads back inside
        (1.5, -1.0, 0.0),  # descent leads further out
        (-0.5, -1.0, -1.0),
        (-0.5, 1.0, 0.0),
    ],
)
def test_the_clamp_drops_only_gradients_that_push_further_outside(x, slope, passed):
    point = torch.tensor([x], requires_grad=True)
    inside = clamp_unit(point)
    (slope * inside).sum().backward()
    assert 0.0 <= float(inside.detach()) <= 1.0
    assert float(point.grad) == passed


@pytest.mark.parametrize("convert", [np.asarray, torch.from_numpy])
def test_a_matrix_that_rounding_made_indefinite_has_a_factor_all_the_same(convert):
    k = np.ones((2, 3, 3))
    k[0] = np.eye(3)
    k[1, 0, 1] = k[1, 1, 0] = 1.0 + 1e-9
    factor = np.asarray(cholesky(convert(k)))
    np.testing.assert_allclose(factor @ factor.transpose(0, 2, 1), k, atol=1e-4)
    with pytest.raises((np.linalg.LinAlgError, RuntimeError)):
        cholesky(convert(-k))
