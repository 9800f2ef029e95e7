"""A black-box optimizer that was learned by gradient descent, for Optuna and Ray Tune."""

from typing import TYPE_CHECKING, Any

from l2l_sampler.adapters.optuna.sampler import LearnedSampler
from l2l_sampler.registry import load_policy

if TYPE_CHECKING:
    from l2l_sampler.adapters.ray.searcher import LearnedSearcher as LearnedSearcher

__version__ = "0.1.0"

__all__ = ["LearnedSampler", "__version__", "load_policy"]


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
