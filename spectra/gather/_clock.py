"""How long forward passes take, without what runs inside them on our account."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Adds up the seconds of forward passes.

    Attributes
    ----------
    seconds : float
        The sum so far.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of the block."""
        start = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - start

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave out the time of the block, which runs within another that counts."""
        start = time.perf_counter()
        yield
        self.seconds -= time.perf_counter() - start
