"""Checkpoints from strangers: each is refused by a ValueError that names it, or works."""

import json
import struct

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from l2l_sampler import load_policy
from l2l_sampler.checkpoint import save
from l2l_sampler.history import History
from l2l_sampler.spaces.axes import FloatAxis
from l2l_sampler.spaces.cube import UnitCube
from tests.fuzz.conftest import FUZZ
from tests.fuzz.values import VALUES, changed
from tests.untrained import untrained

KEY = "l2l_sampler"
DIM = 2
KINDS = ["dnc", "lstm", "memory"]
CUBE = UnitCube({f"x{k}": FloatAxis(0.0, 1.0) for k in range(DIM)})


class Parts:
    """The description of a good file's tensors, its header, its data, and where to write."""

    def __init__(self, *parts):
        self.parts = parts

    def __iter__(self):
        return iter(self.parts)


@pytest.fixture(scope="module", params=KINDS)
def parts(request, tmp_path_factory):
    path = tmp_path_factory.mktemp(request.param) / "policy.safetensors"
    save(path, untrained(request.param, DIM))
    whole = path.read_bytes()
    (size,) = struct.unpack("<Q", whole[:8])
    tensors = json.loads(whole[8 : 8 + size])
    header = json.loads(tensors.pop("__metadata__")[KEY])
    return Parts(tensors, header, whole[8 + size :], path)


def used_or_refused(path, content):
    path.write_bytes(content)
    try:
        trained = load_policy(path)
    except ValueError as error:
        assert path.name in str(error), error
        assert len(str(error)) < 2000
        event("refused")
        return
    event("loaded and used")
    x = CUBE.sample(np.random.default_rng(0), 12)
    for history in (History.sequential(x[:0], []), History.sequential(x, x.sum(1))):
        u = trained.propose(history, cube=CUBE, seed=0, number=history.n)
        assert np.isfinite(u).all() and (u >= 0.0).all() and (u <= 1.0).all()


def packed(tensors, header, data):
    """A file with this header: a JSON value, or the text that stands for it."""
    text = header if isinstance(header, str) else json.dumps(header)
    described = {**tensors, "__metadata__": {KEY: text}}
    content = json.dumps(described).encode("utf-8", "replace")
    return struct.pack("<Q", len(content)) + content + data


def copied(value):
    return json.loads(json.dumps(value))


@FUZZ
@given(data=st.data())
def test_headers(parts, data):
    tensors, header, content, path = parts
    used_or_refused(path, packed(tensors, data.draw(changed(copied(header))), content))


@FUZZ
@given(data=st.data())
def test_configurations_of_the_policy(parts, data):
    tensors, header, content, path = parts
    config = {**header["config"]}
    names = st.sampled_from(sorted(config))
    close = st.integers(1, 40) | st.integers(-3, 5000) | st.floats(0.0, 1.0)
    for name in data.draw(st.lists(names, min_size=1, max_size=3)):
        config[name] = data.draw(close | VALUES)
    used_or_refused(path, packed(tensors, {**header, "config": config}, content))


@FUZZ
@given(data=st.data())
def test_descriptions_of_tensors(parts, data):
    tensors, header, content, path = parts
    tensors, name = copied(tensors), data.draw(st.sampled_from(sorted(tensors)))
    kinds = ["BOOL", "U8", "F8_E4M3", "F8_E5M2", "BF16", "F16", "F64", "I64", "C64", "F4", "X"]
    match data.draw(st.sampled_from(["type", "flat", "any"])):
        case "type":
            tensors[name]["dtype"] = data.draw(st.sampled_from(kinds))
        case "flat":
            kind = data.draw(st.sampled_from(kinds))
            start, end = tensors[name]["data_offsets"]
            tensors[name] |= {"dtype": kind, "shape": [end - start]}
        case _:
            tensors = data.draw(changed(tensors))
    used_or_refused(path, packed(tensors, header, content))


@FUZZ
@given(data=st.data())
def test_bytes(parts, data):
    tensors, header, content, path = parts
    whole = bytearray(packed(tensors, header, content))
    for _ in range(data.draw(st.integers(1, 8))):
        # Most of a file is numbers: half of the changes are in what describes them.
        among = data.draw(st.sampled_from([len(whole) - len(content), len(whole)]))
        whole[data.draw(st.integers(0, among - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.none() | st.integers(0, len(whole)))
    used_or_refused(path, bytes(whole[:end]))


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"format":' * 50_000, '{"format":' + "1" * 5000 + "}", "NaN", "x" * 10**7],
    ids=["nested lists", "nested objects", "5,000 digits", "no number", "10 MB"],
)
def test_texts_that_are_no_header(parts, text):
    tensors, _, content, path = parts
    path.write_bytes(packed(tensors, text, content))
    with pytest.raises(ValueError, match=r"header of policy.safetensors"):
        load_policy(path)


def test_a_header_that_lies_about_sizes_costs_no_memory(parts):
    tracemalloc = pytest.importorskip("tracemalloc")
    tensors, header, content, path = parts
    path.write_bytes(
        packed(tensors, {**header, "config": {**header["config"], "hidden": 1024}}, content)
    )
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"policy.safetensors holds .* of shape"):
            load_policy(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20
