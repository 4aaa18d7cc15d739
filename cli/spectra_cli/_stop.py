"""Ctrl-C and SIGTERM: seen between two batches, never swallowed, nothing left behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

PATIENCE = 5.0  # seconds from one attempt to stop to the next, where no batch ends
CODES = {signal.SIGINT: (130, "interrupted"), signal.SIGTERM: (143, "terminated")}


class StopRequest(KeyboardInterrupt):
    """Somebody asked this process to stop."""


class Stop:
    """Whether a signal asked this process to stop, and how it does.

    What a signal handler raises is lost where Python runs a destructor or a weak reference's
    callback: then the run went on and ended with 0. So the signal is remembered, and looked at
    where it cannot be lost: once a batch. Where no batch ends in time, stopping is tried again
    and again. A second signal ends the process at once.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.cleanup: Callable[[], None] = lambda: None
        self._deferred = 0

    @property
    def asked(self) -> bool:
        """Whether to stop."""
        return self.signal is not None

    @property
    def code(self) -> int:
        """Exit code of a process that was stopped."""
        return CODES[signal.Signals(self.signal or signal.SIGINT)][0]

    @property
    def text(self) -> str:
        """What happened to it."""
        return CODES[signal.Signals(self.signal or signal.SIGINT)][1]

    def check(self) -> None:
        """Raise StopRequest if somebody asked to stop."""
        if self.asked:
            raise StopRequest

    @contextmanager
    def between_batches(self) -> Iterator[None]:
        """Let the block call `check` once a batch, instead of ending wherever it is."""
        self.check()
        self._deferred += 1
        try:
            yield
        finally:
            self._deferred -= 1
            _set_alarm(0)
        self.check()

    def on_signal(self, number: int, _: FrameType | None) -> None:
        """Remember the first signal; leave at the second."""
        if self.asked:
            self._leave()
        self.signal = number
        if not self._deferred:
            raise StopRequest
        _set_alarm(PATIENCE)
        _say(f"{self.text}: ends after this batch; a second time ends it at once")

    def on_alarm(self, _: int, __: FrameType | None) -> None:
        """Try again to stop where no batch has ended since."""
        if self.asked and self._deferred:
            raise StopRequest

    def _leave(self) -> None:
        with suppress(Exception):
            self.cleanup()
        _say(self.text)
        os._exit(self.code)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Handle signals inside the block; those that the caller ignores stay ignored."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self.signal, self._deferred = None, 0
        handlers: dict[Any, Any] = dict.fromkeys(CODES, self.on_signal)
        if hasattr(signal, "SIGALRM"):
            handlers[signal.SIGALRM] = self.on_alarm
        before = {number: signal.getsignal(number) for number in handlers}
        unraisable = sys.unraisablehook

        def quiet(broken: sys.UnraisableHookArgs) -> None:
            if not isinstance(broken.exc_value, StopRequest):  # else it is looked at again
                unraisable(broken)

        for number, handler in handlers.items():
            if before[number] not in (signal.SIG_IGN, None):
                signal.signal(number, handler)
        sys.unraisablehook = quiet
        try:
            yield
        finally:
            _set_alarm(0)
            sys.unraisablehook = unraisable
            for number, handler_before in before.items():
                if handler_before is not None:
                    signal.signal(number, handler_before)


def _set_alarm(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds, seconds)


def _say(text: str) -> None:
    with suppress(OSError):
        os.write(2, f"spectra: {text}\n".encode())


stop = Stop()
