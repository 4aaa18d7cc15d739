"""The passes of a run, whose parts any process measures in any order."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from spectra.gather._parts import inputs_of, summed
from spectra.gather._tree import Stretch

if TYPE_CHECKING:
    from collections.abc import Callable

    from spectra._options import Progress
    from spectra.gather._part_files import PartFiles
    from spectra.gather._parts import Pass, Passes
    from spectra.gather._passed import Passed
    from spectra.gather._share import Share
    from spectra.gather._sums import Sums

LOOK = 1.0  # seconds from one look at what the others have finished to the next


class PartByPart:
    """The passes of a run, whose parts are measured in any order and by any process.

    Each part that `measure` makes is a file when it returns. When all parts of a pass are there,
    `advance` goes on to the next that is needed.

    Attributes
    ----------
    current : Pass or None
        The pass whose parts are wanted: its ``name`` and how many ``parts`` it has. None when all
        are there that `spectra.run.analyze` reads.
    files : PartFiles
        Where the parts are.
    inputs : int
        How many inputs the parts are of.
    trial : callable
        Runs one input by its number, by itself: for who looks which of a part ends its process.
    """

    def __init__(
        self, passes: Passes[Passed], files: PartFiles, *, inputs: int, trial: Callable[[int], Sums]
    ) -> None:
        self._passes, self.files, self.inputs, self.trial = passes, files, inputs, trial
        self.current: Pass | None = next(passes)

    def inputs_of(self, part: int) -> range:
        """Return the numbers of the inputs in a part."""
        return inputs_of(part, self.inputs)

    def missing(self) -> list[int]:
        """Return the parts of the current pass that no file holds."""
        if self.current is None:
            return []
        return sorted(
            set(range(self.current.parts))
            - self.files.covered(self.current.name, self.current.parts)
        )

    def measure(self, part: int) -> bool:
        """Measure a part of the current pass and write it; return whether that was to be done."""
        one = self.current
        assert one is not None
        if part in self.files.covered(one.name, one.parts):
            return False
        self.files.keep(one.name, [Stretch(part, part + 1, one.measure(part))])
        self.files.fold(one.name, part)
        return True

    def advance(self) -> None:
        """Go on to the next pass, once all parts of the current one are there."""
        assert self.current is not None
        try:
            self.current = self._passes.send(summed(self.current, self.files))
        except StopIteration:
            self.current = None

    def reach(self, name: str) -> bool:
        """Go on to the pass of a name; return whether it is needed."""
        while self.current is not None and self.current.name != name:
            self.advance()
        return self.current is not None


def measure_share(
    parts: PartByPart, share: Share, *, wait: float = 0.0, progress: Progress
) -> tuple[int, int]:
    """Measure the parts of one process, pass by pass, as far as the others have come.

    Parameters
    ----------
    parts : PartByPart
    share : Share
        Which of them are its own.
    wait : float
        Seconds to wait for those of the others where the next pass needs them.
    progress : callable
        Called with ("wait for other shards", done, total) once a second while it waits.

    Returns
    -------
    tuple of int
        How many parts were measured here, and how many were there already.
    """
    measured = found = 0
    while parts.current is not None:
        for part in share.parts(parts.current.parts):
            if parts.measure(part):
                measured += 1
            else:
                found += 1
        until = time.monotonic() + wait
        while missing := parts.missing():
            if time.monotonic() >= until:
                return measured, found
            total = parts.current.parts
            progress("wait for other shards", total - len(missing), total)
            time.sleep(min(LOOK, max(until - time.monotonic(), 0)))
        parts.advance()
    return measured, found
