"""The report is complete, honest and opens in a browser."""

import re
import shutil
import subprocess

import numpy as np
import pytest

from hpo_benchmarks.__main__ import EARLIER, PACKED
from hpo_benchmarks.report.page import write_page
from hpo_benchmarks.report.report import write_report
from hpo_benchmarks.report.scores import regrets_of
from hpo_benchmarks.rows import read_rows
from hpo_benchmarks.sources import ROOT
from tests.hpo_benchmarks.made_up import a_row

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")


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


def live_rows(trials=20, seeds=3):
    """Made-up rows of a live problem, six trials of each study failed."""
    rng = np.random.default_rng(1)
    return [
        a_row(
            method,
            rng.exponential(size=trials),
            problem=problem,
            suite=suite,
            seed=seed,
            optimum=0.0,
            outcomes=outcomes,
        )
        for suite, problem, outcomes in (
            ("rough", "faults", "f" * 6 + "c" * (trials - 6)),
            ("several", "fronts", None),
        )
        for method in ("memory", "tpe", "random")
        for seed in range(seeds)
    ]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Folder of a report on made-up rows, one of them failed."""
    folder = tmp_path_factory.mktemp("docs")
    write_made_up(folder)
    return folder


def write_made_up(folder):
    """A report on rows of every kind of suite, and on earlier ones."""
    earlier = [row for row in full_rows() if row.method == "memory"]
    failed = a_row("smac", [1.0], error="MemoryError")
    write_report([*full_rows(), *live_rows(), failed], folder, earlier)


def test_what_changed_since_an_earlier_version_is_nothing_where_rows_are_the_same(report):
    text = (report / "benchmarks.md").read_text()
    section = text.split("## What has changed")[1].split("\n## ")[0]
    assert "| classic functions | 3 | 3 | +0.000 (+0.000 to +0.000), 0 lower |" in section
    assert "Table 1" not in section


def test_every_suite_of_live_problems_has_a_section(report):
    text = (report / "benchmarks.md").read_text()
    assert "## Several objectives" in text and "## Failures, outliers" in text
    assert "several/fronts" not in text.split("## Several objectives")[0]


def test_the_report_says_how_many_rows_nobody_can_trace(report):
    assert "rows do not say which code" in (report / "benchmarks.md").read_text()


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
    ranks = (report / "benchmarks.md").read_text().split("Mean rank there")[1]
    first = re.search(r"\| memory \(ours\) \| \d+ \| ([\d.]+)", ranks)
    last = re.search(r"\| random search \| \d+ \| ([\d.]+)", ranks)
    assert float(first.group(1)) < float(last.group(1))


@pytest.mark.slow
def test_the_report_repeats_itself(report, tmp_path):
    write_made_up(tmp_path)
    again = (tmp_path / "benchmarks.md").read_text()
    assert again == (report / "benchmarks.md").read_text()


def test_live_problems_have_a_section_with_differences_and_failures(report):
    text = (report / "benchmarks.md").read_text().split("## Failures, outliers")[1]
    section = text.split("\n## ")[0]
    assert "against" in section and "failed trials of 20" in section
    assert re.search(r"\| rough/faults \| 6.0 \| 6.0 \| 6.0 \|", section)


def test_rows_of_live_problems_alone_make_a_report(tmp_path):
    write_report(live_rows(), tmp_path)
    text = (tmp_path / "benchmarks.md").read_text()
    assert "## Failures" in text and "Figure" not in text


def test_without_rows_the_report_says_how_to_make_some(tmp_path):
    with pytest.raises(ValueError, match="hpo_benchmarks run"):
        write_report([], tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no chromium in PATH (Debian: apt install chromium)")
def test_the_page_draws_its_charts_in_a_browser_without_console_errors(tmp_path):
    page = tmp_path / "page.html"
    write_page(full_rows(), regrets_of(full_rows()), page, plotly=True)
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
            page.as_uri(),
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


@pytest.mark.slow
def test_the_committed_pages_are_what_the_committed_rows_give(tmp_path):
    write_report(read_rows([PACKED]), tmp_path, read_rows([EARLIER]))
    for name in ("benchmarks.md", "benchmarks/curves.html"):
        assert (tmp_path / name).read_bytes() == (ROOT / "docs" / name).read_bytes()
