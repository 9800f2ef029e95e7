"""Search spaces of Ray Tune that are nested, in any containers and as deeply as may be."""

import copy
import json
from collections import OrderedDict
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from ray import tune
from ray.tune.impl.placeholder import create_resolvers_map, inject_placeholders

from l2l_sampler import LearnedSearcher
from l2l_sampler.adapters.ray.domains import FUNCTION, OBJECT, holds_placeholder, template_of
from l2l_sampler.adapters.ray.space_json import from_json, to_json
from l2l_sampler.spaces.templates import TemplateCube, holds_parameters


def leaves():
    domains = [tune.uniform(0, 1), tune.randint(0, 4), tune.choice(["a", "b"]), tune.randn()]
    return st.one_of(st.sampled_from(domains), st.integers(0, 2), st.sampled_from(["x", None]))


def containers(children):
    keys = st.sampled_from("abc")
    return st.one_of(
        st.lists(children, max_size=2),
        st.dictionaries(keys, children, max_size=2),
        st.lists(children, min_size=1, max_size=3).map(tune.choice),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    spec=st.dictionaries(
        st.sampled_from("pqr"), st.recursive(leaves(), containers, max_leaves=8), min_size=1
    ),
    seed=st.integers(0, 99),
)
def test_any_nesting_goes_to_the_cube_and_back_and_to_json_and_back(spec, seed):
    template = template_of(spec)
    space = TemplateCube(template)
    for u in space.cube.sample(np.random.default_rng(seed), 5):
        config = space.config(u)
        assert not holds_parameters(template_of(config))
        # options may be alike, such as choice([randint(0, 4), 2]): then the first one is found
        back, exact = space.point(config)
        assert space.config(back, exact) == config
        assert_array_equal(space.cube.snap(back), back)
    assert from_json(json.loads(json.dumps(to_json(template), allow_nan=False))) == template


def within_itself(container):
    loop = {} if container is dict else []
    inner = {"x": tune.uniform(0, 1), "again": loop}
    loop.update(inner) if container is dict else loop.append(inner)
    return {"loop": loop}


def nested_by(levels, kind):
    spec = tune.uniform(0, 1)
    for _ in range(levels):
        spec = (
            tune.choice([spec, 1])
            if kind == "choice"
            else [spec]
            if kind == "list"
            else {"a": spec}
        )
    return {"top": spec}


@pytest.mark.parametrize("kind", ["dict", "list", "choice"])
def test_a_space_may_be_nested_deeply_but_not_without_end(kind):
    search = LearnedSearcher(nested_by(90, kind), "loss", "min", seed=0)
    config = search.suggest("a")
    search.add_evaluated_point(config, 1.0)
    twin = copy.deepcopy(search)
    twin.set_state(json.loads(json.dumps(search.get_state())))
    assert twin.suggest("b") == search.suggest("b")
    for levels in (101, 100_000):
        with pytest.raises(ValueError, match="nested more than 100 levels deep at .*top"):
            LearnedSearcher(nested_by(levels, kind))


@pytest.mark.parametrize("container", [dict, list])
def test_a_space_that_contains_itself_is_refused(container):
    with pytest.raises(ValueError, match="does a dict or a list contain itself"):
        LearnedSearcher(within_itself(container))


def test_domains_in_any_mapping_are_found():
    spec = {"a": MappingProxyType({"x": tune.uniform(0, 1)}), "b": OrderedDict(y=tune.randn())}
    assert set(template_of(spec)["a"]) == {"x"}
    assert TemplateCube(template_of(spec)).cube.dim == 2


def test_placeholders_of_ray_are_found_wherever_they_are():
    space = {
        "constant": {"deep": [len]},
        "choice": tune.choice([len, 1]),
        "branch": tune.choice([{"x": tune.uniform(0, 1), "f": len}, 1]),
    }
    for name, spec in space.items():
        replaced = inject_placeholders({name: copy.deepcopy(spec)}, create_resolvers_map())
        template = template_of(replaced)
        assert holds_placeholder(template, OBJECT) and not holds_placeholder(template, FUNCTION)
    assert not holds_placeholder(template_of(space), OBJECT)
    drawn = {"a": tune.sample_from(lambda config: 1)}
    replaced = inject_placeholders(drawn, create_resolvers_map())
    assert holds_placeholder(template_of(replaced), FUNCTION)
