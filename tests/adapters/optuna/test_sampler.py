"""LearnedSampler: Optuna's own conformance tests, and laws of ours."""

import copy
import logging
import math
import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    RelativeSamplerTestCase,
    SingleOnlySamplerTestCase,
)
from optuna.trial import TrialState

from l2l_sampler import LearnedSampler
from l2l_sampler.checkpoint import save
from l2l_sampler.policies.base import Policy
from l2l_sampler.policies.memory.policy import MemoryPolicy
from l2l_sampler.policies.trained import Header, TrainedPolicy
from tests.untrained import untrained

pytestmark = pytest.mark.filterwarnings("ignore:Choices for a categorical distribution")


@dataclass(frozen=True)
class Climber(Policy):
    """Random steps from the best trial, wider the more are pending."""

    kind: ClassVar[str] = "climber"
    dim: int | None = None
    encoding: str = "raw"

    def init(self, rng):
        return {}

    def propose(self, params, history, *, cube, seed, number, cache=None):
        rng, done = np.random.default_rng((seed, number)), history.finished
        if not done.any():
            return cube.sample(rng, 1)
        best = history.x[done][np.argmin(history.y[done])]
        spread = 0.1 * (1 + (~done).sum())
        return cube.snap(best + spread * rng.standard_normal((4, cube.dim)))


def with_header(policy):
    params = policy.init(np.random.default_rng(0))
    return TrainedPolicy(policy, params, Header.of(policy, loss="none", prior="none"))


CLIMBER = with_header(Climber())
POLICIES = ["climber", "memory-kernel", "memory-posterior", "lstm", "dnc"]


@pytest.fixture(scope="module", params=POLICIES)
def policy(request, tmp_path_factory):
    """An untrained policy; of lstm and dnc a folder with a checkpoint for each dimension."""
    kind, _, variant = request.param.partition("-")
    if kind == "climber":
        return CLIMBER
    if kind == "memory":
        encoding = "warped-1" if variant == "posterior" else "zscore-1"
        return with_header(MemoryPolicy(read=variant, encoding=encoding))
    folder = tmp_path_factory.mktemp(kind)
    for dim in range(1, 10):
        save(folder / f"{kind}-{dim}.safetensors", untrained(kind, dim))
    return folder


class TestConformance(BasicSamplerTestCase, RelativeSamplerTestCase, SingleOnlySamplerTestCase):
    @pytest.fixture
    def sampler(self, policy):
        return lambda: LearnedSampler(policy)


def mixed(trial):
    """An objective with parameters of every kind, of 7 axes."""
    x = trial.suggest_float("x", -1.0, 1.0)
    rate = trial.suggest_float("rate", 1e-5, 1.0, log=True)
    n = trial.suggest_int("n", 1, 64, log=True)
    c = trial.suggest_categorical("c", (None, True, "a"))
    s = trial.suggest_float("s", 0.0, 1.0, step=0.1)
    return x * x + abs(math.log10(rate) + 2) + abs(n - 8) / 8 + (c != "a") + s


def growing(trial):
    """A conditional objective: some parameters are always sampled independently."""
    y = mixed(trial)
    return y + trial.suggest_float("late", 0, 1) if trial.number % 3 == 0 else y


def new_study(direction="minimize", policy=CLIMBER, **options):
    options = {"seed": 0, "warn_independent_sampling": False} | options
    return optuna.create_study(direction=direction, sampler=LearnedSampler(policy, **options))


def params_of(study):
    return [t.params for t in study.get_trials()]


def run(n, objective=mixed, direction="minimize", **options):
    study = new_study(direction, **options)
    study.optimize(objective, n_trials=n)
    return params_of(study)


