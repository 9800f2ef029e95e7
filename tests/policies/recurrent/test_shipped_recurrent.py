"""The shipped LSTM and DNC policies explore and settle; test_shipped.py has their skill."""

import warnings

import numpy as np
import optuna
import pytest
import torch

from hpo_benchmarks.timing.ask_time import seconds_of_bare_steps
from l2l_sampler import LearnedSampler
from l2l_sampler.registry import aliases, shipped
from train.validation.play import draw_held_out

MODELS = [model for model in shipped() if model.policy in ("lstm", "dnc")]


def named(model):
    return f"{model.name}-{model.dim}d"


def asked(model, objective, n_trials, seed=0):
    """The points (n, D) that a study with this model evaluates, and their values (n,)."""
    space = {f"x{i}": optuna.distributions.FloatDistribution(0, 1) for i in range(model.dim)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = LearnedSampler(model.name, seed=seed, search_space=space)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=sampler)
    points, values = [], []
    for _ in range(n_trials):
        trial = study.ask(space)
        points.append([trial.params[name] for name in space])
        values.append(objective(np.array(points[-1])))
        study.tell(trial, values[-1])
    return np.array(points), np.array(values)


def a_draw(dim, seed):
    """One function of the training distribution, of points (D,)."""
    functions = draw_held_out("gp", dim, 1, seed=seed)
    return lambda x: float(functions.latent(torch.tensor(x)[None, None])[0, 0])


def test_every_loss_has_the_dimensions_that_are_promised():
    dims = {}
    for model in MODELS:
        dims.setdefault(model.name, set()).add(model.dim)
    for kind in ("lstm", "dnc"):
        assert dims[f"{kind}-oi"] == {1, 2, 3, 4, 6, 9}
        assert dims[f"{kind}-ei"] >= {1, 2, 3, 4, 6}
        assert dims[f"{kind}-sum"] == dims[f"{kind}-parallel"] == {3, 6}
        assert dims[f"{kind}-oi-int8"] == dims[f"{kind}-oi"]
        assert aliases()[kind] == f"{kind}-oi-int8"
    assert all(model.horizon == 100 for model in MODELS)
    assert all(model.workers == 5 for model in MODELS if model.name.endswith("parallel"))


@pytest.mark.parametrize("model", MODELS, ids=named)
def test_a_shipped_model_does_not_sit_still(model):
    points, _ = asked(model, a_draw(model.dim, 5), 30)
    assert len(np.unique(points, axis=0)) == 30
    assert np.ptp(points, axis=0).mean() > 0.2


@pytest.mark.parametrize("name", ["lstm-ei", "dnc-ei"])
def test_in_one_dimension_a_model_explores_before_it_settles(name):
    (model,) = (model for model in MODELS if (model.name, model.dim) == (name, 1))
    early, late = [], []
    for seed in range(8):
        points, values = asked(model, a_draw(1, seed), 40, seed=seed)
        best = points[values.argmin(), 0]
        early.append(np.abs(points[:8, 0] - best).mean())
        late.append(np.median(np.abs(points[-15:, 0] - best)))
    assert np.mean(early) > 0.12
    assert np.mean(late) < 0.5 * np.mean(early)


@pytest.mark.parametrize("kind", ["lstm", "dnc"])
def test_past_the_horizon_a_model_is_no_worse_than_random_search_from_there(kind):
    (model,) = (m for m in MODELS if (m.name, m.dim) == (aliases()[kind], 3))
    gaps = []
    for seed in range(20):
        function = a_draw(3, seed)
        _, values = asked(model, function, 200, seed=seed)
        rest = np.random.default_rng(seed).random((100, 3))
        gaps.append(values.min() - min(values[:100].min(), *map(function, rest)))
    # Machines round differently, which leads a model elsewhere: two standard errors are chance.
    assert np.mean(gaps) <= 2.0 * np.std(gaps, ddof=1) / np.sqrt(len(gaps))


def test_bare_steps_are_timed():
    times = seconds_of_bare_steps("lstm-oi", 2, steps=3)
    assert times.shape == (2,) and (times > 0.0).all()
