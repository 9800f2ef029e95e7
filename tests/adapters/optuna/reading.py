"""Studies with trials of our choice, and how a policy sees them."""

from datetime import datetime, timedelta

import optuna
from optuna.distributions import FloatDistribution
from optuna.trial import FrozenTrial, TrialState

from l2l_sampler.adapters.optuna.study_reader import StudyReader

X = {"x": FloatDistribution(0.0, 1.0)}
T0 = datetime(2024, 1, 1)


def new_study(direction="minimize"):
    return optuna.create_study(direction=direction, sampler=optuna.samplers.RandomSampler(seed=0))


def ask_at(study, x):
    """A running trial at x."""
    study.enqueue_trial({"x": x})
    return study.ask(X)


def next_trial(study):
    number = study.ask().number
    return study.get_trials(deepcopy=False)[number]


def read(study, space=X, reader=None):
    """The History that the next trial's policy sees."""
    trial = next_trial(study)
    reader = StudyReader(True) if reader is None else reader
    _, history = reader.history(study, trial, space)
    return history


def imported(number, start, end, x=0.5, value=1.0):
    """A trial with moments of our choice, in seconds."""
    at = [T0 + timedelta(seconds=t) for t in (start, end)]
    return FrozenTrial(
        number=number,
        state=TrialState.COMPLETE,
        value=value,
        datetime_start=at[0],
        datetime_complete=at[1],
        params={"x": x},
        distributions=X,
        user_attrs={},
        system_attrs={},
        intermediate_values={},
        trial_id=number,
    )
