"""A real local Ray with two CPUs, for the tests that need one."""

import os

import pytest

os.environ.setdefault("RAY_raylet_start_wait_time_s", "120")  # busy machines start slowly
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
from ray import tune

OPTIONS = {"num_cpus": 2, "include_dashboard": False, "object_store_memory": 10**8}


@pytest.fixture(scope="module")
def cluster(request):
    ray.init(**OPTIONS, log_to_driver=False)
    ray.cloudpickle.register_pickle_by_value(request.module)  # workers do not find tests' folder
    yield
    ray.cloudpickle.unregister_pickle_by_value(request.module)
    ray.shutdown()


@pytest.fixture
def fit(cluster, tmp_path):
    """Runs a Tuner in a fresh folder."""

    def run(objective, space, search, n, name="run", scheduler=None, concurrent=2, **options):
        config = {"metric": "loss", "mode": "min"} | options
        tuner = tune.Tuner(
            objective,
            param_space=space,
            tune_config=tune.TuneConfig(
                search_alg=search,
                scheduler=scheduler,
                num_samples=n,
                max_concurrent_trials=concurrent,
                reuse_actors=True,
                **config,
            ),
            run_config=tune.RunConfig(name=name, storage_path=str(tmp_path), verbose=0),
        )
        return tuner.fit()

    return run
