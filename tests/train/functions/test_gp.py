"""Laws of the Gaussian process that judges proposals."""

import math

import numpy as np
import pytest
import torch
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, Matern

from train.functions import gp

SKLEARN = {
    "rbf": lambda scale: RBF(scale),
    "matern32": lambda scale: Matern(scale, nu=1.5),
    "matern52": lambda scale: Matern(scale, nu=2.5),
}


def posterior(p, **table):
    return gp.condition(**table).moments(p)


@pytest.fixture
def table():
    """Three problems, one a kernel, with six trials and four query points in two dimensions."""
    g = torch.Generator().manual_seed(1)
    options = {"generator": g, "dtype": torch.float64}
    return {
        "kind": torch.tensor([2, 0, 1]),
        "rate": 1.0 / (0.2 + torch.rand(3, 2, **options)),
        "noise": torch.tensor([0.0, 0.1, 0.3], dtype=torch.float64),
        "a": torch.rand(3, 6, 2, **options),
        "value": torch.randn(3, 6, **options),
        "known": torch.ones(3, 6, dtype=torch.bool),
        "present": torch.ones(3, 6, dtype=torch.bool),
        "p": torch.rand(3, 4, 2, **options),
    }


def test_the_posterior_is_that_of_scikit_learn(table):
    mean, sd = posterior(**table)
    for i, kind in enumerate(table["kind"].tolist()):
        kernel = SKLEARN[gp.KERNELS[kind]](1.0 / table["rate"][i].numpy())
        alpha = float(table["noise"][i]) ** 2 + gp.JITTER
        model = GaussianProcessRegressor(kernel, alpha=alpha, optimizer=None)
        model.fit(table["a"][i].numpy(), table["value"][i].numpy())
        expected = model.predict(table["p"][i].numpy(), return_std=True)
        np.testing.assert_allclose(mean[i].numpy(), expected[0], atol=1e-7)
        np.testing.assert_allclose(sd[i].numpy(), expected[1], atol=1e-6)


def test_rows_outside_the_table_change_nothing(table):
    table["present"][:, [1, 4]] = False
    table["known"][:, [1, 4]] = False
    masked = posterior(**table)
    kept = [0, 2, 3, 5]
    short = {k: table[k][:, kept] for k in ("a", "value", "known", "present")}
    for left, right in zip(masked, posterior(**{**table, **short}), strict=True):
        torch.testing.assert_close(left, right)


def test_a_pending_trial_lowers_the_variance_and_leaves_the_mean_alone(table):
    table["known"][:, [0, 3]] = False
    mean, sd = posterior(**table)
    without = {**table, "present": table["known"]}
    mean_without, _ = posterior(**without)
    complete = {**table, "known": table["present"]}
    _, sd_complete = posterior(**complete)
    torch.testing.assert_close(mean, mean_without)
    torch.testing.assert_close(sd, sd_complete)
    assert (sd < posterior(**without)[1]).all()


def test_log_ei_is_the_expected_improvement_of_samples(table):
    mean, sd = posterior(**table)
    best = gp.incumbent(table["value"], table["known"])
    samples = torch.randn(
        200_000, 1, 1, generator=torch.Generator().manual_seed(2), dtype=torch.float64
    )
    gain = (best[:, None] - (mean + sd * samples)).clamp_min(0.0)
    error = gain.std(0) / math.sqrt(len(gain))
    assert (gp.log_ei(mean, sd, best).exp() - gain.mean(0)).abs().le(5.0 * error + 1e-9).all()


def test_the_incumbent_is_the_best_known_value_and_zero_when_there_is_none():
    value = torch.tensor([[3.0, -2.0], [3.0, -2.0], [3.0, -2.0]])
    known = torch.tensor([[True, True], [True, False], [False, False]])
    assert gp.incumbent(value, known).tolist() == [-2.0, 3.0, 0.0]


def test_an_evaluated_point_is_worth_less_than_exploring():
    a = torch.linspace(0.0, 1.0, 8, dtype=torch.float64)[None, :, None]
    value = torch.sin(7.0 * a[..., 0])
    mask = torch.ones(1, 8, dtype=torch.bool)
    best = a[:, value.argmin()][:, None]
    p = torch.cat([best, best - 0.5 / 7], 1)
    one = torch.ones(1, dtype=torch.float64)
    kind = torch.zeros(1, dtype=torch.long)
    mean, sd = gp.condition(kind, one[:, None] / 0.1, 0.0 * one, a, value, mask, mask).moments(p)
    duplicate, exploring = gp.log_ei(mean, sd, gp.incumbent(value, mask))[0].tolist()
    assert duplicate < exploring - 2.0


def test_the_gradient_of_log_ei_is_finite_at_an_evaluated_point(table):
    p = table["a"].clone().requires_grad_()
    mean, sd = posterior(**{**table, "p": p})
    gp.log_ei(mean, sd, gp.incumbent(table["value"], table["known"])).sum().backward()
    assert torch.isfinite(p.grad).all()


@pytest.mark.parametrize("kind", range(3))
def test_the_gradient_of_log_ei_is_that_of_finite_differences(table, kind):
    table["kind"][:] = kind
    best = gp.incumbent(table["value"], table["known"])

    def value(p):
        return gp.log_ei(*posterior(**{**table, "p": p}), best)

    assert torch.autograd.gradcheck(value, table["p"].requires_grad_())
