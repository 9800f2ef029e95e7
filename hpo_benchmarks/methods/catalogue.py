"""The optimizers that are compared, each as an Optuna sampler."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TypeAlias

from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import (
    BaseSampler,
    CmaEsSampler,
    GPSampler,
    NSGAIISampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)

from hpo_benchmarks.methods.elsewhere.sampler import ElsewhereSampler, version_of
from hpo_benchmarks.problems.functions import LENGTH_SCALE
from hpo_benchmarks.problems.problem import AnyProblem, LiveProblem, Problem
from hpo_benchmarks.sources import digest_of
from l2l_sampler import registry

Space: TypeAlias = Mapping[str, BaseDistribution]


_MISSING = "not installed"


def _any(problem: AnyProblem) -> bool:
    return True


@dataclass(frozen=True)
class Method:
    """One optimizer.

    Attributes:
        name: as on the command line and in the rows.
        sampler: (seed, space, n_trials) -> a fresh Optuna sampler for one study; the space is
            None for a live problem, whose parameters nobody knows beforehand.
        version: of what runs; a change makes older rows stale.
        suits: whether it can run a problem.
        told: (seed, earlier studies) -> the same sampler, told of them; None if it takes none.
        enqueues: whether the best trial of every earlier study is enqueued.
        ours: whether a policy of ours is behind it.
        modules: of this package, where the sampler is defined if that is not elsewhere.
    """

    name: str
    sampler: Callable[[int, Space | None, int], BaseSampler]
    version: str
    suits: Callable[[AnyProblem], bool] = _any
    told: Callable[[int, Sequence[Study]], BaseSampler] | None = None
    enqueues: bool = False
    ours: bool = False
    modules: tuple[str, ...] = ()

    @property
    def installed(self) -> bool:
        """Whether its packages are there."""
        return not self.version.endswith(_MISSING)

    def sources(self, suite: str) -> str:
        """Digest of the code that its results on a suite depend on."""
        makers = (self.sampler,) if self.told is None else (self.sampler, self.told)
        functions = tuple(made.func if isinstance(made, partial) else made for made in makers)
        return digest_of(suite, functions, self.modules, self.ours)


def _fixed_space(problem: AnyProblem) -> bool:
    return isinstance(problem, Problem)


def _several_parameters(problem: AnyProblem) -> bool:
    return isinstance(problem, Problem) and len(problem.space) > 1


def _sequential_gp_draw(problem: AnyProblem) -> bool:
    return _fixed_space(problem) and problem.name.startswith("gp-") and problem.workers == 1


def _asked_elsewhere(version: str, problem: AnyProblem) -> bool:
    there = not version.endswith(_MISSING)
    return there and _fixed_space(problem) and problem.workers == 1


def _live(problem: AnyProblem) -> bool:
    return isinstance(problem, LiveProblem)


def _of_several_objectives(problem: AnyProblem) -> bool:
    return isinstance(problem, LiveProblem) and problem.volume is not None


def _after_others(problem: AnyProblem) -> bool:
    return isinstance(problem, LiveProblem) and problem.earlier is not None


def cube_dim(space: Space) -> int:
    """Axes of the unit cube of a space: a categorical parameter has one for each choice."""
    return sum(
        len(axis.choices) if isinstance(axis, CategoricalDistribution) else 1
        for axis in space.values()
        if not axis.single()
    )


def _random(seed: int, space: Space | None, n_trials: int) -> BaseSampler:
    return RandomSampler(seed=seed)


def _sobol(seed: int, space: Space, n_trials: int) -> BaseSampler:
    return QMCSampler(
        qmc_type="sobol",
        scramble=True,
        seed=seed,
        warn_asynchronous_seeding=False,
        warn_independent_sampling=False,
    )


def _tpe(seed: int, space: Space | None, n_trials: int) -> BaseSampler:
    return TPESampler(seed=seed)


def _tpe_group(seed: int, space: Space | None, n_trials: int) -> BaseSampler:
    return TPESampler(seed=seed, multivariate=True, group=True)


def _cmaes(seed: int, space: Space, n_trials: int) -> BaseSampler:
    return CmaEsSampler(seed=seed, warn_independent_sampling=False)


def _gp(seed: int, space: Space | None, n_trials: int) -> BaseSampler:
    return GPSampler(seed=seed, warn_independent_sampling=False)


def _smac(seed: int, space: Space, n_trials: int) -> BaseSampler:
    from hpo_benchmarks.methods.smac_sampler import SmacSampler

    return SmacSampler(seed, space, n_trials)


def _gp_ei_true(seed: int, space: Space, n_trials: int) -> BaseSampler:
    from hpo_benchmarks.methods.gp_ei import TrueKernelSampler

    return TrueKernelSampler(seed, space, length_scale=LENGTH_SCALE)


def _ax(seed: int, space: Space, n_trials: int) -> BaseSampler:
    return ElsewhereSampler("ax", seed, space)


def _nsga(seed: int, space: Space | None, n_trials: int) -> BaseSampler:
    return NSGAIISampler(seed=seed)


def _default(seed: int, space: Space | None, n_trials: int) -> BaseSampler:
    """Ours as a user writes it."""
    from l2l_sampler import LearnedSampler

    return LearnedSampler(seed=seed)


def _learned(policy: str, seed: int, space: Space | None, n_trials: int) -> BaseSampler:
    """A shipped policy; told space and budget where the space is fixed, else nothing."""
    from l2l_sampler import LearnedSampler

    if space is None:
        return LearnedSampler(policy, seed=seed)
    return LearnedSampler(policy, seed=seed, n_trials=n_trials, search_space=space)


def _told(policy: str, seed: int, earlier: Sequence[Study]) -> BaseSampler:
    """A shipped policy that is told of earlier studies."""
    from l2l_sampler import LearnedSampler

    return LearnedSampler(policy, seed=seed, earlier=earlier)


def _without_studies(methods: Iterable[Method]) -> list[Method]:
    """Ways to begin after earlier studies for those who do not learn from them."""
    found = []
    for method in methods:
        plain = replace(method, suits=_after_others, told=None)
        if method.told is not None:
            found.append(replace(plain, name=f"{method.name}-alone"))
        found.append(replace(plain, name=f"{method.name}-enqueued", enqueues=True))
    return found


def learned_methods() -> list[Method]:
    """Every shipped policy; a model for one dimension suits the problems of that dimension.

    The default policy runs as a user writes it, and told the space beside that; the others, whose
    networks are made for a space, are told it.
    """
    models: dict[str, list[registry.Shipped]] = {}
    for model in registry.shipped():
        models.setdefault(model.name, []).append(model)
    found = {
        name: Method(
            name=name,
            sampler=partial(_learned, name),
            version="-".join(model.sha256[:8] for model in group),
            suits=partial(_has_model, frozenset(model.dim for model in group)),
            ours=True,
        )
        for name, group in models.items()
    }
    default = registry.aliases()["memory"]
    told = replace(found.pop(default), name="memory-told", suits=_fixed_space)
    plain = replace(
        told, name="memory", sampler=_default, suits=_any, told=partial(_told, default)
    )
    return [plain, told, *found.values()]


def _has_model(dims: frozenset[int | None], problem: AnyProblem) -> bool:
    return None in dims or (isinstance(problem, Problem) and cube_dim(problem.space) in dims)


def _installed(name: str) -> str:
    """A package and its version. Without it only the methods that need it cannot run."""
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name}, {_MISSING}"


def peer_methods() -> list[Method]:
    """Today's optimizers, with the defaults of their authors but where a comment says else."""
    optuna, smac, sklearn = map(_installed, ("optuna", "smac", "scikit-learn"))
    return [
        Method("random", _random, optuna),
        Method("sobol", _sobol, optuna, suits=_fixed_space),
        Method("tpe", _tpe, optuna),
        Method("tpe-group", _tpe_group, optuna, suits=_live),
        # Optuna's CMA-ES samples spaces of one parameter at random.
        Method("cmaes", _cmaes, optuna, suits=_several_parameters),
        Method("nsga2", _nsga, optuna, suits=_of_several_objectives),
        Method("gp", _gp, optuna),
        Method(
            "smac",
            _smac,
            f"{smac}, hash seed 0",
            suits=_fixed_space,
            modules=("hpo_benchmarks.methods.smac_sampler",),
        ),
        Method(
            "gp-ei-true",
            _gp_ei_true,
            f"{sklearn}, our log EI",
            suits=_sequential_gp_draw,
            modules=("hpo_benchmarks.methods.gp_ei",),
        ),
    ]


def elsewhere_methods() -> list[Method]:
    """Optimizers that need an environment of their own, which `make peer-NAME` sets up."""
    room, ax = "hpo_benchmarks.methods.elsewhere", version_of("ax", "ax-platform")
    return [
        Method(
            "ax",
            _ax,
            ax,
            suits=partial(_asked_elsewhere, ax),
            modules=(f"{room}.sampler", f"{room}.ax_server"),
        )
    ]


def methods() -> dict[str, Method]:
    """All methods by name, ours first."""
    found = [*learned_methods(), *peer_methods(), *elsewhere_methods()]
    begin = [method for method in found if method.name in ("memory", "gp", "tpe")]
    return {method.name: method for method in [*found, *_without_studies(begin)]}


def make_sampler(
    method: Method,
    seed: int,
    space: Space | None,
    n_trials: int,
    earlier: Sequence[Study] | None = None,
) -> BaseSampler:
    """A sampler for one study, without the notice that a sampler is experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        if earlier is not None and method.told is not None:
            return method.told(seed, earlier)
        return method.sampler(seed, space, n_trials)
