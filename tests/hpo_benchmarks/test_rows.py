"""Rows survive their file, also those of earlier versions."""

import gzip
import json

import pytest

from hpo_benchmarks.__main__ import PACKED
from hpo_benchmarks.rows import Row, read_rows, write_packed
from tests.hpo_benchmarks.made_up import a_row


def write(path, rows):
    path.write_text("".join(row.to_json() + "\n" for row in rows))


def test_a_row_survives_its_line():
    row = a_row("a", [3.0, 1.0], optimum=0.5, best_params={"x": 1, "kind": "b"}, outcomes="cf")
    assert Row.from_json(row.to_json()) == row
    assert "error" not in row.to_json()


def test_a_study_without_a_result_as_yet_survives_its_line():
    row = a_row("a", [1.0, 1.0], outcomes="fc")
    row = Row.from_json(row.to_json().replace('"curve": [1.0, 1.0]', '"curve": [null, 1.0]'))
    assert row.curve == [None, 1.0]


def test_failures_are_counted_trial_by_trial():
    assert a_row("a", [1.0] * 5, outcomes="cfpfc").failures() == [0, 1, 1, 2, 2]
    assert a_row("a", [1.0, 1.0]).failures() == [0, 0]


def test_a_field_that_no_row_has_is_named():
    with pytest.raises(ValueError, match="colour"):
        Row.from_json('{"suite": "a", "colour": "red"}')


def test_packing_the_committed_rows_again_changes_nothing(tmp_path):
    rows = read_rows([PACKED])
    write_packed(rows, tmp_path / "rows.jsonl.gz")
    assert gzip.decompress((tmp_path / "rows.jsonl.gz").read_bytes()) == gzip.decompress(
        PACKED.read_bytes()
    )


def test_packed_rows_read_the_same_and_depend_on_the_rows_alone(tmp_path):
    rows = [a_row("a", [2.0, 1.0], seed=seed) for seed in range(3)]
    packed = tmp_path / "packed" / "rows.jsonl.gz"
    write_packed(rows, packed)
    content = packed.read_bytes()
    assert read_rows([packed]) == rows
    write_packed(rows[::-1], packed)
    assert packed.read_bytes() == content


def test_the_last_row_of_a_key_counts_and_missing_files_have_none(tmp_path):
    old, new = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    write(old, [a_row("a", [2.0]), a_row("b", [2.0])])
    write(new, [a_row("a", [1.0])])
    rows = read_rows([old, tmp_path / "none.jsonl", new])
    assert {row.method: row.curve for row in rows} == {"a": [1.0], "b": [2.0]}


def test_a_line_cut_off_by_a_kill_is_not_read(tmp_path):
    path = tmp_path / "rows.jsonl"
    write(path, [a_row("a", [1.0]), a_row("b", [1.0])])
    path.write_text(path.read_text()[:-20])
    assert [row.method for row in read_rows([path])] == ["a"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("garbage", "Expecting value"),
        ("[1]", "JSON object"),
        ('{"suite": "paper"}', "lacks the fields method"),
        ('{"colour": 1}', "does not know: colour"),
    ],
)
def test_a_line_that_is_no_row_is_named(line, said, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{a_row('memory', [1.0]).to_json()}\n{line}\n")
    with pytest.raises(ValueError, match="line 2: ") as caught:
        read_rows([path])
    assert str(path) in str(caught.value) and said in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": "0"}, "seed is '0'"),
        ({"seed": -1}, "seed is -1"),
        ({"trials": 0}, "trials is 0"),
        ({"workers": True}, "workers is True"),
        ({"curve": [3.0]}, "curve must be a list of 2"),
        ({"curve": None}, "curve must be a list of 2"),
        ({"curve": {"0": 1.0}}, "curve must be a list of 2"),
        ({"curve": ["3.0", "1.0"]}, "curve must be a list of 2"),
        ({"curve": [1.0, 3.0]}, "never rises"),
        ({"curve": [3.0, float("nan")]}, "finite"),
        ({"curve": [None, 1.0]}, "finite"),
        ({"curve": [float("inf"), 1.0]}, "finite"),
        ({"curve": [1.0, None], "outcomes": "cf"}, "finite"),
        ({"clock": [0.2, 0.1]}, "never fall"),
        ({"clock": [0.2]}, "clock must be a list of 2"),
        ({"outcomes": "c"}, "outcomes must be 2 letters"),
        ({"outcomes": "cx"}, "outcomes must be 2 letters"),
    ],
)
def test_a_row_that_no_study_can_have_given_is_refused(change, said):
    row = json.loads(a_row("memory", [3.0, 1.0]).to_json()) | change
    with pytest.raises(ValueError, match=said):
        Row.from_json(json.dumps(row))


def test_a_study_that_failed_has_no_results_to_check():
    row = Row("paper", "squares", "smac", 0, 100, "1", error="MemoryError")
    assert Row.from_json(row.to_json()) == row


@pytest.mark.parametrize(
    "content", [b"no gzip\n", gzip.compress(b"{}\n" * 1000)[:-9]], ids=["other", "cut off"]
)
def test_a_damaged_file_is_named(content, tmp_path):
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="rows.jsonl.gz is damaged"):
        read_rows([path])
