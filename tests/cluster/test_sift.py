"""Inputs that end their process are told from those that do not, and from accidents."""

import os
import signal
from contextlib import contextmanager
from functools import partial

import pytest

from spectra.cluster._sift import sift

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals")


@contextmanager
def trial(log, killers, accident):
    """Yield what runs an input: some end their process, one does so the first time only."""

    def run(number):
        with log.open("a") as file:
            file.write(f"{number}\n")
        if number == accident and log.read_text().split().count(str(number)) == 1:
            os._exit(3)
        if number in killers:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == 5:
            raise ValueError("an error is no death")

    yield run


def test_inputs_that_end_their_process_twice_are_told_and_no_others(tmp_path):
    log = tmp_path / "log"
    found = sift(partial(trial, log, {2, 7}, accident=4), range(9))
    assert set(found) == {2, 7}
    assert all("SIGKILL" in reason for reason in found.values())
    ran = list(map(int, log.read_text().split()))
    assert ran == [0, 1, 2, 2, 3, 4, 4, 5, 6, 7, 7, 8]


def test_where_nothing_dies_nothing_is_told(tmp_path):
    assert sift(partial(trial, tmp_path / "log", set(), accident=None), range(3)) == {}


@contextmanager
def broken():
    """End the process before any input runs."""
    os._exit(1)
    yield


def test_what_dies_before_its_first_input_blames_none():
    assert sift(broken, range(3)) == {}
