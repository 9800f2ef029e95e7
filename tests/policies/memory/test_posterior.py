"""Laws of the Gaussian process algebra."""

import numpy as np
import pytest
from scipy.stats import multivariate_t
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel

from l2l_sampler.policies.memory.policy import MemoryPolicy
from l2l_sampler.policies.memory.process.posterior import (
    JITTER,
    condition,
    kernel,
    likelihood_slope,
    log_likelihood,
)
from tests.policies.memory.examples import padded, trials

THETA = np.array([[-0.5, 0.3, 0.1, -3.0, 0.4]])
"""Hyper-parameters in three dimensions."""


def table_of(dim=3, n=20):
    return MemoryPolicy().table({}, trials(dim, n))


def conditioned(theta, table, weight=None):
    weight = table.known.astype(float) if weight is None else weight
    pairs = kernel(theta, table.x)
    return condition(pairs, table.x, table.z, weight), pairs


def test_the_posterior_is_that_of_scikit_learn():
    table = table_of(2)
    squared_exponential = 40.0  # as far up as the logit goes
    model, _ = conditioned(np.array([[-0.5, 0.3, -3.0, squared_exponential]]), table)
    assert model.noise.item() == pytest.approx(np.exp(-3.0) + JITTER)
    theirs = GaussianProcessRegressor(
        RBF(np.exp([-0.5, 0.3]), "fixed") + WhiteKernel(model.noise.item(), "fixed"),
        optimizer=None,
    )
    p = np.random.default_rng(4).random((1, 7, 2))
    mean, deviation = model.moments(p)
    theirs.fit(table.x[0], table.z[0] - model.mean[0])
    expected, spread = theirs.predict(p[0], return_std=True)
    spread = np.sqrt(spread**2 - model.noise[0, 0])
    np.testing.assert_allclose(mean[0] - model.mean[0], expected, atol=1e-6)
    np.testing.assert_allclose(deviation[0] / model.deviation[0], spread, atol=1e-6)


def test_the_gradients_of_the_posterior_are_its_derivatives():
    model, _ = conditioned(THETA, table_of())
    p = np.random.default_rng(4).random((1, 5, 3))
    mean, deviation, mean_slope, deviation_slope = model.moments_and_slopes(p)
    np.testing.assert_array_equal([mean, deviation], model.moments(p))
    step = 1e-5
    for axis in range(3):
        shift = step * np.eye(3)[axis]
        (m1, s1), (m0, s0) = model.moments(p + shift), model.moments(p - shift)
        np.testing.assert_allclose(mean_slope[..., axis], (m1 - m0) / (2 * step), atol=1e-5)
        np.testing.assert_allclose(deviation_slope[..., axis], (s1 - s0) / (2 * step), atol=1e-5)


def test_the_gradient_of_the_likelihood_is_its_derivative():
    table = table_of()

    def likelihood(theta):
        return log_likelihood(conditioned(theta, table)[0], table.z[:, None]).item()

    slope = likelihood_slope(*conditioned(THETA, table))[0]
    for j in range(THETA.shape[1]):
        shift = 1e-5 * np.eye(THETA.shape[1])[j]
        difference = (likelihood(THETA + shift) - likelihood(THETA - shift)) / 2e-5
        assert slope[j] == pytest.approx(difference, rel=1e-4, abs=1e-5)


def test_the_likelihood_is_that_of_students_distribution():
    """The signal variance's prior makes it one; the mean's adds its variance of 4 to all."""
    table = table_of(n=12)
    z = table.z[0]
    others = np.stack([z, np.exp(z), z[::-1]])  # (W, 12)
    model, _ = conditioned(THETA, table)
    (precision,), ones = model.precision, np.ones(12)
    shape = np.linalg.inv(precision) + 4.0 * np.outer(ones, ones)
    expected = multivariate_t(np.zeros(12), shape, df=2).logpdf(others)
    found = log_likelihood(model, others[None])[0]
    np.testing.assert_allclose(found - found[0], expected - expected[0], atol=1e-6)
    rougher, _ = conditioned(THETA - np.array([[1.0, 1.0, 1.0, 0.0, 0.0]]), table)
    other = np.linalg.inv(rougher.precision[0]) + 4.0 * np.outer(ones, ones)
    density = multivariate_t(np.zeros(12), other, df=2).logpdf(z)
    gain = 0.5 * np.log1p(4.0 * ones @ rougher.precision[0] @ ones)
    gain -= 0.5 * np.log1p(4.0 * ones @ precision @ ones)
    difference = log_likelihood(rougher, z[None, None]).item() - found[0]
    assert difference == pytest.approx(density - expected[0] + gain, abs=1e-6)


def test_padding_changes_no_likelihood_and_no_moment():
    table = table_of(n=12)
    longer = padded(table, 3)
    model, _ = conditioned(THETA, table)
    wide, _ = conditioned(THETA, longer)
    found = log_likelihood(wide, longer.z[:, None])
    np.testing.assert_allclose(found, log_likelihood(model, table.z[:, None]))
    p = np.random.default_rng(4).random((1, 5, 3))
    np.testing.assert_allclose(wide.moments(p), model.moments(p), atol=1e-10)


def test_nothing_known_leaves_the_prior():
    table = table_of(n=4)
    model, _ = conditioned(THETA, table, weight=np.zeros((1, 4)))
    mean, deviation = model.moments(np.random.default_rng(4).random((1, 5, 3)))
    np.testing.assert_array_equal(mean, np.zeros((1, 5)))
    np.testing.assert_array_equal(deviation, np.ones((1, 5)))
    assert model.best.item() == 0.0
