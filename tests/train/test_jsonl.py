"""Files of JSON lines outlive a kill."""

import gzip

from train.jsonl import append_line, read_lines


def test_what_is_appended_is_read_back(tmp_path):
    path = tmp_path / "log.jsonl"
    assert read_lines(path) == []
    for line in ('{"step": 1}', '{"name": "é"}'):
        append_line(path, line)
    assert read_lines(path) == ['{"step": 1}', '{"name": "é"}']


def test_a_line_cut_short_by_a_kill_is_not_read_and_gives_way_to_the_next(tmp_path):
    path = tmp_path / "log.jsonl"
    for whole in ("", '{"step": 1}\n'):
        for torn in ('{"step": 2, "minu', '{"step": 2}'):
            path.write_text(whole + torn)
            assert read_lines(path) == whole.splitlines()
            append_line(path, '{"step": 3}')
            assert read_lines(path) == [*whole.splitlines(), '{"step": 3}']


def test_packed_lines_are_read_too(tmp_path):
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"seed": 0}\n{"se'))
    assert read_lines(path) == ['{"seed": 0}']
