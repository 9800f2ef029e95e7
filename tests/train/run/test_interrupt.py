"""Ctrl-C waits for a whole step, once."""

import os
import signal
import threading

import pytest

from train.run.interrupt import delayed_interrupt


def press():
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_ctrl_c_asks_and_the_second_stops(capsys):
    with delayed_interrupt() as asked:
        assert not asked.is_set()
        press()
        assert asked.is_set()
        assert "Ctrl-C again stops at once" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            press()


def test_afterwards_ctrl_c_is_what_it_was():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError), delayed_interrupt():
        assert signal.getsignal(signal.SIGINT) is not before
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_nothing_is_caught():
    found = []

    def enter():
        with delayed_interrupt() as asked:
            found.append(asked.is_set())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found == [False]
