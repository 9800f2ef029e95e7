"""SMAC3 as an Optuna sampler, over its ask-and-tell interface."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from ConfigSpace import Categorical, Configuration, ConfigurationSpace, Float, Integer
from optuna import Study
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState
from smac import HyperparameterOptimizationFacade, Scenario
from smac.model.random_forest.random_forest import RandomForest
from smac.runhistory.dataclasses import TrialInfo, TrialValue

from hpo_benchmarks.methods.whole_space import WholeSpaceSampler


def _hyperparameter(name: str, axis: BaseDistribution) -> Any:
    if isinstance(axis, CategoricalDistribution):
        return Categorical(name, list(range(len(axis.choices))))
    if isinstance(axis, FloatDistribution) and axis.step is None:
        return Float(name, (axis.low, axis.high), log=axis.log)
    if isinstance(axis, IntDistribution) and axis.step == 1:
        return Integer(name, (axis.low, axis.high), log=axis.log)
    raise ValueError(
        f"parameter {name} is {axis}; SmacSampler takes categorical parameters, and floats and "
        "integers without a step"
    )


class SmacSampler(WholeSpaceSampler):
    """SMAC3's facade for hyper-parameter optimization (random forest, log EI).

    Args:
        seed: of SMAC3.
        space: the parameters that every trial suggests.
        n_trials: the budget, which sets the size of the initial design.

    Raises:
        ValueError: a parameter with a step.
    """

    def __init__(self, seed: int, space: Mapping[str, BaseDistribution], n_trials: int) -> None:
        """Set up SMAC3, which evaluates nothing itself."""
        super().__init__(space)
        self._asked: dict[int, TrialInfo] = {}
        logging.getLogger("smac").setLevel(logging.ERROR)
        config_space = ConfigurationSpace(seed=seed)
        config_space.add([_hyperparameter(*item) for item in self._space.items()])
        self._config_space = config_space
        self._folder = tempfile.TemporaryDirectory(prefix="smac-")
        scenario = Scenario(
            config_space,
            deterministic=True,
            n_trials=n_trials,
            seed=seed,
            output_directory=self._folder.name,
        )
        # The facade's own forest, but on one thread (it would take all cores), and with room
        # for one leaf a trial: it would reserve memory for 2**20, which slows it.
        forest = RandomForest(
            configspace=config_space,
            log_y=True,
            n_trees=10,
            ratio_features=1.0,
            min_samples_split=2,
            min_samples_leaf=1,
            seed=seed,
            max_leaf_nodes=max(2, n_trials),
            n_jobs=1,
        )
        self._smac = HyperparameterOptimizationFacade(
            scenario,
            lambda config, seed: 0.0,  # never called: the study evaluates
            model=forest,
            logging_level=False,  # its set-up would silence the loggers of everybody else
            overwrite=True,
        )

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """SMAC3's next configuration."""
        info = self._smac.ask()
        self._asked[trial.number] = info
        return {
            name: axis.choices[info.config[name]]
            if isinstance(axis, CategoricalDistribution)
            else info.config[name]
            for name, axis in search_space.items()
        }

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Tell SMAC3 the result, that of an enqueued trial too."""
        asked = self._asked.pop(trial.number, None)
        if state == TrialState.COMPLETE and values is not None:
            self._smac.tell(asked or self._enqueued(trial), TrialValue(cost=values[0]))

    def _enqueued(self, trial: FrozenTrial) -> TrialInfo:
        values = {
            name: axis.to_internal_repr(trial.params[name])
            if isinstance(axis, CategoricalDistribution)
            else trial.params[name]
            for name, axis in self._space.items()
        }
        return TrialInfo(Configuration(self._config_space, values), seed=0)
