"""Ray Tune's search spaces in the unit cube."""

import json
import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from ray import tune

from l2l_sampler.adapters.ray.domains import (
    axis_of,
    nested,
    template_of,
)
from l2l_sampler.spaces.axes import CategoricalAxis, FloatAxis, IntAxis, NormalAxis
from l2l_sampler.spaces.cube import UnitCube
from l2l_sampler.spaces.templates import TemplateCube

OPTIMIZERS = tune.choice(
    [
        {
            "kind": "sgd",
            "momentum": tune.uniform(0.0, 1.0),
            "nesterov": tune.choice([True, False]),
        },
        {"kind": "adam", "beta": tune.choice([{"slow": tune.randint(1, 4)}, None])},
        "none",
    ]
)
DISCRETE = {
    "quniform": tune.quniform(-1.0, 1.0, 0.25),
    "quniform of tenths": tune.quniform(0.1, 2.1, 0.1),
    "qloguniform": tune.qloguniform(1e-3, 2e-2, 1e-3),
    "randint": tune.randint(-3, 4),
    "lograndint": tune.lograndint(1, 9),
    "qrandint": tune.qrandint(0, 20, 5),
    "qrandint between multiples": tune.qrandint(3, 22, 5),
    "qrandint of 1": tune.qrandint(2, 6, 1),
    "qlograndint": tune.qlograndint(4, 64, 4),
    "qlograndint between multiples": tune.qlograndint(3, 30, 4),
    "choice": tune.choice(["a", 1, 2.5, None, True]),
    "choice of lists": tune.choice([[1, 2], [3], []]),
    "choice of dicts": tune.choice([{"a": 1}, {"a": 2, "b": 3}]),
}
CONTINUOUS = {
    "uniform": tune.uniform(-2.0, 5.0),
    "loguniform": tune.loguniform(1e-5, 1e-1),
    "randn": tune.randn(10.0, 2.0),
    "qrandn": tune.qrandn(0.0, 3.0, 0.5),
}


def space_of(spec):
    return TemplateCube(template_of(spec))


def rows(space, n=50):
    return space.cube.sample(np.random.default_rng(0), n)


def unique(values):
    found = []
    for value in values:
        if not any(type(value) is type(v) and value == v for v in found):
            found.append(value)
    return sorted(found, key=repr)


@pytest.mark.parametrize("name", DISCRETE)
def test_a_discrete_domain_has_the_values_that_ray_draws(name):
    domain = DISCRETE[name]
    space = space_of({"p": domain})
    ours = [space.config(u)["p"] for u in space.cube.points()]
    state = np.random.RandomState(0)
    rays = [domain.sample(random_state=state) for _ in range(3000)]
    if name.startswith("q") and "uniform" in name:  # floats: Ray's are rounded otherwise
        assert sorted(ours) == pytest.approx(sorted(set(np.round(rays, 12))))
    else:
        assert unique(ours) == unique(rays)
        assert all(
            type(value) in (int, str, float, bool, list, dict, type(None)) for value in ours
        )


@pytest.mark.parametrize("name", CONTINUOUS)
@pytest.mark.parametrize("t", [0.1, 0.25, 0.5, 0.9])
def test_a_domain_has_the_quantiles_of_what_ray_draws(name, t):
    domain = CONTINUOUS[name]
    state = np.random.RandomState(0)
    drawn = np.array([domain.sample(random_state=state) for _ in range(4000)])
    value = space_of({"p": domain}).config(np.array([t]))["p"]
    below, equal = (drawn < value).mean(), (np.abs(drawn - value) < 1e-9).mean()
    assert below - 0.03 < t < below + equal + 0.03


@pytest.mark.parametrize(
    ("domain", "axis"),
    [
        (tune.uniform(0, 1), FloatAxis(0.0, 1.0)),
        (tune.loguniform(1e-4, 1.0), FloatAxis(1e-4, 1.0, log=True)),
        (tune.qloguniform(0.1, 10.0, 0.1), FloatAxis(0.1, 10.0, log=True, step=0.1)),
        (tune.randint(1, 5), IntAxis(1, 4)),
        (tune.lograndint(1, 5), IntAxis(1, 4, log=True)),
        (tune.qlograndint(2, 9, 2), IntAxis(2, 8, log=True, step=2)),
        (tune.randn(1.0, 2.0), NormalAxis(1.0, 2.0)),
        (tune.qrandn(1.0, 2.0, 0.5), NormalAxis(1.0, 2.0, step=0.5)),
        (tune.choice([1, "a"]), CategoricalAxis((1, "a"))),
    ],
)
def test_domains_become_axes(domain, axis):
    assert axis_of(domain) == axis


def test_decimal_bounds_keep_their_last_step():
    space = space_of({"p": tune.quniform(0.0, 2.1, 0.35)})
    assert space.cube.n_points == 7
    assert space.config(np.ones(1))["p"] == pytest.approx(2.1)


@pytest.mark.parametrize(
    "spec", [{"p": d} for d in [*DISCRETE.values(), *CONTINUOUS.values()]] + [{"o": OPTIMIZERS}]
)
def test_the_config_of_a_point_leads_back_to_it(spec):
    space = space_of(spec)
    for u in rows(space):
        config = space.config(u)
        back, exact = space.point(config)
        assert_array_equal(back, u)
        assert space.config(back, exact) == config


def test_nested_containers_and_constants_stay_as_they_are():
    marker = object()
    spec = {
        "model": {"layers": [tune.randint(1, 3), {"width": tune.choice([8, 16])}, "relu"]},
        "pair": (tune.uniform(0, 1), 7),
        "data": marker,
        "name": "run",
    }
    config = space_of(spec).config(np.array([0.0, 1.0, 0.0, 0.5]))
    assert config == {
        "model": {"layers": [1, {"width": 8}, "relu"]},
        "pair": (0.5, 7),
        "data": marker,
        "name": "run",
    }
    assert config["data"] is marker
    assert list(config) == list(spec)


