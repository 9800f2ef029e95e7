"""A state that no searcher of this space has written is refused, and changes nothing."""

import copy
import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ray import tune

from l2l_sampler import LearnedSearcher
from tests.adapters.ray.driving import POLICY, SPACE, in_flight, run, searcher
from tests.untrained import untrained

TIME = "training_iteration"
NESTED = {
    "layers": [tune.randint(1, 3), {"width": tune.choice([8, 16])}],
    "solver": tune.choice([{"rate": tune.loguniform(1e-3, 1.0)}, "none", {"n": 3}]),
}


def make_state(space):
    """A state as it comes from a file: trials of all kinds, and points to evaluate left over."""
    elsewhere = searcher(space)
    points = [elsewhere.suggest(str(k)) for k in range(6)]
    search = searcher(space, points_to_evaluate=points)
    for k in range(4):
        search.suggest(f"t{k}")
    for step in range(1, 40):
        search.on_trial_result("t0", {"loss": math.inf if step == 1 else 1.0, TIME: step})
        search.on_trial_result("t3", {"loss": 1.0, TIME: step})
    search.on_trial_complete("t0", {"loss": 1.5, TIME: 40})
    search.on_trial_complete("t1", {"loss": math.inf})
    search.on_trial_complete("t2", error=True)
    search.add_evaluated_point(points[0], 2.0)
    return json.loads(json.dumps(search.get_state()))


GOOD = {"flat": (SPACE, make_state(SPACE)), "nested": (NESTED, make_state(NESTED))}


def good_state(name="flat"):
    return copy.deepcopy(GOOD[name][1])


def set_at(state, path, value):
    """The state with another value at a path of keys and indices."""
    state = copy.deepcopy(state)
    *above, last = path
    node = state
    for key in above:
        node = node[key]
    node[last] = value
    return state


def assert_refused(search, state, message="."):
    before = search.get_state()
    with pytest.raises(ValueError, match=message):
        search.set_state(state)
    assert search.get_state() == before


@pytest.mark.parametrize("field", sorted(good_state()))
def test_a_state_without_one_of_its_fields_is_refused(field):
    state = good_state()
    del state[field]
    assert_refused(searcher(), state, f"it lacks the fields '{field}'")


@pytest.mark.parametrize("field", sorted(good_state()["trials"][0]))
def test_a_trial_without_one_of_its_fields_is_refused(field):
    state = good_state()
    del state["trials"][1][field]
    assert_refused(searcher(), state, rf"trials\[1\] lacks the fields '{field}'")


def test_unknown_fields_are_refused():
    state = good_state()
    assert_refused(searcher(), state | {"evil": 1}, "it has the fields 'evil'")
    state["trials"][2]["evil"] = 1
    assert_refused(searcher(), state, r"trials\[2\] has the fields 'evil'")


WRONG = {
    ("metric",): [None, 5, ["a"]],
    ("mode",): ["sideways", 5, True],
    ("policy",): [5, "nope", "/etc/passwd", "../../x", "missing.safetensors"],
    ("n_trials",): [0, -1, "x", 2.5, True],
    ("seed",): [-1, None, "x", 1.5, True],
    ("deduplicate",): [None, 1, "x"],
    ("clock",): [None, "x", -1, 0, 3, 10**400, 2.0],
    ("queue",): [None, 1, {}, [1], [[]], [[[0.5], {}]], "x"],
    ("queue", 0, 0): [None, [0.5], [2.0] * 7, [math.nan] * 7, ["x"] * 7, [[0.5]] * 7, [0.3] * 7],
    ("queue", 0, 1): [None, [], {"x": 99.0}, {"x": "text"}, {"x": math.nan}, {"n": 3}, {"z": 1}],
    ("trials",): [None, 1, {}, [1], [{}], [None], "x"],
    ("trials", 1, "id"): [5, ["a"], True, "t0"],
    ("trials", 1, "u"): [None, [], [0.5], [-1e308] * 7, [10**400] * 7, [True] * 7, "x"],
    ("trials", 1, "exact"): [None, 5, [], {"x": 0.99}, {"x": 10**400}, {"c": 1.0}],
    ("trials", 1, "asked"): [None, "x", -5, 0, 10**400, 1.0, True],
    ("trials", 1, "told"): ["x", -5, 0, 10**400, 1.0, True],
    ("trials", 1, "value"): ["x", math.nan, {"float": "nan"}, {"float": "x"}, {}, 10**400, [1]],
    ("trials", 1, "stopped"): [None, "x", 1, True],
    ("trials", 0, "step"): [None, "x", -1, 10**400, 2.0, True, 38],
    ("trials", 0, "cut"): [None, "x", 1],
    ("trials", 2, "cut"): [True],
    ("trials", 3, "cut"): [True],
    ("trials", 0, "curve"): [None, "x", [1], [[]], [[1]], [[2, 0.0], [1, 0.0]], [[41, 0.0]]],
    ("trials", 0, "curve", 0): [None, [], [-1, 0.0], [True, 0.0], ["x", 0.0], [1.0, 0.0]],
    ("trials", 0, "curve", 0, 1): [None, "x", math.nan, {"float": "nan"}, 10**400, True],
    ("trials", 0, "curve", -1, 0): [39, 41, 10**400],
}


