"""States of a searcher from strangers: refused by a ValueError that names the file, or used."""

import json

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from ray import tune

from l2l_sampler import LearnedSearcher
from tests.fuzz.conftest import FUZZ
from tests.fuzz.values import changed

SPACE = {"x": tune.uniform(0.0, 1.0), "n": tune.randint(1, 10), "c": tune.choice(["a", "b"])}


def searcher(space=None):
    return LearnedSearcher(space, metric="loss", mode="min", seed=1, constraints={"size": 1.0})


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """A good state of trials that ended, failed and run, and where to write others."""
    found, path = searcher(SPACE), tmp_path_factory.mktemp("state") / "state.json"
    for k in range(5):
        config = found.suggest(f"t{k}")
        if k < 3:
            found.on_trial_result(f"t{k}", {"loss": 2.0, "training_iteration": 1, "size": 0.5})
            found.on_trial_complete(f"t{k}", {"loss": config["x"], "size": 2.0 * config["x"]})
        elif k == 3:
            found.on_trial_complete(f"t{k}", error=True)
    found.save(path)
    return json.loads(path.read_text()), path


@FUZZ
@given(data=st.data())
@pytest.mark.parametrize("known", [True, False], ids=["of a space", "of none"])
def test_states(state, known, data):
    good, path = state
    other = data.draw(changed(json.loads(json.dumps(good))))
    path.write_bytes(json.dumps(other).encode("utf-8", "replace"))
    found = searcher(SPACE if known else None)
    try:
        found.restore(str(path))
    except ValueError as error:
        assert path.name in str(error), error
        assert len(str(error)) < 2000
        event("refused")
        return
    event("restored and used")
    config = found.suggest("new")
    if known and isinstance(config, dict):
        assert 0.0 <= config["x"] <= 1.0 and config["n"] in range(1, 10) and config["c"] in "ab"


@FUZZ
@given(data=st.data())
def test_bytes(state, data):
    good, path = state
    whole = bytearray(json.dumps(good).encode())
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(whole[: data.draw(st.none() | st.integers(0, len(whole)))]))
    found = searcher(SPACE)
    try:
        found.restore(str(path))
    except ValueError as error:
        assert path.name in str(error), error
        event("refused")
        return
    event("restored and used")
    assert found.suggest("new") is not None
