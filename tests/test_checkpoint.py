"""Checkpoints: what is saved comes back, and whatever else a file may hold is refused."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from safetensors import safe_open
from safetensors.numpy import save_file

from l2l_sampler.checkpoint import FORMAT, load, read_header, save
from l2l_sampler.history import History
from l2l_sampler.policies import KINDS
from l2l_sampler.policies.base import describe
from l2l_sampler.policies.trained import Header, TrainedPolicy
from l2l_sampler.spaces.axes import FloatAxis
from l2l_sampler.spaces.cube import UnitCube
from tests.untrained import untrained

DIM = 3
KEY = "l2l_sampler"


@pytest.fixture(params=sorted(KINDS))
def trained(request):
    return untrained(request.param, DIM)


@pytest.fixture
def written(trained, tmp_path):
    path = tmp_path / "policy.safetensors"
    save(path, trained)
    return path


def content(path):
    """Header (as a dict) and tensors of a file, read without this package."""
    with safe_open(path, framework="numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return json.loads(file.metadata()[KEY]), tensors


def rewrite(path, header=None, tensors=None):
    """The same file with some entries of its header, or its tensors, replaced."""
    old_header, old_tensors = content(path)
    text = json.dumps({**old_header, **(header or {})})
    save_file(old_tensors if tensors is None else tensors, path, metadata={KEY: text})


def test_what_is_saved_is_what_is_loaded(trained, written):
    loaded = load(written)
    assert loaded.policy == trained.policy
    assert loaded.header == trained.header == read_header(written)
    assert loaded.params.keys() == trained.params.keys()
    for name, value in trained.params.items():
        assert loaded.params[name].dtype == trained.policy.precision
        assert_array_equal(loaded.params[name], value.astype(np.float32))


def test_a_loaded_policy_proposes_what_the_saved_one_did(trained, written):
    single = {name: value.astype(np.float32) for name, value in trained.params.items()}
    exact = replace(
        trained,
        params={name: value.astype(trained.policy.precision) for name, value in single.items()},
    )
    cube = UnitCube({name: FloatAxis(0.0, 1.0) for name in "abc"})
    rng = np.random.default_rng(5)
    history = History.sequential(cube.sample(rng, 6), rng.standard_normal(6))
    proposals = [
        one.propose(history, cube=cube, seed=7, number=6) for one in (exact, load(written))
    ]
    assert_array_equal(*proposals)


def test_saving_leaves_only_the_finished_file(written):
    assert [file.name for file in written.parent.iterdir()] == [written.name]


def test_a_failed_save_leaves_the_old_file(trained, written):
    before = written.read_bytes()
    name, value = next(iter(trained.params.items()))
    broken = replace(trained, params={**trained.params, name: np.full_like(value, np.inf)})
    with pytest.raises(ValueError, match=f"{written.name} was not written.*{name}.*finite"):
        save(written, broken)
    unwritable = replace(trained, header=replace(trained.header, metrics={"regret": np.nan}))
    with pytest.raises(ValueError):
        save(written, unwritable)
    assert written.read_bytes() == before
    assert [file.name for file in written.parent.iterdir()] == [written.name]


def test_half_precision_keeps_three_digits_and_halves_the_file(trained, written, tmp_path):
    path = tmp_path / "half.safetensors"
    save(path, trained, stored="float16")
    for name, value in load(path).params.items():
        assert value.dtype == trained.policy.precision
        assert_allclose(value, trained.params[name], rtol=5e-4, atol=1e-7)
    tensors = sum(value.nbytes for value in content(written)[1].values())
    assert sum(value.nbytes for value in content(path)[1].values()) * 2 == tensors


def test_whole_numbers_keep_two_digits_and_quarter_the_file(trained, written, tmp_path):
    path = tmp_path / "int8.safetensors"
    save(path, trained, stored="int8")
    loaded = load(path)
    for name, value in trained.params.items():
        assert loaded.params[name].shape == value.shape
        step = np.abs(value).max(axis=0) / 127 if value.ndim == 2 else 1e-3 * (1 + np.abs(value))
        assert (np.abs(loaded.params[name] - value) <= 0.51 * step + 1e-6).all()
    assert loaded.policy == trained.policy and loaded.header == trained.header
    assert path.stat().st_size < 0.7 * written.stat().st_size


def test_whole_numbers_need_their_scales(trained, tmp_path):
    path = tmp_path / "policy.safetensors"
    save(path, trained, stored="int8")
    tensors = content(path)[1]
    name = next(name for name in tensors if name.endswith(":scale"))
    wrong = [
        ({k: v for k, v in tensors.items() if k != name}, f"lacks the tensors .'{name}'"),
        ({**tensors, name: tensors[name][:-1]}, "of shape"),
        ({**tensors, name: tensors[name].astype(np.int32)}, "as I32, which is not read"),
        ({**tensors, name: np.full_like(tensors[name], np.inf)}, "not finite floats"),
    ]
    for changed, message in wrong:
        rewrite(path, tensors=changed)
        with pytest.raises(ValueError, match=f"policy.safetensors.*{message}"):
            load(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_whole_numbers_hold_no_infinity(trained, tmp_path, bad):
    name = next(name for name, value in trained.params.items() if value.ndim == 2)
    value = trained.params[name].copy()
    value[0, 0] = bad
    with pytest.raises(ValueError, match="not written.*finite"):
        save(
            tmp_path / "int8.safetensors",
            replace(trained, params={**trained.params, name: value}),
            stored="int8",
        )


def test_a_parameter_that_half_precision_cannot_hold_is_refused(trained, tmp_path):
    next(iter(trained.params.values()))[...] = 1e6
    with pytest.raises(ValueError, match="not finite"):
        save(tmp_path / "half.safetensors", trained, stored="float16")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no checkpoint .*absent.safetensors.*train.fit"):
        load(tmp_path / "absent.safetensors")


@pytest.mark.parametrize("kept", [0, 4, 8, 100, -1])
def test_a_truncated_file_is_refused(written, kept):
    written.write_bytes(written.read_bytes()[:kept])
    with pytest.raises(ValueError, match="policy.safetensors is damaged, or not a safetensors"):
        load(written)


def test_a_damaged_file_is_refused(written):
    data = bytearray(written.read_bytes())
    data[4:60] = bytes(56)
    written.write_bytes(data)
    with pytest.raises(ValueError, match="policy.safetensors is damaged"):
        load(written)


class Trap:
    """An object whose unpickling is an error."""

    def __reduce__(self):
        return (pytest.fail, ("a file was unpickled",))


def test_a_pickle_is_refused_unopened(tmp_path):
    path = tmp_path / "policy.safetensors"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ValueError, match="not a safetensors file"):
        load(path)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}])
def test_a_safetensors_file_of_something_else_is_refused(tmp_path, metadata):
    path = tmp_path / "bert.safetensors"
    save_file({"embedding": np.zeros((2, 2), np.float32)}, path, metadata=metadata)
    with pytest.raises(ValueError, match="bert.safetensors is a safetensors file of something"):
        load(path)


@pytest.mark.parametrize("read", [load, read_header])
def test_a_newer_format_says_which_is_read(written, read):
    header, tensors = content(written)
    newer = {"format": FORMAT + 1, "network": header["policy"]}
    save_file(tensors, written, metadata={KEY: json.dumps(newer)})
    expected = f"policy.safetensors holds checkpoint format {FORMAT + 1}.*reads {FORMAT}.*Install"
    with pytest.raises(ValueError, match=expected):
        read(written)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": "one"}'])
def test_a_header_that_is_none_is_refused(written, text):
    save_file(content(written)[1], written, metadata={KEY: text})
    with pytest.raises(ValueError, match="header of policy.safetensors"):
        load(written)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"color": "red"}, "has unknown .'color'"),
        ({"policy": 3}, "has policy 3, which must be str"),
        ({"config": None}, "has config None, which must be dict"),
        ({"dim": "3"}, "has dim '3', which must be int or NoneType"),
        ({"policy": "transformer"}, "kind 'transformer'.*knows .*'memory'"),
        ({"config": {}}, "configuration of its .* lacks"),
        ({"dim": DIM + 1}, f"header says dim {DIM + 1}, its policy has dim"),
        ({"encoding": "raw-0"}, "contradicts itself: its header says encoding 'raw-0'"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(written, change, message):
    rewrite(written, header=change)
    with pytest.raises(ValueError, match=f"policy.safetensors.*{message}.*train.fit"):
        load(written)


def test_an_unknown_field_of_the_policy_is_refused(written):
    config = content(written)[0]["config"]
    rewrite(written, header={"config": {**config, "attention": True}})
    with pytest.raises(ValueError, match="policy.safetensors.*unknown .'attention'"):
        load(written)


def test_a_field_that_is_none_is_left_out_so_that_older_files_stay_valid(tmp_path):
    path = tmp_path / "policy.safetensors"
    plain = untrained("lstm", DIM)
    save(path, plain)
    assert "patience" not in content(path)[0]["config"]
    patient = replace(plain.policy, patience=7)
    header = replace(plain.header, config=describe(patient))
    save(path, TrainedPolicy(patient, plain.params, header))
    assert content(path)[0]["config"]["patience"] == 7 and load(path).policy == patient


def test_fields_of_the_wrong_type_are_refused(written):
    config = content(written)[0]["config"]
    rewrite(written, header={"config": dict.fromkeys(config, "wide")})
    with pytest.raises(ValueError, match="policy.safetensors does not describe a policy"):
        load(written)


def test_tensors_must_be_those_of_the_policy(written):
    tensors = content(written)[1]
    name = sorted(tensors)[0]
    others = {key: value for key, value in tensors.items() if key != name}
    wrong = [
        (others, f"lacks the tensors .'{name}'"),
        ({**tensors, "extra": np.zeros(1, np.float32)}, "unknown .'extra'"),
        ({**others, name: np.zeros((3, 5), np.float32)}, r"of shape \(3, 5\).*needs"),
        ({**others, name: np.full_like(tensors[name], np.nan)}, "not finite"),
        ({**others, name: np.zeros(tensors[name].shape, np.int32)}, "as I32, which is not read"),
    ]
    for changed, message in wrong:
        rewrite(written, tensors=changed)
        with pytest.raises(ValueError, match=f"policy.safetensors.*{message}"):
            load(written)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_weights_of_another_dimension_are_refused(kind, tmp_path):
    other = untrained(kind, DIM + 1)
    if other.dim is None:
        pytest.skip("takes any dimension")
    ours = untrained(kind, DIM)
    path = tmp_path / "policy.safetensors"
    save(path, TrainedPolicy(ours.policy, other.params, ours.header))
    with pytest.raises(ValueError, match="policy.safetensors holds .* of shape"):
        load(path)


def test_the_header_describes_the_policy(trained):
    header = Header.of(trained.policy, loss="ei", prior="rbf", horizon=100, workers=5)
    assert header.policy == trained.policy.kind
    assert header.dim == trained.policy.dim
    assert (header.horizon, header.workers) == (100, 5)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_is_known_under_its_own_name(kind):
    assert KINDS[kind].kind == kind