@pytest.mark.parametrize("path", WRONG, ids=lambda path: ".".join(map(str, path)))
def test_fields_that_hold_what_they_cannot_are_refused_by_name(path):
    for value in WRONG[path]:
        assert_refused(searcher(), set_at(good_state(), path, value), f"{path[0]}|clock")


@pytest.mark.parametrize("field", ["space", "queue", "trials", "seed", "metric"])
@pytest.mark.parametrize("search", [searcher(), LearnedSearcher(policy=POLICY)])
def test_fields_that_are_nested_without_end_are_refused(search, field):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert_refused(search, good_state() | {field: deep})


CONSTANT = [1, "x", [], True, {"dict": []}, {"dict": [["a", 1]]}]
NO_SPACE = [
    *({}, {"dict": 1}, {"dict": [[[], 1]]}, {"no such kind": 1}, {"float": "x"}, {"set": [[]]}),
    *({"leaf": 1}, {"leaf": ["x", "FloatAxis", {}, False]}, {"leaf": ["x", "os.system", {}, 1]}),
    *({"branch": ["b", []]}, {"branch": [1, [2]]}, {"object": 1}),
    *({"numpy": ["O", 1]}, {"numpy": ["V1000000000000", 1]}, {"numpy": ["<f8", "x"]}),
]


@pytest.mark.parametrize("space", CONSTANT + NO_SPACE, ids=json.dumps)
def test_a_space_in_which_there_is_nothing_to_search_is_refused(space):
    blank = LearnedSearcher(policy=POLICY)
    empty = good_state() | {"queue": [], "trials": []}
    assert_refused(blank, empty | {"space": space})
    if space in NO_SPACE:
        beside = {"dict": [["p", space], ["q", {"branch": ["q", [1, 2]]}]]}
        assert_refused(blank, empty | {"space": beside})


AXES = [
    ["FloatAxis", {"low": 0.0, "high": "x", "log": False, "step": None}],
    ["FloatAxis", {"low": 1.0, "high": 0.0, "log": False, "step": None}],
    ["FloatAxis", {"low": 0.0, "high": {"float": "inf"}, "log": False, "step": None}],
    ["FloatAxis", {"low": 0.0, "high": 1.0, "log": False, "step": 5e-324}],
    ["FloatAxis", {"low": 0.0, "high": 1.0, "log": False, "step": None, "evil": 1}],
    ["IntAxis", {"low": 0, "high": 10**400, "log": False, "step": 1}],
    ["IntAxis", {"low": 0, "high": 1.5, "log": False, "step": 1}],
    ["NormalAxis", {"mean": 0.0, "sd": -1.0, "step": None}],
    ["CategoricalAxis", {"choices": {"tuple": []}}],
    ["CategoricalAxis", {"choices": 3}],
]


@pytest.mark.parametrize("axis", AXES, ids=lambda axis: str(axis[1])[:60])
def test_axes_that_cannot_be_are_refused(axis):
    space = {"dict": [["x", {"leaf": ["x", *axis, False]}]]}
    blank = LearnedSearcher(policy=POLICY)
    assert_refused(blank, good_state() | {"space": space, "queue": [], "trials": []})


def paths(node, path=()):
    """Every place in a state."""
    if path:
        yield path
    if isinstance(node, (dict, list)):
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            yield from paths(child, (*path, key))


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([10**400, 0.5, math.nan, math.inf, 1e308, "x", "memory", "FloatAxis", "t1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["float", "tuple", "dict", "leaf", "branch", "numpy", "set", "x"]),
            inner,
            max_size=2,
        )
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(GOOD)), blank=st.booleans(), data=st.data())
def test_anything_anywhere_in_a_state_is_refused_or_searched_on_with(name, blank, data):
    space, state = GOOD[name]
    path = data.draw(st.sampled_from(list(paths(state))))
    changed = set_at(state, path, data.draw(JUNK))
    search = LearnedSearcher(policy=POLICY) if blank else searcher(space)
    before = search.get_state()
    try:
        search.set_state(changed)
    except ValueError:
        assert search.get_state() == before
    else:
        json.dumps(search.get_state(), allow_nan=False)
        if search.mode and search.metric:
            for k in range(4):
                search.suggest(f"new{k}")


def test_a_searcher_in_use_goes_on_after_a_refused_state(tmp_path):
    search, twin = in_flight(), in_flight()
    (tmp_path / "state").write_text("[" * 100_000)
    with pytest.raises(ValueError, match="state cannot be restored"):
        search.restore(tmp_path / "state")
    assert_refused(search, set_at(good_state(), ("trials", 0, "u"), [0.3] * 7))
    assert_refused(search, good_state("nested"), "another search space")
    assert run(search, 3, first=20) == run(twin, 3, first=20)


def test_a_state_whose_policy_has_no_model_for_the_space_is_refused():
    search = LearnedSearcher(policy=untrained("lstm", 3))
    assert_refused(search, good_state(), "no model for a search space of 7 axes")
