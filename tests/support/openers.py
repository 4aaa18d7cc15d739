"""Open a file in every way that there is, and hold what destructors print."""

import sys
from contextlib import contextmanager

from spectra.errors import SpectraError


def count_opened(*ways):
    """Run ways to open a source; return how many gave something.

    Whatever else than a clear error of one line is raised goes on to the caller.
    """
    count = 0
    for way in ways:
        try:
            way()
            count += 1
        except SpectraError as error:
            text = str(error)
            assert text
            assert "\n" not in text
    return count


@contextmanager
def destructors_are_silent():
    """Raise AssertionError where a destructor of the block would print a traceback."""
    before, broken = sys.unraisablehook, []
    sys.unraisablehook = broken.append
    try:
        yield
    finally:
        sys.unraisablehook = before
    assert broken == []
