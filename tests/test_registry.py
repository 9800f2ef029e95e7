"""Finding a policy: by name, path, folder and dimension; and the shipped files themselves."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from l2l_sampler import load_policy, registry
from l2l_sampler.checkpoint import load, save
from l2l_sampler.policies.trained import TrainedPolicy
from l2l_sampler.registry import check_policy, resolve, takes_any_dimension
from tests.untrained import untrained
from train.ship import ship

SHIPPED = registry.shipped()
FOLDERS = [registry.WEIGHTS, registry.MODELS]


def of_dimension(dim, horizon=None, seed=0):
    """A small per-dimension policy; the horizon stands in its header."""
    trained = untrained("lstm", dim, horizon=horizon)
    return replace(trained, params=trained.policy.init(np.random.default_rng(seed)))


@pytest.fixture
def folder(tmp_path):
    """One checkpoint for each of dimensions 1 and 3, as `train.fit` leaves them."""
    for dim in (1, 3):
        save(tmp_path / f"mine-{dim}d.safetensors", of_dimension(dim))
    return tmp_path


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Weights of our own: `any` for every dimension, `each` for 2 axes and three horizons."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "index.json").write_text('{"aliases": {}, "models": []}')
    card = tmp_path / "card.md"
    card.write_text("# A model")
    source = tmp_path / "policy.safetensors"
    save(source, untrained("memory", 1))
    ship(source, "any", card=card, alias="first", weights=folder)
    for horizon in (20, 100, 500):
        save(source, of_dimension(2, horizon))
        ship(source, "each", card=card, weights=folder)
    monkeypatch.setattr(registry, "WEIGHTS", folder)
    monkeypatch.setattr(registry, "MODELS", None)
    return folder


@pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.file)
def test_every_shipped_file_loads_and_is_what_the_index_says(model):
    trained = resolve(model.name, model.dim or 2, n_trials=model.horizon)
    assert registry.path_of(model.card).is_file()
    header = trained.header
    said = (model.dim, model.policy, model.loss, model.horizon, model.workers)
    assert said == (header.dim, header.policy, header.loss, header.horizon, header.workers)


def test_the_default_policy_is_shipped_for_any_dimension():
    assert load_policy("memory").dim is None


def test_every_alias_stands_for_a_shipped_name():
    assert set(registry.aliases().values()) <= {model.name for model in SHIPPED}


def test_no_two_shipped_models_serve_the_same_purpose():
    purposes = [(model.name, model.dim, model.horizon) for model in SHIPPED]
    assert len(set(purposes)) == len(purposes)


def test_every_file_in_weights_is_in_the_index():
    listed = {model.file for model in SHIPPED} | {model.card for model in SHIPPED}
    present = {file.name for folder in FOLDERS for file in folder.iterdir()}
    assert present == listed | {"index.json"}


def test_a_name_and_its_alias_give_one_object(weights):
    assert resolve("first", 3) is resolve("any", 5) is load_policy("first")


@pytest.mark.parametrize(
    ("n_trials", "horizon"), [(None, 500), (5, 20), (20, 20), (21, 100), (400, 500), (9999, 500)]
)
def test_the_horizon_that_fits_the_study_is_taken(weights, n_trials, horizon):
    assert resolve("each", 2, n_trials=n_trials).header.horizon == horizon


def test_a_dimension_without_a_model_says_what_to_do(weights):
    expected = "'each' has no model .* 7 axes .*only for 2. .*train.fit --dim 7.*policy='memory'"
    with pytest.raises(ValueError, match=expected):
        resolve("each", 7)


def test_several_models_need_a_dimension(folder):
    with pytest.raises(ValueError, match="2 models, of dimensions 1, 3; say which by `dim=`"):
        load_policy(folder)
    assert load_policy(folder, dim=3).dim == 3


def test_a_changed_shipped_file_is_refused(weights):
    path = weights / "any.safetensors"
    save(path, replace(untrained("memory", 1), params=shifted(untrained("memory", 1))))
    with pytest.raises(ValueError, match="any.safetensors has SHA-256 .* Install l2l-sampler"):
        resolve("any", 3)


def shifted(trained):
    return {name: value + 1.0 for name, value in trained.params.items()}


def test_a_lost_shipped_file_is_named(weights):
    (weights / "any.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="any.safetensors is missing.* Install"):
        resolve("any", 3)


@pytest.mark.parametrize("kind_of_path", [str, lambda path: path], ids=["str", "Path"])
def test_a_folder_serves_each_dimension_with_its_file(folder, kind_of_path):
    for dim in (1, 3):
        assert resolve(kind_of_path(folder), dim).dim == dim
    with pytest.raises(ValueError, match="only for 1, 3"):
        resolve(kind_of_path(folder), 2)


@pytest.mark.parametrize("kind_of_path", [str, lambda path: path], ids=["str", "Path"])
def test_a_file_serves_its_dimension_only(folder, kind_of_path):
    path = kind_of_path(folder / "mine-3d.safetensors")
    assert resolve(path, 3).dim == load_policy(path).dim == 3
    with pytest.raises(ValueError, match=r"mine-3d.safetensors' has no model .* 2 axes"):
        resolve(path, 2)


def test_a_file_that_was_retrained_is_read_again(folder):
    path = folder / "mine-3d.safetensors"
    before = resolve(path, 3)
    assert resolve(path, 3) is before
    retrained = of_dimension(3, seed=1)
    save(path, retrained)
    name = "out.weight"
    assert_array_equal(resolve(path, 3).params[name], retrained.params[name].astype(np.float32))


def test_a_loaded_policy_is_used_as_it_is():
    one = of_dimension(3)
    assert resolve(one, 3) is one
    with pytest.raises(ValueError, match="the given policy has no model for .* 4 axes"):
        resolve(one, 4)
    any_dimension = untrained("memory", 1)
    assert resolve(any_dimension, 4) is any_dimension


@pytest.mark.parametrize("path", ["absent.safetensors", "nowhere/policy"])
def test_a_path_that_leads_nowhere_is_named(tmp_path, path):
    with pytest.raises(FileNotFoundError, match=f"no checkpoint .*{path}"):
        resolve(str(tmp_path / path), 2)


@pytest.mark.parametrize("policy", [None, 3, TrainedPolicy])
@pytest.mark.parametrize("function", [partial(resolve, dim=2), check_policy, takes_any_dimension])
def test_what_is_no_policy_is_refused(policy, function):
    with pytest.raises(TypeError, match="policy is a .*give a shipped name"):
        function(policy)


@pytest.mark.parametrize("function", [partial(resolve, dim=2), check_policy, takes_any_dimension])
def test_a_name_or_path_that_leads_nowhere_is_refused(weights, tmp_path, function):
    with pytest.raises(ValueError, match="no policy 'other'. Shipped are first, any, each"):
        function("other")
    with pytest.raises(FileNotFoundError, match=r"no checkpoint .*absent\.safetensors"):
        function(tmp_path / "absent.safetensors")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="holds no .safetensors file"):
        function(tmp_path / "empty")


def test_a_policy_for_any_dimension_is_told_from_one_for_some(weights, folder):
    assert takes_any_dimension("any") and takes_any_dimension("first")
    assert takes_any_dimension(weights / "any.safetensors") and takes_any_dimension(weights)
    assert takes_any_dimension(load_policy("any"))
    assert not takes_any_dimension("each") and not takes_any_dimension(folder)
    assert not takes_any_dimension(str(folder / "mine-3d.safetensors"))
    assert not takes_any_dimension(of_dimension(3))


@pytest.mark.parametrize("name", registry.names())
def test_a_shipped_policy_resolves_in_high_dimensions_where_it_takes_any(name):
    if takes_any_dimension(name):
        assert resolve(name, 50).dim is None
    else:
        with pytest.raises(ValueError, match="no model for a search space of 50 axes"):
            resolve(name, 50)


def test_what_is_shipped_is_found_and_verified(weights):
    assert (weights / "any.md").read_text() == "# A model"
    assert {model.file for model in registry.shipped()} == {
        "any.safetensors",
        "each-2d.safetensors",
        "each-2d-t20.safetensors",
        "each-2d-t500.safetensors",
    }
    assert registry.names() == ("first", "any", "each")


def test_a_shipped_file_is_not_overwritten(weights, tmp_path):
    before = (weights / "any.safetensors").read_bytes()
    save(tmp_path / "new.safetensors", untrained("memory", 1))
    with pytest.raises(ValueError, match="any.safetensors is shipped already.*'any-2'"):
        ship(tmp_path / "new.safetensors", "any", weights=weights)
    assert (weights / "any.safetensors").read_bytes() == before


def test_a_policy_is_shipped_in_half_precision_on_request(weights, tmp_path):
    source = tmp_path / "new.safetensors"
    save(source, untrained("memory", 1))
    model = ship(source, "small", card=tmp_path / "card.md", stored="float16", weights=weights)
    assert (weights / model.file).stat().st_size < source.stat().st_size
    assert registry.load_policy("small").params.keys() == untrained("memory", 1).params.keys()


def test_a_policy_is_shipped_with_another_encoding_on_request(weights, tmp_path):
    source = tmp_path / "new.safetensors"
    save(source, untrained("memory", 1))
    options = {"card": tmp_path / "card.md", "weights": weights}
    model = ship(source, "warped", changes={"encoding": "warped-1"}, **options)
    found, given = registry.load_policy("warped"), load(source)
    assert found.header.encoding == found.policy.encoding == "warped-1" != given.policy.encoding
    assert replace(found.policy, encoding=given.policy.encoding) == given.policy
    for name, value in given.params.items():
        assert_array_equal(found.params[name], value)
    assert model.file == "warped.safetensors"
    with pytest.raises(ValueError, match="unknown encoding 'rank-9'"):
        ship(source, "other", changes={"encoding": "rank-9"}, **options)


def test_nothing_is_shipped_without_a_model_card(weights, tmp_path):
    save(tmp_path / "new.safetensors", untrained("memory", 1))
    with pytest.raises(ValueError, match="'new' has no model card yet; .*--card"):
        ship(tmp_path / "new.safetensors", "new", weights=weights)
    assert not (weights / "new.safetensors").exists()


@pytest.mark.parametrize("name", ["0" * 999, "a\0b", "no/such/" * 99 + "file.safetensors"])
def test_what_can_be_no_path_is_an_error_like_any_other(name):
    with pytest.raises((ValueError, FileNotFoundError), match="no policy|no checkpoint"):
        load_policy(name)


def test_models_that_are_not_installed_are_named_with_their_package(monkeypatch):
    monkeypatch.setattr(registry, "MODELS", None)
    assert "lstm-ei" not in registry.names() and "lstm" in registry.names()
    with pytest.raises(ValueError, match=r"'lstm-ei' comes with .*l2l-sampler\[models\]"):
        load_policy("lstm-ei", dim=3)


def test_a_shipped_file_given_by_path_is_checked_too(weights):
    path = weights / "any.safetensors"
    save(path, replace(untrained("memory", 1), params=shifted(untrained("memory", 1))))
    with pytest.raises(ValueError, match="any.safetensors has SHA-256"):
        load_policy(path)
