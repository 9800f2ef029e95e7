"""Scores have known values, on the seeds that methods have in common."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hpo_benchmarks.report.groups import kind_of
from hpo_benchmarks.report.scores import (
    budgets_of,
    difference,
    failures_of,
    in_common,
    means_of,
    over_problems,
    ranks_of,
    regrets_of,
    successful,
    trials_to_level,
    well_seeded,
)
from tests.hpo_benchmarks.made_up import a_row


def test_regret_is_one_at_random_searchs_median_first_trial_and_zero_at_the_optimum():
    rows = [
        a_row("random", [first, 3.0], seed=i, optimum=2.0) for i, first in enumerate((4, 5, 9))
    ]
    rows.append(a_row("ours", [5.0, 2.0], optimum=2.0))
    regrets = regrets_of(rows)["paper/squares"]
    assert_allclose([regrets["random"][i][0] for i in range(3)], [2 / 3, 1, 1])
    assert_allclose(regrets["ours"][0], [1, 0])


def test_the_best_value_of_any_method_stands_for_an_unknown_optimum():
    rows = [a_row("random", [5.0, 3.0]), a_row("ours", [4.0, 1.0])]
    regrets = regrets_of(rows)["paper/squares"]
    assert_allclose(regrets["random"][0], [1, 0.5])
    assert_allclose(regrets["ours"][0], [0.75, 0])


def test_shifting_and_scaling_an_objective_changes_no_regret():
    values = np.random.default_rng(0).uniform(size=(2, 10))
    plain = [a_row("random", values[0], optimum=0.0), a_row("ours", values[1], optimum=0.0)]
    moved = [
        a_row("random", 3 * values[0] - 7, optimum=-7.0),
        a_row("ours", 3 * values[1] - 7, optimum=-7.0),
    ]
    for before, after in zip(regrets_of(plain).values(), regrets_of(moved).values(), strict=True):
        for method in before:
            assert_allclose(before[method][0], after[method][0], atol=1e-12)


def test_ranks_add_up_and_share_ties():
    rows = [
        *(a_row("a", [1.0], seed=seed) for seed in range(4)),
        *(a_row("b", [1.0 if seed < 2 else 2.0], seed=seed) for seed in range(4)),
        *(a_row("c", [3.0], seed=seed) for seed in range(4)),
        *(a_row("random", [4.0], seed=seed) for seed in range(4)),
    ]
    ranks = ranks_of(regrets_of(rows), 1)["paper/squares"]
    assert ranks == {"a": 1.25, "b": 1.75, "c": 3.0, "random": 4.0}


def test_a_method_with_fewer_seeds_is_ranked_on_the_common_ones():
    rows = [
        *(a_row("fast", [float(seed)], seed=seed) for seed in range(10)),
        a_row("slow", [0.5], seed=0),
    ]
    assert ranks_of(regrets_of(rows), 1)["paper/squares"] == {"fast": 1.0, "slow": 2.0}


def test_the_bootstrap_interval_contains_the_mean_and_shrinks_with_more_problems():
    rng = np.random.default_rng(0)
    tables = [{str(i): {"a": float(rng.normal())} for i in range(n)} for n in (5, 500)]
    few, many = (over_problems(table)["a"] for table in tables)
    assert few.low < few.mean < few.high and many.low < many.mean < many.high
    assert many.high - many.low < 0.25 < few.high - few.low
    assert (few.problems, many.problems) == (5, 500)


def rows_with_gaps(problem, gaps):
    """Rows of `a` and `b`, whose regret is higher by these gaps, none of them above 1."""
    base = max(0.0, -min(gaps))
    for seed, gap in enumerate(gaps):
        yield a_row("a", [base], problem=problem, seed=seed, optimum=0.0)
        yield a_row("b", [base + gap], problem=problem, seed=seed, optimum=0.0)
        yield a_row("random", [1.0], problem=problem, seed=seed, optimum=0.0)


def test_wins_need_two_standard_errors_over_seeds():
    found = regrets_of(
        [
            *rows_with_gaps("won", [0.5, 0.6, 0.5]),
            *rows_with_gaps("unclear", [0.5, -0.5, 0.1]),
            *rows_with_gaps("lost", [-0.5, -0.6, -0.5]),
            *rows_with_gaps("single", [0.5]),
        ]
    )
    gap = difference(found, "a", "b", 1)
    assert (gap.won, gap.tied, gap.lost, gap.problems) == (1, 2, 1, 4)
    assert gap.lower == 3


def test_a_difference_is_paired_and_has_an_interval_over_problems_and_seeds():
    found = regrets_of(
        [*rows_with_gaps("one", [0.1, 0.3]), *rows_with_gaps("two", [0.5, 0.7, 0.6])]
    )
    gap = difference(found, "a", "b", 1)
    assert_allclose(gap.mean, -0.4)
    # The worst that both draws can give is all from one problem, and all from one of its seeds.
    assert -0.7 <= gap.low < -0.6 and -0.2 < gap.high <= -0.1
    assert_allclose(difference(found, "b", "a", 1).mean, 0.4)


def test_seeds_that_differ_widen_the_interval():
    widths = []
    for spread in (0.0, 0.5):
        seeds = [0.3 + spread * sign for sign in (-1, 1, -1, 1)]
        rows = [row for name in "abcdef" for row in rows_with_gaps(name, seeds)]
        gap = difference(regrets_of(rows), "a", "b", 1)
        assert_allclose(gap.mean, -0.3)
        widths.append(gap.high - gap.low)
    assert_allclose(widths[0], 0.0, atol=1e-12)
    assert widths[1] > 0.1


def test_one_problem_tells_nothing_of_others():
    gap = difference(regrets_of(rows_with_gaps("one", [0.1, 0.3])), "a", "b", 1)
    assert np.isnan([gap.low, gap.high]).all()


def test_forms_of_one_problem_count_once():
    rows = [
        *rows_with_gaps("table-nearest", [0.1, 0.1]),
        *rows_with_gaps("table-interpolated", [0.3, 0.3]),
        *rows_with_gaps("other", [0.8, 0.8]),
    ]
    regrets = regrets_of(rows)
    gap = difference(regrets, "a", "b", 1)
    assert_allclose(gap.mean, -(0.2 + 0.8) / 2)
    assert (gap.problems, gap.lower) == (3, 3)
    mean = over_problems(means_of(regrets, 1))["b"]
    assert_allclose(mean.mean, (0.2 + 0.8) / 2)
    assert mean.problems == 3


def test_seeds_that_one_method_lacks_change_no_difference_and_no_mean():
    plain = [*rows_with_gaps("one", [0.1, 0.3])]
    more = [*plain, a_row("a", [9.0], problem="one", seed=7, optimum=0.0)]
    before, after = regrets_of(plain), regrets_of(more)
    assert repr(difference(before, "a", "b", 1)) == repr(difference(after, "a", "b", 1))
    assert means_of(before, 1) == means_of(after, 1)


def test_methods_without_a_common_problem_have_no_difference():
    rows = [a_row("a", [1.0], problem="one"), a_row("b", [1.0], problem="two")]
    assert difference(regrets_of(rows), "a", "b", 1) is None


def test_a_comparison_of_all_is_on_problems_and_seeds_that_all_have():
    rows = [
        *(a_row("a", [1.0], problem=p, seed=s) for p in ("one", "two") for s in range(3)),
        *(a_row("b", [1.0], problem="one", seed=s) for s in (1, 2, 5)),
    ]
    found = in_common(regrets_of(rows))
    assert {name: sorted(seeds) for name, seeds in found["paper/one"].items()} == {
        "a": [1, 2],
        "b": [1, 2],
    }
    assert "paper/two" not in found


def test_a_method_of_very_few_seeds_does_not_set_those_of_all():
    rows = [
        a_row(name, [1.0], seed=s)
        for name, n in (("a", 20), ("b", 10), ("c", 3))
        for s in range(n)
    ]
    assert well_seeded(regrets_of(rows)) == ["a", "b"]


def test_a_study_without_a_result_counts_as_one_of_a_first_guess_or_worse():
    rows = [a_row("random", [2.0], seed=seed, optimum=0.0, outcomes="c") for seed in range(3)]
    rows.append(a_row("ours", [50.0], seed=0, optimum=0.0, outcomes="c"))
    rows.append(a_row("gp", [1.0], seed=0, optimum=0.0, outcomes="c"))
    rows.append(a_row("tpe", [2.0], seed=0, optimum=0.0, outcomes="f", curve=[None]))
    found = regrets_of(rows)["paper/squares"]
    assert [found[name][0][0] for name in ("ours", "gp", "tpe")] == [1.0, 0.5, 1.0]


def test_one_lucky_first_result_of_random_search_is_no_scale():
    rows = [
        a_row("random", [2.0], seed=seed, optimum=0.0, outcomes="f", curve=[None])
        for seed in range(1, 4)
    ]
    rows.append(a_row("random", [1e-3], seed=0, optimum=0.0, outcomes="c"))
    rows += [a_row("ours", [4.0], seed=seed, optimum=0.0, outcomes="c") for seed in range(4)]
    found = regrets_of(rows)["paper/squares"]
    assert_allclose([found["ours"][1], found["random"][1]], [[1.0], [1.0]])


def test_instances_of_unknown_optimum_each_have_their_own():
    rows = [
        a_row(name, values, seed=seed, outcomes="c")
        for seed, values in ((0, [3.0]), (1, [30.0]))
        for name in ("random", "ours")
    ]
    rows.append(a_row("tpe", [2.0], seed=0, outcomes="c"))
    rows.append(a_row("tpe", [20.0], seed=1, outcomes="c"))
    found = regrets_of(rows)["paper/squares"]
    assert [found["tpe"][seed][0] for seed in (0, 1)] == [0.0, 0.0]


def test_failures_are_curves_too():
    rows = [a_row("a", [1.0] * 3, outcomes="fcf"), a_row("b", [1.0] * 3, outcomes="ccf")]
    assert means_of(failures_of(rows), 3)["paper/squares"] == {"a": 2.0, "b": 1.0}


def test_studies_shorter_than_every_budget_are_shown_at_their_end():
    assert budgets_of(60) == [10, 20, 50]
    assert budgets_of(5) == [1, 3, 5]


def test_failed_rows_and_shorter_studies_of_a_suite_do_not_count():
    rows = [a_row("a", [1.0, 2.0]), a_row("a", [1.0]), a_row("b", [1.0, 1.0], error="x")]
    other = a_row("a", [1.0], suite="rough")
    assert successful([*rows, other]) == [rows[0], other]


def test_means_are_over_seeds():
    rows = [a_row("random", [2.0, v], seed=i, optimum=0.0) for i, v in enumerate((1.0, 0.5))]
    assert means_of(regrets_of(rows), 2)["paper/squares"] == {"random": 0.375}


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        ("paper/gp-3d", "GP draws"),
        ("paper/branin", "classic functions"),
        ("hpolib/hpolib-svm", "HPOLib tables"),
        ("control/repellers", "control"),
    ],
)
def test_every_problem_has_a_kind(problem, kind):
    assert kind_of(problem) == kind


def test_trials_to_the_level_of_another_method():
    rows = [
        a_row("told", [4.0, 2.0, 1.0, 0.5], seed=0, optimum=0.0),
        a_row("told", [0.5, 0.4, 0.3, 0.2], seed=1, optimum=0.0),
        a_row("told", [4.0, 4.0, 4.0, 3.0], seed=2, optimum=0.0),
        a_row("told", [1.0] * 4, seed=7, optimum=0.0),
        *(a_row("alone", [5.0, 4.0, 3.0, 2.0], seed=s, optimum=0.0) for s in range(3)),
    ]
    found = trials_to_level(regrets_of(rows), "told", "alone")
    assert found == {"paper/squares": 2.0}  # of 2, 1 and 5
    assert trials_to_level(regrets_of(rows), "absent", "alone") == {}


def test_a_value_below_the_stated_optimum_is_the_zero_of_all():
    rows = [
        a_row("random", [3.0, 3.0], optimum=1.0, outcomes="cc"),
        a_row("ours", [2.0, 1.0], optimum=1.0, outcomes="cc"),
        a_row("tpe", [2.0, -1.0], optimum=1.0, outcomes="cc"),
    ]
    found = regrets_of(rows)["paper/squares"]
    assert_allclose([found[name][0] for name in ("ours", "tpe")], [[0.75, 0.5], [0.75, 0.0]])


def test_seeds_with_optima_of_their_own_have_zeros_of_their_own():
    rows = [
        a_row(name, [first, last], seed=seed, optimum=optimum)
        for seed, optimum in ((0, 0.0), (1, -10.0))
        for name, first, last in (("random", optimum + 2, optimum + 2), ("ours", 9.0, optimum))
    ]
    found = regrets_of(rows)["paper/squares"]
    assert [found["ours"][seed][1] for seed in (0, 1)] == [0.0, 0.0]
    assert [found["random"][seed][1] for seed in (0, 1)] == [1.0, 1.0]