def test_only_the_parameters_of_the_chosen_option_are_in_the_config():
    space = space_of({"o": OPTIMIZERS, "lr": tune.uniform(0, 1)})
    seen = {
        json.dumps(sorted(c["o"]) if c["o"] != "none" else "none")
        for c in map(space.config, rows(space))
    }
    assert seen == {'["kind", "momentum", "nesterov"]', '["beta", "kind"]', '"none"'}


def test_points_are_equal_exactly_if_their_configs_are():
    space = space_of({"o": tune.choice([{"a": tune.randint(0, 3)}, {"b": tune.randint(0, 2)}, 0])})
    points = rows(space, 200)
    configs = [repr(space.config(u)) for u in points]
    assert len(np.unique(points, axis=0)) == len(set(configs)) == 6


@pytest.mark.parametrize(
    ("spec", "n"),
    [
        ({"o": tune.choice([{"a": tune.randint(0, 3)}, {"b": tune.randint(0, 2)}, 0])}, 6),
        (
            {
                "o": tune.choice([{"a": tune.choice([tune.randint(0, 5), 9])}, 0]),
                "p": tune.randint(0, 2),
            },
            14,
        ),
        ({"o": tune.choice([{"a": tune.randint(0, 3)}])}, 3),
        ({"a": tune.randint(0, 1), "b": "constant"}, 1),
    ],
)
def test_every_point_of_a_finite_space_is_listed_once(spec, n):
    space = space_of(spec)
    points = space.cube.points()
    assert space.cube.n_points == n == len(points) == len(np.unique(points, axis=0))
    assert_array_equal(space.cube.snap(points), points)
    assert len({repr(space.config(u)) for u in points}) == n


def test_a_continuous_option_makes_the_space_infinite():
    assert space_of({"o": OPTIMIZERS}).cube.n_points == math.inf


def test_without_branches_it_is_the_unit_cube_of_the_same_axes():
    space = space_of(
        {"a": tune.uniform(0, 1), "b": tune.choice("xyz"), "c": tune.lograndint(1, 9)}
    )
    same = UnitCube(
        {
            "a": FloatAxis(0.0, 1.0),
            "b": CategoricalAxis(("x", "y", "z")),
            "c": IntAxis(1, 8, log=True),
        }
    )
    u = np.random.default_rng(0).random((20, space.cube.dim))
    assert_array_equal(space.cube.snap(u), same.snap(u))
    assert_array_equal(rows(space), same.sample(np.random.default_rng(0), 50))


def test_an_option_is_recognised_by_its_values():
    space = space_of({"o": tune.choice([{"x": tune.uniform(0, 1)}, {"x": tune.uniform(1.5, 2)}])})
    u, _ = space.point({"o": {"x": 1.75}})
    assert_array_equal(u, [0.0, 1.0, 0.5, 0.5])


def test_keys_may_be_joined_by_slashes():
    space = space_of({"m": {"layers": [tune.randint(1, 9), 5], "lr": tune.uniform(0, 1)}})
    u, exact = space.point(nested({"m/layers/0": 3, "m/layers/1": 5, "m/lr": 0.3}))
    assert space.config(u, exact) == {"m": {"layers": [3, 5], "lr": 0.3}}


def test_given_values_of_continuous_parameters_come_back_exactly():
    space = space_of({"x": tune.uniform(0.0, 0.3), "n": tune.quniform(0.0, 1.0, 0.5)})
    u, exact = space.point({"x": 0.1, "n": 0.4})
    assert space.config(u, exact) == {"x": 0.1, "n": 0.5}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"x": 2.0, "o": 0}, "2.0 is no value of parameter 'x'"),
        ({"x": 0.5}, "expected values for x, o"),
        ({"x": 0.5, "o": 7}, "7 is none of the options of parameter 'o'"),
        ({"x": 0.5, "o": {"a": 5}}, "none of the options"),
        ({"x": 0.5, "o": {"a": 1, "b": 1}}, "none of the options"),
    ],
)
def test_configs_outside_the_space_are_refused(config, message):
    space = space_of({"x": tune.uniform(0, 1), "o": tune.choice([{"a": tune.randint(0, 3)}, 0])})
    with pytest.raises(ValueError, match=message):
        space.point(config)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"a": {"b": tune.grid_search([1, 2])}}, "'a/b': .*tune.choice"),
        ({"a": tune.choice([tune.grid_search([1, 2])])}, r"'a\[0\]': .*tune.choice"),
        ({"a": tune.sample_from(lambda config: 1)}, "'a': .*tune.sample_from"),
        ({"a": {"eval": "1 + 1"}}, "'a': .*tune.sample_from"),
        ({"a/b": tune.uniform(0, 1)}, "rename the parameter 'a/b'"),
        ({"a": tune.randint(3, 3)}, "'a': there is no integer from 3 up to 3"),
        ({"a": tune.qrandint(1, 4, 5)}, "'a': there is no multiple of 5 between 1 and 4"),
        ({"a": tune.uniform(2, 1)}, "'a': .*low must not exceed high"),
        ({"a": tune.choice([])}, "'a': .*at least one choice"),
        ({"a": tune.qrandint(0, 9, 1.5)}, "'a': 1.5 must be an integer"),
        ({"a": tune.uniform(0, 10**400)}, "'a': .*too large"),
    ],
)
def test_what_cannot_be_searched_is_refused_with_its_name(spec, message):
    with pytest.raises(ValueError, match=message):
        template_of(spec)


def test_keys_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match="'a' has a value"):
        nested({"a": 1, "a/b": 2})
