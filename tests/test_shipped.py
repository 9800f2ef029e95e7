"""Every shipped policy proposes what it proposed when it was released, and finds low values.

The numbers are in golden.json. `python -m tests.golden` adds those of a new model or encoding; a
pinned number never changes, since what is released keeps its meaning.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from l2l_sampler import LearnedSampler, load_policy
from tests.golden import cases, pins, random_values, shipped, values_of

PINS = pins()
CASES = cases()

EXACT = 1e-9
"""Tolerance of float64; other BLAS kernels change the memory policies by less than 1e-10."""
SINGLE = 1e-5
"""Tolerance of recurrent networks, which work in float32: other kernels change them by 5e-6."""
SINGLE_LONG = 1e-4
"""The same after a hundred steps, in which differences grow: up to 2.4e-5 was seen.

One machine repeats all numbers to the last bit. With kernels for processors without FMA
(OPENBLAS_CORETYPE=Sandybridge) "dnc-ei 3d long" differs by 0.07, since reading its memory comes
close to a tie there.
"""
MEANING = (
    "{name} gives something else than what is pinned. On the machine that gave the pins before, "
    "this change of the code changes what a released name means: take it back, or release it "
    "under another name. On another processor, numpy or BLAS, rounding may choose another one of "
    "a memory policy's candidates, or grow in a DNC's long run; compare with the commit before."
)

DRAWS = 100
WORTH_OF_MEMORY = {2: 10, 5: 3}
"""A memory policy must beat random search that has this many times its trials, by dimension.

On these draws 20 trials are worth over 1000 in two dimensions and 115 in five; 50 trials are worth
over 1000 and 690. With its weights shuffled the kernel's mean alone still makes 20 trials worth 80
in two dimensions, hence the higher factor there.
"""
WORTH = 2.0
"""The same of a recurrent policy; the weakest one reaches 60 for 20 trials and 210 for 50."""
WORTH_OF_PARALLEL = 1.5
"""The same of one for several workers, which plays alone here; the weakest reaches 48 and 157."""
LOWER_MEAN = {20: 0.5, 50: 0.8}
"""How far the mean value of policies trained by the loss "sum" must lie below random search's.

In units of the prior's standard deviation, by trials; 0.86 and 1.18 are reached at least.
"""

MODELS = [
    (model, dim) for model in shipped() for dim in ((2, 5) if model.dim is None else (model.dim,))
]
SEEKING = [(model, dim) for model, dim in MODELS if model.loss != "sum"]
STAYING = [(model, dim) for model, dim in MODELS if model.loss == "sum"]


def worth(model, dim):
    if model.policy == "memory":
        return WORTH_OF_MEMORY[dim]
    return WORTH if model.workers == 1 else WORTH_OF_PARALLEL


def named(value):
    return getattr(value, "name", None)


def tolerance(name):
    if name.startswith(("lstm", "dnc")):
        return SINGLE_LONG if name.endswith("long") else SINGLE
    return EXACT


def same(found, pinned, close):
    """Compare JSON: numbers with a relative and absolute tolerance, all else exactly."""
    if isinstance(pinned, dict):
        assert list(found) == list(pinned)
        found, pinned = list(found.values()), list(pinned.values())
    if isinstance(pinned, list):
        assert len(found) == len(pinned)
        for one, other in zip(found, pinned, strict=True):
            same(one, other, close)
    elif isinstance(pinned, float):
        assert_allclose(found, pinned, rtol=close, atol=close)
    else:
        assert found == pinned


def test_everything_that_is_shipped_is_pinned():
    missing = sorted(CASES.keys() - PINS.keys())
    assert not missing, f"pin them by `python -m tests.golden`: {missing}"


def test_nothing_that_is_pinned_is_gone():
    assert PINS
    assert not PINS.keys() - CASES.keys()


@pytest.mark.parametrize("name", PINS)
def test_a_released_name_gives_what_it_gave(name):
    assert name in CASES, f"{name} was released and is gone"
    found = CASES[name]()
    try:
        same(found, PINS[name], tolerance(name))
    except AssertionError as error:
        raise AssertionError(f"{MEANING.format(name=name)}\n{error}") from None


@pytest.mark.parametrize(("model", "dim"), MODELS, ids=named)
def test_a_shipped_policy_loads_by_its_name(model, dim):
    assert load_policy(model.name, dim).dim == model.dim
    LearnedSampler(model.name, seed=0)


@pytest.mark.parametrize(("model", "dim"), SEEKING, ids=named)
def test_on_unseen_functions_a_policy_beats_random_search_with_more_trials(model, dim):
    factor = worth(model, dim)
    ours = values_of(model.name, dim, DRAWS, 50)
    random = random_values(dim, DRAWS, int(50 * factor))
    for n in (20, 50):
        assert ours[:, :n].min(1).mean() < random[:, : int(n * factor)].min(1).mean()


@pytest.mark.parametrize(("model", "dim"), STAYING, ids=named)
def test_a_policy_trained_by_the_sum_has_lower_values_on_average_than_random_search(model, dim):
    """That loss rewards staying at the first good point, so its best value says little."""
    ours = values_of(model.name, dim, DRAWS, 50)
    random = random_values(dim, DRAWS, 50)
    for n, gap in LOWER_MEAN.items():
        assert np.mean(ours[:, :n]) < np.mean(random[:, :n]) - gap
