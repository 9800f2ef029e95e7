"""Arguments that the sampler and the searcher share."""

import numpy as np
import pytest

from l2l_sampler.adapters.arguments import (
    checked_n_trials,
    checked_seed,
    checked_space,
    random_seed,
    shown,
)


@pytest.mark.parametrize("number", [7, np.int64(7), np.uint8(7)])
def test_whole_numbers_of_any_kind_become_pythons_own(number):
    for checked in (checked_n_trials(number), checked_seed(number)):
        assert checked == 7 and type(checked) is int


@pytest.mark.parametrize("number", [1.5, 2.0, np.float64(3), True, np.True_, "4", [5], 1j])
def test_what_is_no_whole_number_is_a_type_error_that_shows_it(number):
    with pytest.raises(TypeError, match="n_trials must be a whole number, or None .*; got"):
        checked_n_trials(number)
    with pytest.raises(TypeError, match="seed must be a whole number, or None for a random one"):
        checked_seed(number)


def test_numbers_out_of_range_say_what_is_allowed():
    with pytest.raises(ValueError, match="n_trials must be at least 1, or None if unknown; got 0"):
        checked_n_trials(0)
    with pytest.raises(ValueError, match="seed must be at least 0, .* got -1"):
        checked_seed(-1)


def test_without_a_seed_one_is_drawn():
    assert checked_n_trials(None) is None
    seeds = {checked_seed(None) for _ in range(5)} | {random_seed() for _ in range(5)}
    assert len(seeds) == 10
    assert all(type(seed) is int and 0 <= seed < 2**64 for seed in seeds)


def test_a_space_is_copied():
    space = {"x": 1}
    copy = checked_space(space, "space", "domains")
    assert copy == space and copy is not space
    assert checked_space(None, "space", "domains") is None


@pytest.mark.parametrize("space", [[1], "lstm", 3, {1, 2}])
def test_a_space_that_is_no_dict_is_a_type_error(space):
    with pytest.raises(TypeError, match="search_space must be a dict of distributions, got"):
        checked_space(space, "search_space", "distributions")


class Unshowable:
    def __repr__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "value",
    [10**400, 10**5000, np.zeros((99, 99)), "long" * 999, "a\nb", Unshowable()],
    ids=lambda value: type(value).__name__,
)
def test_any_value_is_shown_on_one_short_line(value):
    text = shown(value)
    assert len(text) <= 100 and "\n" not in text
