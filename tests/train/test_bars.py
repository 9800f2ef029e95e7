"""Progress bars survive a log file."""

import io
import sys

from train.bars import WIDTH, bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_in_a_log_file_a_state_is_a_line_without_returns_and_colours(monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    assert list(bar(range(5), mininterval=0.0, maxinterval=0.0)) == [0, 1, 2, 3, 4]
    lines = log.getvalue().splitlines()
    assert "\r" not in log.getvalue() and "\x1b" not in log.getvalue()
    assert lines[-1].startswith("100%") and "5/5" in lines[-1]
    assert all(0 < len(line) <= WIDTH and line.isascii() for line in lines)


def test_a_log_file_gets_few_lines(monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    list(bar(range(10_000)))
    assert len(log.getvalue().splitlines()) <= 3


def test_on_a_terminal_it_is_written_over(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    list(bar(range(5)))
    assert "\r" in terminal.getvalue() and "\n" not in terminal.getvalue().rstrip("\n")
