"""Scores have known values, and the report is complete, honest and opens in a browser."""

import re
import shutil
import subprocess

import numpy as np
import pytest
from numpy.testing import assert_allclose

from hpo_benchmarks.report import scores
from hpo_benchmarks.report.report import write_report
from hpo_benchmarks.report.scores import (
    duels,
    means_of,
    over_problems,
    ranks_of,
    regrets_of,
    successful,
    wins_ties_losses,
)

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")


def a_row(method, values, *, problem="squares", suite="paper", seed=0, **more):
    curve = np.minimum.accumulate(np.asarray(values, dtype=float)).tolist()
    return {
        "suite": suite,
        "problem": problem,
        "method": method,
        "seed": seed,
        "trials": len(curve),
        "method_version": "1",
        "workers": 1,
        "curve": curve,
        "clock": np.linspace(0.001, 0.1, len(curve)).tolist(),
        **more,
    }


def full_rows(trials=20, seeds=3):
    """Made-up rows of every suite: `memory` falls fastest, random search slowest."""
    rng = np.random.default_rng(0)
    problems = {
        "paper": ["gp-1d", "gp-3d", "gp-6d", "gp-9d", "branin", "goldstein-price", "hartmann3"],
        "speed": ["goldstein-price", "hartmann6"],
        "control": ["repellers"],
        "hpolib": ["hpolib-svm", "hpolib-lda"],
        "parallel": ["branin"],
    }
    speeds = {"memory": 8.0, "dnc-oi": 5.0, "lstm-oi": 4.0, "gp": 3.0, "tpe": 2.0, "random": 1.0}
    return [
        a_row(
            method,
            speed**-1.0 * rng.exponential(size=trials),
            problem=problem,
            suite=suite,
            seed=seed,
            optimum=0.0,
            workers=5 if suite == "parallel" else 1,
            best_params={f"x{i}": float(rng.uniform()) for i in range(6)},
            **({"queries": rng.uniform(size=trials).tolist()} if problem == "gp-1d" else {}),
        )
        for suite, names in problems.items()
        for problem in names
        for method, speed in speeds.items()
        for seed in range(seeds)
    ]


def test_regret_is_one_at_random_searchs_median_first_trial_and_zero_at_the_optimum():
    rows = [
        a_row("random", [first, 3.0], seed=i, optimum=2.0) for i, first in enumerate((4, 5, 9))
    ]
    rows.append(a_row("ours", [5.0, 2.0], optimum=2.0))
    regrets = regrets_of(rows)["paper/squares"]
    assert_allclose([regrets["random"][i][0] for i in range(3)], [2 / 3, 1, 7 / 3])
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
    ]
    ranks = ranks_of(regrets_of(rows), 1)["paper/squares"]
    assert ranks == {"a": 1.25, "b": 1.75, "c": 3.0}


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


def test_wins_need_two_standard_errors():
    def rows(problem, gaps):
        for seed, gap in enumerate(gaps):
            yield a_row("a", [1.0], problem=problem, seed=seed, optimum=0.0)
            yield a_row("b", [1.0 + gap], problem=problem, seed=seed, optimum=0.0)

    regrets = regrets_of(
        [
            *rows("won", [0.5, 0.6, 0.5]),
            *rows("unclear", [0.5, -0.5, 0.1]),
            *rows("lost", [-0.5, -0.6, -0.5]),
            *rows("single", [0.5]),
        ]
    )
    assert wins_ties_losses(regrets, "a", "b", 1) == (1, 1, 1)
    assert "paper/single" not in duels(regrets, "a", "b", 1)


def test_failed_rows_and_shorter_studies_do_not_count():
    rows = [a_row("a", [1.0, 2.0]), a_row("a", [1.0]), {**a_row("b", [1.0, 1.0]), "error": "x"}]
    assert successful(rows) == rows[:1]


def test_means_are_over_seeds():
    rows = [a_row("random", [value], seed=i, optimum=0.0) for i, value in enumerate((1.0, 3.0))]
    assert means_of(regrets_of(rows), 1)["paper/squares"] == {"random": 1.0}


def test_every_problem_has_a_kind():
    kinds = {scores.kind_of(f"{row['suite']}/{row['problem']}") for row in full_rows()}
    assert {"GP draws", "classic functions", "HPOLib tables", "control"} <= kinds


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Folder of a report on made-up rows, one of them failed."""
    folder = tmp_path_factory.mktemp("docs")
    write_report([*full_rows(), {**a_row("smac", [1.0]), "error": "MemoryError"}], folder)
    return folder


def test_the_report_shows_every_section_and_its_links_lead_somewhere(report):
    text = (report / "benchmarks.md").read_text()
    for title in ("Figure 3", "Figure 4", "Figure 5", "Figure 6", "Figure 7", "Table 1"):
        assert title in text
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert len(links) >= 9 and all((report / link).is_file() for link in links)
    assert all(path.stat().st_size < 400_000 for path in report.glob("benchmarks/*.png"))


def test_failed_studies_are_listed(report):
    text = (report / "benchmarks.md").read_text()
    assert "1 studies failed" in text and "smac, seed 0: MemoryError" in text


def test_the_best_method_leads_the_summary(report):
    ranks = (report / "benchmarks.md").read_text().split("Mean rank")[1]
    first = re.search(r"\| memory \(ours\) \| \d+ \| ([\d.]+)", ranks)
    last = re.search(r"\| random search \| \d+ \| ([\d.]+)", ranks)
    assert float(first.group(1)) < float(last.group(1))


@pytest.mark.slow
def test_the_report_repeats_itself(report, tmp_path):
    write_report([*full_rows(), {**a_row("smac", [1.0]), "error": "MemoryError"}], tmp_path)
    again = (tmp_path / "benchmarks.md").read_text()
    assert again == (report / "benchmarks.md").read_text()


def test_without_rows_the_report_says_how_to_make_some(tmp_path):
    with pytest.raises(ValueError, match="hpo_benchmarks run"):
        write_report([], tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no chromium in PATH (Debian: apt install chromium)")
def test_the_page_draws_its_charts_in_a_browser_without_console_errors(report, tmp_path):
    done = subprocess.run(
        [
            BROWSER,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=20000",
            "--dump-dom",
            (report / "benchmarks.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert done.stdout.count('class="main-svg"') >= 2
    assert "GPSampler" in done.stdout
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert console == []
