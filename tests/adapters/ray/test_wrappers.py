"""LearnedSearcher is a searcher of Ray, with its wrappers."""

import subprocess
import sys

from ray.tune.search import ConcurrencyLimiter, Searcher

from l2l_sampler import LearnedSearcher
from tests.adapters.ray.driving import n_pending, searcher


def test_the_concurrency_limiter_limits():
    search = searcher()
    limited = ConcurrencyLimiter(search, max_concurrent=2)
    assert limited.suggest("a") is not None and limited.suggest("b") is not None
    assert limited.suggest("c") is None
    limited.on_trial_complete("a", {"loss": 1.0})
    assert limited.suggest("c") is not None
    assert n_pending(search) == 2


def test_it_is_a_searcher_of_ray_and_is_reached_without_importing_ray_first():
    assert issubclass(LearnedSearcher, Searcher)
    code = (
        "import sys, l2l_sampler; assert 'ray' not in sys.modules; "
        "from l2l_sampler import LearnedSearcher; assert 'ray' in sys.modules; "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
