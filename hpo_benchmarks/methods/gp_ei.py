"""GP-EI that knows the kernel of the functions: the paper's Spearmint with fixed hyper-parameters.

Notation
    n  finished trials      d  dimension
    x  (n, d), y  (n,)      the trials; zero prior mean, unit prior variance
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState
from scipy.optimize import minimize
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from hpo_benchmarks.methods.whole_space import WholeSpaceSampler
from hpo_benchmarks.problems.problem import unit_point
from l2l_sampler.policies.gaussian import log_h

JITTER = 1e-6
RANDOM_POINTS = 2000
LOCAL_POINTS = 500
STARTS = 8


class TrueKernelSampler(WholeSpaceSampler):
    """Maximises EI under a Gaussian process with the given length scale.

    Args:
        seed: of the first trial and of the search for the maximum.
        space: parameters x0, x1, ... in [0, 1].
        length_scale: of the squared exponential kernel.
    """

    def __init__(
        self, seed: int, space: Mapping[str, BaseDistribution], *, length_scale: float
    ) -> None:
        """Set up the process; the first trial is uniform."""
        super().__init__(space)
        self._rng = np.random.default_rng(seed)
        self._process = GaussianProcessRegressor(
            RBF(length_scale, "fixed"), alpha=JITTER, optimizer=None
        )

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """A uniform point at first, then the point of largest expected improvement."""
        trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if trials:
            x = np.array([unit_point(done.params) for done in trials])
            u = self._most_promising(x, np.array([done.value for done in trials]))
        else:
            u = self._rng.uniform(size=len(search_space))
        return {f"x{i}": value for i, value in enumerate(u.tolist())}

    def _most_promising(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """(d,) maximiser of log EI: random and local candidates, the best refined."""
        self._process.fit(x, y)
        best, dim = y.min(), x.shape[1]

        def minus_log_ei(u: np.ndarray) -> np.ndarray:
            mean, deviation = self._process.predict(u, return_std=True)
            deviation = np.maximum(deviation, 1e-9)
            return -np.log(deviation) - log_h((best - mean) / deviation)

        def with_gradient(u: np.ndarray) -> tuple[float, np.ndarray]:
            step = 1e-5
            around = np.concatenate([u[None], u + step * np.eye(dim), u - step * np.eye(dim)])
            value = minus_log_ei(around)
            return value[0], (value[1 : dim + 1] - value[dim + 1 :]) / (2 * step)

        near = x[y.argmin()] + 0.1 * self._rng.normal(size=(LOCAL_POINTS, dim))
        candidates = np.concatenate(
            [self._rng.uniform(size=(RANDOM_POINTS, dim)), np.clip(near, 0, 1)]
        )
        order = np.argsort(minus_log_ei(candidates))[:STARTS]
        refined = [
            minimize(
                with_gradient,
                start,
                jac=True,
                bounds=[(0.0, 1.0)] * dim,
                method="L-BFGS-B",
                options={"maxiter": 50},
            )
            for start in candidates[order]
        ]
        return np.clip(min(refined, key=lambda result: result.fun).x, 0.0, 1.0)
