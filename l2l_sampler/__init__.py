"""A black-box optimizer that was learned by gradient descent, for Optuna and Ray Tune.

In Optuna it is a sampler:

    import optuna
    from l2l_sampler import LearnedSampler

    study = optuna.create_study(sampler=LearnedSampler(seed=0))
    study.optimize(lambda trial: (trial.suggest_float("x", 0.0, 20.0) - 3.0) ** 2, n_trials=30)
    print(study.best_params)

In Ray Tune, with `pip install "l2l-sampler[ray]"`, it is a search algorithm:

    from ray import tune
    from l2l_sampler import LearnedSearcher

    tuner = tune.Tuner(
        lambda config: {"loss": (config["x"] - 3.0) ** 2},
        param_space={"x": tune.uniform(0.0, 20.0)},
        tune_config=tune.TuneConfig(
            metric="loss", mode="min", search_alg=LearnedSearcher(seed=0), num_samples=30
        ),
    )
    print(tuner.fit().get_best_result().config)

`explain(study)` says what the policy believes of a study: effects, relevance, noise, chances.

Both take `policy=`: the name of a policy that comes with the package (the default is "memory"),
the path of a checkpoint of your own, or what `load_policy` returns.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from l2l_sampler.adapters.optuna.explain import explain
from l2l_sampler.adapters.optuna.sampler import LearnedSampler
from l2l_sampler.registry import load_policy

if TYPE_CHECKING:
    from l2l_sampler.adapters.ray.searcher import LearnedSearcher as LearnedSearcher

__version__ = "0.1.0"

__all__ = ["LearnedSampler", "LearnedSearcher", "__version__", "explain", "load_policy"]
if find_spec("ray") is None:  # so that `import *` and `help` work without ray
    __all__.remove("LearnedSearcher")


def __dir__() -> list[str]:
    """The public names too that are imported only when somebody asks for them."""
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    """`LearnedSearcher`, with which ray is imported only when somebody asks for it."""
    if name != "LearnedSearcher":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from l2l_sampler.adapters.ray.searcher import LearnedSearcher
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "ray":
            raise
        raise ImportError(
            "LearnedSearcher needs Ray Tune, which is not installed: "
            'pip install "l2l-sampler[ray]"'
        ) from error
    return LearnedSearcher