@pytest.fixture
def warnings_of(caplog):
    """The messages that Optuna has logged since."""
    logger = logging.getLogger("optuna")
    logger.addHandler(caplog.handler)
    yield lambda: [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    logger.removeHandler(caplog.handler)


def test_a_seed_gives_the_same_trials_again(policy):
    assert run(12, policy=policy) == run(12, policy=policy)


def test_other_seeds_give_other_trials():
    assert run(3, seed=1) != run(3, seed=2)
    assert run(3, seed=None) != run(3, seed=None)


def test_twenty_five_trials_and_a_resume_of_as_many_are_fifty(policy):
    study = new_study(policy=policy)
    study.optimize(growing, n_trials=25)
    study.sampler = LearnedSampler(policy, seed=0, warn_independent_sampling=False)
    study.optimize(growing, n_trials=25)
    assert params_of(study) == run(50, growing, policy=policy)


@pytest.mark.parametrize("name", ["memory-posterior", "memory-kernel"])
def test_another_process_gives_the_same_trials(name):
    code = (
        "from tests.adapters.optuna.test_sampler import growing, run; "
        f"print(run(10, growing, seed=5, policy={name!r}))"
    )
    root = Path(__file__).parents[3]
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == str(run(10, growing, seed=5, policy=name))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copied_sampler_goes_on_alike(copied):
    study = new_study()
    study.optimize(growing, n_trials=6)
    study.sampler = copied(study.sampler)
    study.optimize(growing, n_trials=6)
    assert params_of(study) == run(12, growing)


def test_maximising_equals_minimising_the_negative():
    assert run(12, lambda t: -mixed(t), "maximize") == run(12, mixed)


def test_the_policy_learns_from_the_trials():
    best = [min(mixed(optuna.trial.FixedTrial(p)) for p in run(60, seed=s)) for s in range(3)]
    assert np.median(best) < 1.0


def test_one_sampler_may_serve_several_studies_in_turn():
    sampler = LearnedSampler(CLIMBER, seed=0, warn_independent_sampling=False)
    studies = [optuna.create_study(sampler=sampler) for _ in range(2)]
    for _ in range(8):
        for study in studies:
            study.optimize(growing, n_trials=1)
    assert params_of(studies[0]) == params_of(studies[1]) == run(8, growing)


def test_threads_share_a_sampler():
    study = new_study()
    study.optimize(mixed, n_trials=40, n_jobs=4)
    trials = study.get_trials()
    assert [t.number for t in trials] == list(range(40))
    assert all(t.state == TrialState.COMPLETE for t in trials)
    alone = optuna.create_study(sampler=LearnedSampler(CLIMBER, seed=0))
    alone.add_trials(trials)
    for s in (study, alone):
        s.optimize(mixed, n_trials=1)
    assert params_of(study) == params_of(alone)


def test_reseeding_for_threads_leaves_a_given_seed_alone():
    study = new_study()
    study.sampler.reseed_rng()
    study.optimize(mixed, n_trials=4)
    assert params_of(study) == run(4)


def test_reseeding_separates_copies_of_an_unseeded_sampler():
    sampler = LearnedSampler(CLIMBER)
    other = copy.deepcopy(sampler)
    assert all(
        a == b for a, b in zip(run_with(sampler), run_with(copy.deepcopy(sampler)), strict=True)
    )
    other.reseed_rng()
    assert run_with(sampler) != run_with(other)


def run_with(sampler):
    study = optuna.create_study(sampler=sampler)
    study.optimize(mixed, n_trials=3)
    return params_of(study)


def test_processes_share_a_storage(tmp_path):
    code = (
        "import sys, optuna\n"
        "from optuna.storages.journal import JournalFileBackend\n"
        "from tests.adapters.optuna.test_sampler import CLIMBER, LearnedSampler, mixed\n"
        "storage = optuna.storages.JournalStorage(JournalFileBackend(sys.argv[1]))\n"
        "study = optuna.create_study(study_name='s', storage=storage, load_if_exists=True,\n"
        "    sampler=LearnedSampler(CLIMBER, seed=0))\n"
        "study.optimize(mixed, n_trials=8)\n"
        "print(len({tuple(t.params.values()) for t in study.get_trials()}))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "journal")]
    root = Path(__file__).parents[3]
    workers = [
        subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    outputs = [worker.communicate()[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert max(int(output) for output in outputs) == 16


def test_a_storage_on_disk_gives_the_trials_of_one_in_memory(tmp_path):
    study = optuna.create_study(
        storage=f"sqlite:///{tmp_path}/study.db",
        sampler=LearnedSampler(CLIMBER, seed=0, warn_independent_sampling=False),
    )
    study.optimize(growing, n_trials=10)
    assert params_of(study) == run(10, growing)


def test_running_trials_of_others_are_known_to_the_policy(policy):
    space = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}
    study = new_study(policy=policy, search_space=space)
    study.tell(study.ask(space), 0.0)
    batch = [tuple(study.ask(space).params.values()) for _ in range(6)]
    assert len(set(batch)) == 6


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


def test_pruned_trials_can_be_used_and_ignored():
    def objective(trial):
        y = mixed(trial)
        trial.report(y, 0)
        if trial.number % 2:
            raise optuna.TrialPruned
        return y

    used, ignored = (run(8, objective, consider_pruned_trials=c) for c in (True, False))
    assert used[:2] == ignored[:2] and used != ignored


def test_hyperband_works():
    def objective(trial):
        y = mixed(trial)
        for step in range(9):
            trial.report(y, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return y

    study = new_study()
    study.pruner = optuna.pruners.HyperbandPruner(max_resource=9)
    study.optimize(objective, n_trials=20)
    assert len(study.trials) == 20


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


def test_a_given_search_space_is_used_from_the_first_trial_on(warnings_of):
    space = {"x": FloatDistribution(0, 1), "one": IntDistribution(3, 3)}
    study = new_study(search_space=space, warn_independent_sampling=True)
    trial = study.ask()
    assert trial.suggest_float("x", 0, 1) == trial.relative_params["x"]
    assert trial.suggest_int("one", 3, 3) == 3
    assert not warnings_of()
    trial.suggest_float("other", 0, 1)
    assert "it is not in the given `search_space`" in warnings_of()[0]


def test_parameters_of_a_dynamic_space_are_sampled_independently_with_a_warning(warnings_of):
    study = new_study(warn_independent_sampling=True)
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
    assert not warnings_of()
    study.optimize(
        lambda t: t.suggest_float("x", 0, 1) + t.suggest_float("late", 0, 1), n_trials=1
    )
    (message,) = warnings_of()
    assert "`late` in Trial#2 is sampled independently using `RandomSampler`" in message
    assert "instead of `LearnedSampler`" in message
    assert "because the search space is dynamic" in message


def test_the_warning_can_be_switched_off(warnings_of):
    run(6, growing)
    assert not warnings_of()


def test_the_independent_sampler_can_be_chosen(warnings_of):
    class Half(optuna.samplers.RandomSampler):
        reseeded = 0

        def reseed_rng(self):
            self.reseeded += 1

        def sample_independent(self, study, trial, name, distribution):
            return 0.5

    sampler = LearnedSampler(CLIMBER, independent_sampler=(half := Half()))
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=1)
    study.optimize(lambda t: t.suggest_float("y", 0, 1), n_trials=1)
    assert params_of(study) == [{"x": 0.5}, {"y": 0.5}]
    assert "using `Half`" in warnings_of()[0]
    sampler.reseed_rng()
    assert half.reseeded == 1


def test_independent_parameters_of_one_trial_differ():
    (params,) = run(1, lambda t: sum(t.suggest_float(name, 0, 1) for name in "abcd"))
    assert len(set(params.values())) == 4


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


def test_several_objectives_are_refused():
    study = optuna.create_study(directions=["minimize"] * 2, sampler=LearnedSampler(CLIMBER))
    with pytest.raises(ValueError, match="LearnedSampler cannot be used"):
        study.optimize(lambda t: (t.suggest_float("x", 0, 1), 0.0), n_trials=1)


def test_a_misspelt_policy_is_an_error_at_once():
    with pytest.raises(ValueError, match="there is no policy 'memmory'. Shipped are memory"):
        LearnedSampler("memmory")
