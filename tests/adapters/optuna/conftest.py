"""Fixtures of the tests of the sampler."""

import logging

import optuna
import pytest

from l2l_sampler.checkpoint import save
from tests.adapters.optuna.studies import ANY_DIMENSION, CLIMBER, ONE_DIMENSION
from tests.untrained import untrained

EARLIER = {"memory-posterior", "memory-posterior-2"}
"""Their weights are those of memory-posterior-3, which does all that they do."""


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(name, marks=[pytest.mark.slow] * (name in EARLIER))
        for name in ("climber", *ANY_DIMENSION, *ONE_DIMENSION)
    ],
)
def policy(request, tmp_path_factory):
    """A policy of each sort that is shipped, and a simple one.

    Of those with one model for each number of axes it is a folder of untrained ones, since not
    all numbers are shipped.
    """
    if request.param == "climber":
        return CLIMBER
    if request.param in ANY_DIMENSION:
        return request.param
    folder = tmp_path_factory.mktemp(request.param)
    for dim in range(1, 10):
        save(folder / f"{dim}.safetensors", untrained(request.param, dim))
    return folder


@pytest.fixture
def warnings_of(caplog):
    """The messages that Optuna has logged since."""
    logger = logging.getLogger("optuna")
    logger.addHandler(caplog.handler)
    yield lambda: [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    logger.removeHandler(caplog.handler)


@pytest.fixture(autouse=True, scope="session")
def quiet():
    """Optuna says nothing of each trial."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(before)
