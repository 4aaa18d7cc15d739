"""What a source gave once, kept while a run lasts in the form that takes the least memory.

A run reads its inputs several times: once when they are opened, once for each pass, and the first
of them again for every probe. What costs time to decode is kept as it was decoded, so that a
picture of 8 bits takes a quarter of what a model gets of it::

    file ──decode──► pixels of 8 bits ──scale──► float32 sample
                          │      ▲
                          └ put ─┴─ get

Where a set does not fit, its first samples are kept, which probes run again.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUDGET = 128 << 20  # bytes; 64 pictures of 512x512 in RGB take 48 MiB of 8 bits, 96 MiB of 16
FIRST = 16  # samples of a larger set that are kept: as many as the counterfactual runs again


class Once:
    """Decoded values by the name of their sample; nothing is kept outside of `keeping`.

    Attributes
    ----------
    nbytes : int
        Bytes that are kept.
    """

    def __init__(self) -> None:
        self._on = False
        self._kept: dict[Hashable, NDArray[Any]] = {}
        self.nbytes = 0

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep what is put inside of the block, and let go of it at its end."""
        if self._on:  # a run within a run: the outer one lets go
            yield
            return
        self._on = True
        try:
            yield
        finally:
            self._on = False
            self.clear()

    def clear(self) -> None:
        """Let go of everything."""
        self._kept.clear()
        self.nbytes = 0

    def get(self, name: Hashable) -> NDArray[Any] | None:
        """Return what is kept of a sample; None where nothing is."""
        return self._kept.get(name)

    def put(self, name: Hashable, values: NDArray[Any], *, of: int) -> None:
        """Keep a copy of a sample's values in place of what was kept of it, where there is room.

        Parameters
        ----------
        name : hashable
            What the sample is known by.
        values : ndarray
            As they were decoded.
        of : int
            How many samples of this size there may be.
        """
        if (before := self._kept.pop(name, None)) is not None:
            self.nbytes -= before.nbytes
        fits = values.nbytes * of <= BUDGET or len(self._kept) < FIRST
        if self._on and fits and self.nbytes + values.nbytes <= BUDGET:
            self._kept[name] = values.copy()
            self.nbytes += values.nbytes
