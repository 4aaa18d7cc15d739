"""How much of a training's time its monitor takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """Keeps measurements below a share of the run's time.

    The first one is free: somebody waits for it, and it loads what later ones need.

    Parameters
    ----------
    share : float or None
        Most of the time that measurements may take; None for no limit.
    """

    def __init__(self, share: float | None) -> None:
        self.share = share
        self.spent = 0.0  # seconds of all measurements but the first
        self._began: float | None = None
        self._last: float | None = None  # seconds that the next one is expected to take

    def allows(self) -> bool:
        """Tell whether another measurement now stays below the share."""
        now = time.perf_counter()
        if self._began is None:
            self._began = now
        if self.share is None or self._last is None:
            return True
        return self.spent + self._last <= self.share * (now - self._began)

    @property
    def expected(self) -> float:
        """Seconds that the next measurement is expected to take."""
        return self._last or 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count the block as a measurement."""
        started = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - started
            if self._last is None:
                self._began = time.perf_counter()
            else:
                self.spent += took
            self._last = took
