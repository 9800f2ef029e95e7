"""Studies with conditions, failures, constraints, objectives, batches and earlier studies."""

import math
import warnings

import optuna
from hypothesis import event, given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState

from l2l_sampler import LearnedSampler
from tests.fuzz.conftest import FUZZ

ODD = st.sampled_from([math.inf, -math.inf, 0.0, 1e300, -1e300, 5e-324])
VALUES = st.floats(-10.0, 10.0) | st.sampled_from([1.0, 2.0]) | ODD
ENDS = st.sampled_from(["value", "value", "value", "fail", "prune", "run"])


@st.composite
def spaces(draw):
    """(name, how to suggest it) of one to four parameters, of which some need the first one."""
    kinds = st.sampled_from(["float", "log", "step", "int", "choice", "single"])
    found = []
    for k in range(draw(st.integers(1, 4))):
        found.append((f"p{k}", draw(kinds), k > 0 and draw(st.booleans())))
    return found


def suggested(trial, space, wider):
    """Suggest all parameters that take part; `wider` changes ranges."""
    first = None
    for name, kind, depends in space:
        if depends and first is not None and hash(str(first)) % 2:
            continue
        high = 2.0 if wider else 1.0
        match kind:
            case "float":
                value = trial.suggest_float(name, -1.0, high)
            case "log":
                value = trial.suggest_float(name, 1e-4, high, log=True)
            case "step":
                value = trial.suggest_float(name, 0.0, high, step=0.25)
            case "int":
                value = trial.suggest_int(name, 0, 3 + 3 * wider)
            case "choice":
                value = trial.suggest_categorical(name, ["a", "b", "c"])
            case "single":
                value = trial.suggest_int(name, 1, 1)
        first = value if first is None else first


def play(data, study, space, trials, objectives, constraints, batch):
    """Ask, suggest and tell; some trials never end."""
    wider, asked = data.draw(st.booleans(), "wider"), []
    for number in range(trials):
        asked.append(study.ask())
        if len(asked) < batch and number < trials - 1:
            continue
        for trial in asked:
            suggested(trial, space, wider and trial.number > trials // 2)
            for name in range(constraints if hasattr(trial, "set_constraint") else 0):
                trial.set_constraint(str(name), data.draw(VALUES, "constraint"))
            end = data.draw(ENDS, "end")
            if end == "prune" and objectives == 1:
                trial.report(data.draw(VALUES, "report"), 1)
                study.tell(trial, state=TrialState.PRUNED)
            elif end == "value":
                study.tell(trial, [data.draw(VALUES, "value") for _ in range(objectives)])
            elif end == "fail":
                study.tell(trial, state=TrialState.FAIL)
        asked = []


@settings(FUZZ, max_examples=FUZZ.max_examples // 6)
@given(data=st.data())
def test_no_study_stops(data):
    space, objectives = data.draw(spaces()), data.draw(st.sampled_from([1, 1, 1, 2, 3]))
    directions = data.draw(
        st.lists(
            st.sampled_from(["minimize", "maximize"]), min_size=objectives, max_size=objectives
        )
    )
    constraints = data.draw(st.sampled_from([0, 0, 1, 2]))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    earlier = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(data.draw(st.sampled_from([0, 0, 1, 2]), "earlier")):
            other = space if data.draw(st.booleans()) else data.draw(spaces())
            study = optuna.create_study(
                directions=directions, sampler=optuna.samplers.RandomSampler(seed=0)
            )
            play(data, study, other, data.draw(st.integers(0, 8)), objectives, constraints, 1)
            earlier.append(study)
        study = optuna.create_study(
            directions=directions, sampler=LearnedSampler(seed=0, earlier=earlier)
        )
        trials, batch = data.draw(st.integers(1, 26), "trials"), data.draw(st.integers(1, 5))
        play(data, study, space, trials, objectives, constraints, batch)
    assert len(study.trials) == trials
    event(f"{objectives} objectives, {len(earlier)} earlier, {constraints} constraints")
