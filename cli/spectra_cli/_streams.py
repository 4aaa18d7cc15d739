"""stdout and stderr that may be closed, full, of few characters, or read by nobody any more."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def prepare() -> None:
    """Make sure that there is a stdout and a stderr, and that any text can be written to them.

    A closed one becomes a hole. It gets the lowest descriptor that is free, its own, which the
    next file that is opened would get otherwise, and with it what libraries print. Characters
    that a stream cannot show are escaped.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def silence(name: str) -> None:
    """Drop what is still to be written to ``name``, which cannot be written any more."""
    with suppress(OSError, ValueError, AttributeError):
        hole = os.open(os.devnull, os.O_WRONLY)
        os.dup2(hole, getattr(sys, name).fileno())
        os.close(hole)


def flush() -> OSError | None:
    """Write what is buffered; return why it could not be written, if so, and drop it."""
    failed = None
    for name in ("stderr", "stdout"):
        try:
            getattr(sys, name).flush()
        except OSError as error:
            failed = error
            silence(name)
        except ValueError:  # it was closed
            pass
    return failed
