"""LearnedSearcher in other processes: killed runs, a cluster of two nodes, the example."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

os.environ.setdefault("RAY_raylet_start_wait_time_s", "120")  # busy machines start slowly
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

pytestmark = pytest.mark.slow


DRIVER = """
    import json, os, sys, time
    import ray
    from ray import tune
    from l2l_sampler import LearnedSearcher

    folder, how = sys.argv[1:]

    def objective(config):
        time.sleep(1.0)
        tune.report({"loss": (config["x"] - 3.0) ** 2})

    class Note(tune.Callback):
        def on_trial_complete(self, iteration, trials, trial, **info):
            with open(os.path.join(folder, "finished.jsonl"), "a") as file:
                row = [trial.trial_id, trial.config["x"], trial.last_result["loss"]]
                file.write(json.dumps(row) + chr(10))

    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=10**8, log_to_driver=False)
    if how == "start":
        tuner = tune.Tuner(
            objective,
            param_space={"x": tune.uniform(0.0, 20.0)},
            tune_config=tune.TuneConfig(
                metric="loss", mode="min", search_alg=LearnedSearcher(seed=0), num_samples=14,
                max_concurrent_trials=2,
            ),
            run_config=tune.RunConfig(
                name="run", storage_path=folder, verbose=0, callbacks=[Note()]
            ),
        )
    else:
        tuner = tune.Tuner.restore(os.path.join(folder, "run"), objective)
    results = tuner.fit()
    rows = [[r.metrics["trial_id"], r.config["x"], r.metrics["loss"]] for r in results]
    with open(os.path.join(folder, "results.json"), "w") as file:
        json.dump({"rows": rows, "errors": results.num_errors}, file)
    ray.shutdown()
"""


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_run_that_is_killed_and_restored_loses_no_finished_trial(tmp_path):
    driver = tmp_path / "driver.py"
    driver.write_text(textwrap.dedent(DRIVER))
    environment = os.environ | {
        "TUNE_GLOBAL_CHECKPOINT_S": "0.5",
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    environment.pop("RAY_ADDRESS", None)
    command = [sys.executable, str(driver), str(tmp_path)]
    killed = subprocess.Popen([*command, "start"], env=environment, start_new_session=True)
    while len(lines(tmp_path / "finished.jsonl")) < 5 and killed.poll() is None:
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    before = lines(tmp_path / "finished.jsonl")
    assert 5 <= len(before) < 14

    subprocess.run([*command, "restore"], env=environment, check=True, timeout=500)
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["errors"] == 0 and len(results["rows"]) == 14
    assert all(row in results["rows"] for row in before)

    state = json.loads(max((tmp_path / "run").glob("searcher-state-*.json")).read_text())
    assert all(trial["told"] is not None for trial in state["trials"])
    known = {trial["id"]: trial["value"] for trial in state["trials"]}
    for name, _, loss in results["rows"]:
        assert known[name] == loss


NODES = """
    import json, sys
    import ray
    from ray import tune
    from ray.cluster_utils import Cluster
    from l2l_sampler import LearnedSearcher

    def objective(config):
        tune.report({"loss": config["x"] ** 2, "node": ray.get_runtime_context().get_node_id()})

    node = {"num_cpus": 1, "object_store_memory": 10**8}
    cluster = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
    cluster.add_node(**node)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, log_to_driver=False)
    search = LearnedSearcher(seed=0)
    results = tune.Tuner(
        objective,
        param_space={"x": tune.uniform(-1.0, 1.0)},
        tune_config=tune.TuneConfig(
            metric="loss", mode="min", search_alg=search, num_samples=8, max_concurrent_trials=2
        ),
        run_config=tune.RunConfig(name="run", storage_path=sys.argv[1], verbose=0),
    ).fit()
    nodes = {r.metrics["node"] for r in results}
    pending = sum(trial["told"] is None for trial in search.get_state()["trials"])
    print(json.dumps({"nodes": len(nodes), "errors": results.num_errors, "pending": pending}))
    ray.shutdown()
    cluster.shutdown()
"""


def test_trials_run_on_two_nodes_of_a_cluster(tmp_path):
    script = tmp_path / "nodes.py"
    script.write_text(textwrap.dedent(NODES))
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    environment.pop("RAY_ADDRESS", None)
    command = [sys.executable, str(script), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {"nodes": 2, "errors": 0, "pending": 0}


def test_the_example_runs(tmp_path):
    options = ["--trials", "4", "--cpus", "2", "--out", str(tmp_path / "results")]
    command = [sys.executable, "-m", "examples.ray_tune", *options]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    summary, best = done.stdout.splitlines()[-2:]
    assert summary.startswith("4 trials")
    assert best.startswith("lowest error") and "'solver'" in best
