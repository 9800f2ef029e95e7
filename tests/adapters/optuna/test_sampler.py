"""LearnedSampler: what it proposes, and what it refuses."""

import math

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState

from l2l_sampler import LearnedSampler, load_policy
from l2l_sampler.checkpoint import save
from tests.adapters.optuna.studies import CLIMBER, mixed, new_study, run
from tests.untrained import untrained

pytestmark = pytest.mark.filterwarnings("ignore:Choices for a categorical distribution")


def test_the_policy_learns_from_the_trials():
    best = [
        min(mixed(optuna.trial.FixedTrial(p)) for p in run(40, policy="memory", seed=s))
        for s in range(3)
    ]
    assert np.median(best) < 0.2


@pytest.mark.parametrize("failing", [(), (3, 4, 5)])
def test_a_discrete_space_is_seen_whole_before_anything_is_repeated(policy, failing):
    def objective(trial):
        i, c = trial.suggest_int("i", 0, 4), trial.suggest_categorical("c", "ab")
        return math.nan if trial.number in failing else i + (c == "a")

    trials = run(12, objective, policy=policy)
    assert len({(p["i"], p["c"]) for p in trials[:10]}) == 10


def test_points_may_be_repeated_on_request():
    def objective(trial):
        return trial.suggest_int("i", 0, 4)

    assert len({p["i"] for p in run(5, objective, deduplicate=False)}) < 5
    assert len({p["i"] for p in run(5, objective)}) == 5


def test_enqueued_and_added_trials_count_like_any_other():
    x = {"x": FloatDistribution(0, 1)}
    study = new_study()
    study.enqueue_trial({"x": 0.125})
    study.add_trial(optuna.create_trial(params={"x": 0.875}, distributions=x, value=-1.0))
    first = study.ask(x)
    assert first.params == {"x": 0.125}
    study.tell(first, 1.0)
    after = study.ask(x).params["x"]  # the climber steps from the best, the added one
    assert abs(after - 0.875) < 0.5
    study.tell(1 + first.number + 1, 0.0)
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=3)
    assert len(study.get_trials(states=[TrialState.COMPLETE])) == 6


def test_a_study_may_begin_with_a_trial_without_parameters(policy):
    study = new_study(policy=policy)
    for _ in range(2):
        study.tell(study.ask(), 3.0)
    study.optimize(mixed, n_trials=6)
    assert len(study.get_trials(states=[TrialState.COMPLETE])) == 8


def test_values_are_python_scalars_and_the_choices_themselves():
    choices = (None, True, 1, "a", 2.5)
    kinds = set()

    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        n = trial.suggest_int("n", 1, 9)
        c = trial.suggest_categorical("c", choices)
        kinds.add((type(x), type(n)))
        assert any(c is choice for choice in choices)
        return x

    run(10, objective)
    assert kinds == {(float, int)}


def test_choices_may_be_lists_dicts_and_nan(policy):
    choices = ([1, 2], {"a": 1}, None, float("nan"), (3,))
    seen = set()

    def objective(trial):
        c = trial.suggest_categorical("c", choices)
        seen.add(repr(c))
        if c == [1, 2]:
            trial.suggest_float("below", 0, 1)
        return float(len(repr(c)))

    study = new_study(policy=policy)
    study.optimize(objective, n_trials=12)
    assert all(trial.state == TrialState.COMPLETE for trial in study.get_trials())
    assert len(seen) == 5


def test_ranges_given_as_numbers_of_numpy_work(policy):
    def objective(trial):
        x = trial.suggest_float("x", np.float64(0), np.float32(1), step=np.float64(0.1))
        return x + trial.suggest_int("n", np.int64(1), np.uint8(9) - trial.number % 5)

    assert len(run(12, objective, policy=policy)) == 12


def test_repeated_choices_and_huge_ranges_work():
    def objective(trial):
        trial.suggest_categorical("c", ("a", "a"))
        trial.suggest_categorical("d", ("a", "b", "a"))
        trial.suggest_categorical("many", range(2000))
        return trial.suggest_int("seed", 0, 10**15) + trial.suggest_float("f", 0, 1e300)

    assert len(run(5, objective)) == 5

    def constant(trial):
        trial.suggest_categorical("c", ("a", "a"))
        return 0.0

    assert len(run(3, constant)) == 3


def test_a_policy_is_taken_from_a_file(tmp_path):
    path = tmp_path / "mine.safetensors"
    save(path, untrained("memory", None))
    assert run(4, policy=path) == run(4, policy=str(path))


def test_a_policy_without_a_model_for_the_space_says_so(tmp_path):
    save(tmp_path / "two.safetensors", untrained("lstm", 2))
    with pytest.raises(ValueError, match="no model for a search space of 7 axes"):
        run(2, policy=tmp_path)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_trials": 0}, ValueError, "n_trials must be at least 1"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"search_space": {"x": (0, 1)}}, TypeError, r"search_space\['x'\] is \(0, 1\)"),
        ({"search_space": {"c": CategoricalDistribution}}, TypeError, "give an Optuna distr"),
    ],
)
def test_wrong_arguments_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        LearnedSampler(CLIMBER, **options)


def test_a_misspelt_policy_is_an_error_at_once():
    with pytest.raises(ValueError, match="there is no policy 'memmory'. Shipped are memory"):
        LearnedSampler("memmory")


def test_a_study_names_the_policy_that_proposed_its_trials(tmp_path):
    url = f"sqlite:///{tmp_path}/study.db"
    study = optuna.create_study(study_name="s", storage=url, sampler=LearnedSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    attrs = study._storage.get_study_system_attrs(study._study_id)
    assert attrs["l2l_sampler:policy"] == f"memory, digest {load_policy('memory').digest}"
    assert load_policy("memory").digest != load_policy("memory-posterior").digest
