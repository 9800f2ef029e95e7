"""Do studies stay the same on other arithmetic? `python -m hpo_benchmarks.timing.same_trials`.

Studies of a function that uses no linear algebra itself are run in processes whose BLAS has other
threads or other kernels (`OPENBLAS_CORETYPE`), which differ from one another in the last digits.
Printed is, of how many studies all trials are the same as in the first process, and in which trial
the others depart.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys

import numpy as np
import optuna

from hpo_benchmarks.environment import VARIABLES
from l2l_sampler import LearnedSampler

STUDIES, TRIALS = 24, 80
VARIANTS = {
    "the same again": {},
    "2 threads": {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"},
    **{
        f"kernels of {name}": {"OPENBLAS_CORETYPE": name}
        for name in ("Haswell", "Sandybridge", "Nehalem")
    },
}


def study_of(seed: int, trials: int, policy: str) -> list[list[float]]:
    """The points of one study in 2, 4 or 8 axes."""
    rng, axes = np.random.default_rng(seed), (2, 4, 8)[seed % 3]
    centre = rng.uniform(0.2, 0.8, axes).tolist()
    waves = (3.0 * rng.standard_normal((8, axes))).tolist()

    def objective(trial: optuna.Trial) -> float:
        u = [trial.suggest_float(f"x{k}", 0.0, 1.0) for k in range(axes)]
        away = sum((a - b) ** 2 for a, b in zip(u, centre, strict=True))
        phases = [sum(a * b for a, b in zip(u, wave, strict=True)) for wave in waves]
        return away + 0.2 * sum(map(math.cos, phases))

    study = optuna.create_study(sampler=LearnedSampler(policy, seed=seed))
    study.optimize(objective, n_trials=trials)
    return [list(trial.params.values()) for trial in study.trials]


def studies_with(
    variables: dict[str, str], studies: int, trials: int, policy: str = "memory"
) -> list[list[list[float]]]:
    """The points of all studies, made by a process with these variables of the environment."""
    code = (
        "import json, optuna; from hpo_benchmarks.timing.same_trials import study_of; "
        "optuna.logging.set_verbosity(optuna.logging.ERROR); "
        f"print(json.dumps([study_of(s, {trials}, {policy!r}) for s in range({studies})]))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, **VARIABLES, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[list[list[float]]] = json.loads(done.stdout)
    return found


def departures(
    reference: list[list[list[float]]], other: list[list[list[float]]]
) -> list[int | None]:
    """The first trial that differs, of every study; None where none does."""
    return [
        next((k for k, (a, b) in enumerate(zip(one, two, strict=True)) if a != b), None)
        for one, two in zip(reference, other, strict=True)
    ]


def main() -> None:
    """Run all variants and print how they compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--policies", nargs="+", default=["memory"], metavar="NAME")
    parser.add_argument("--studies", type=int, default=STUDIES)
    parser.add_argument("--trials", type=int, default=TRIALS)
    options = parser.parse_args()
    print("| policy | arithmetic | same studies | the others depart at trial |")
    print("|---|---|---|---|")
    for policy in options.policies:
        first = studies_with({}, options.studies, options.trials, policy)
        for title, variables in VARIANTS.items():
            other = studies_with(variables, options.studies, options.trials, policy)
            found = departures(first, other)
            others = ", ".join(str(k) for k in found if k is not None)
            print(f"| {policy} | {title} | {found.count(None)} of {len(found)} | {others} |")


if __name__ == "__main__":
    main()
