"""Expected improvement and correlation functions."""

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.gaussian_process.kernels import RBF, Matern

from l2l_sampler.policies.gaussian import log_h, log_h_slope, matern52, rbf


@pytest.mark.parametrize("z", [-6.0, -5.0001, -4.9, -2.0, 0.0, 3.0])
def test_expected_improvement_is_the_integral_it_stands_for(z):
    integral, _ = quad(lambda t: (z - t) * norm.pdf(t), -np.inf, z, epsabs=0.0, epsrel=1e-10)
    assert float(log_h(np.array(z))) == pytest.approx(np.log(integral), abs=0.01)


@pytest.mark.parametrize("z", [-60.0, -5.5, -4.5, -1.0, 0.0, 2.0, 6.0])
def test_the_slope_of_log_h_is_its_derivative(z):
    step = 1e-5
    difference = (log_h(np.array(z + step)) - log_h(np.array(z - step))) / (2.0 * step)
    assert float(log_h_slope(np.array(z))) == pytest.approx(float(difference), rel=1e-5, abs=1e-8)


def test_log_h_and_its_gradient_are_finite_anywhere():
    z = torch.tensor([-1e8, -1e3, -5.0, 0.0, 10.0, 1e3], dtype=torch.float64, requires_grad=True)
    value = log_h(z)
    value.sum().backward()
    assert torch.isfinite(value).all()
    assert torch.isfinite(z.grad).all()
    np.testing.assert_allclose(z.grad.numpy(), log_h_slope(z.detach().numpy()), rtol=1e-6)


@pytest.mark.parametrize(("ours", "theirs"), [(rbf, RBF()), (matern52, Matern(nu=2.5))])
def test_correlations_are_those_of_scikit_learn(ours, theirs):
    r = np.linspace(0.0, 4.0, 50)
    value, slope = ours(r**2)
    np.testing.assert_allclose(value, theirs(np.zeros((1, 1)), r[:, None])[0], atol=1e-9)
    step = 1e-6
    upper, lower = ours(r[1:] ** 2 + step)[0], ours(r[1:] ** 2 - step)[0]
    np.testing.assert_allclose(slope[1:], (upper - lower) / (2.0 * step), atol=1e-7)
