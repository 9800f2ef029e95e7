"""Schedulers of Ray Tune that stop, pause and change trials, on a real local Ray."""

import json
import math
import tempfile
from pathlib import Path

import pytest
from ray import tune
from ray.tune.schedulers import (
    ASHAScheduler,
    HyperBandScheduler,
    MedianStoppingRule,
)

from l2l_sampler import LearnedSearcher
from l2l_sampler.adapters.ray.goal import Goal
from l2l_sampler.adapters.ray.state import State

pytestmark = pytest.mark.slow

SPACE = {"x": tune.uniform(0.0, 1.0), "y": tune.uniform(0.0, 1.0)}
LAST = 27
SHAPES = {
    "falling": lambda quality, step: quality + 0.8 * math.exp(-step / 3.0),
    "sum": lambda quality, step: (0.2 + quality) * step,
}


def quality_of(config):
    return (config["x"] - 0.3) ** 2 + (config["y"] - 0.7) ** 2


def trainable(curve, last=LAST):
    """Reports a learning curve, and goes on where it was when it is resumed."""

    def train(config):
        first, saved = 1, tune.get_checkpoint()
        if saved is not None:
            with saved.as_directory() as folder:
                first = 1 + json.loads(Path(folder, "step.json").read_text())
        for step in range(first, last + 1):
            with tempfile.TemporaryDirectory() as folder:
                Path(folder, "step.json").write_text(json.dumps(step))
                report = {"loss": curve(quality_of(config), step), "step": step}
                tune.report(report, checkpoint=tune.Checkpoint.from_directory(folder))

    return train


def read(search, results):
    """By trial: its last step by Ray and by the searcher, its last value, and its value told."""
    table = State.from_json(search.get_state()).trials
    assert all(trial.told is not None for trial in table.trials)
    y = table.history(2, Goal.of("loss", "min", {})).y
    steps = {r.metrics["trial_id"]: r.metrics["step"] for r in results}
    return [
        (steps[trial.id], trial.step, trial.value, told)
        for trial, told in zip(table.trials, y, strict=True)
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_halving_leads_to_the_minimum_whether_values_fall_or_rise(fit, shape):
    """Without the stopped trials it takes longer: 0.015 after 40 trials one by one."""
    search = LearnedSearcher(seed=0)
    scheduler = ASHAScheduler(time_attr="training_iteration", max_t=LAST, reduction_factor=3)
    results = fit(trainable(SHAPES[shape]), SPACE, search, 30, scheduler=scheduler)
    assert results.num_errors == 0
    rows = read(search, results)
    assert sum(steps < LAST for steps, *_ in rows) >= 5
    for steps, known, value, told in rows:
        assert steps == known
        if steps == LAST:
            assert told == value
        else:
            assert (told > value) == (shape == "sum")
    assert min(quality_of(r.config) for r in results) < 0.005


@pytest.mark.parametrize(
    "scheduler",
    [
        HyperBandScheduler(time_attr="training_iteration", max_t=9),
        MedianStoppingRule(time_attr="training_iteration", grace_period=2, min_samples_required=2),
    ],
    ids=lambda scheduler: type(scheduler).__name__,
)
def test_pauses_are_no_ends_and_stops_are(fit, scheduler):
    good, bad = [{"x": 0.3, "y": 0.7}] * 4, [{"x": 1.0, "y": 0.0}] * 4
    search = LearnedSearcher(seed=0, points_to_evaluate=good + bad)
    curve = SHAPES["sum"]
    results = fit(trainable(curve, 9), SPACE, search, 14, scheduler=scheduler, concurrent=None)
    assert results.num_errors == 0
    rows = read(search, results)
    assert any(known < 9 for _, known, _, _ in rows)
    for steps, known, value, told in rows:
        assert steps == known
        assert told == value if known == 9 else told > value
