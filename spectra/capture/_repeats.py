"""Tell calls of one step, side by side, from steps that only look alike.

A picture cut into tiles, or a film frame by frame, goes through one step many times. Those calls
come from the same lines of code and none depends on another. Two branches that both enlarge, and a
loop that enlarges again what it has enlarged, are several steps.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from torch.jit import ScriptModule

if TYPE_CHECKING:
    from collections.abc import Hashable
    from types import CodeType, FrameType

    from spectra.capture._runs import Run

Site = tuple[tuple["CodeType", int], ...]


def call_site() -> Site:
    """Return the instructions that are running, innermost first: where a call comes from."""
    instructions = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        instructions.append((frame.f_code, frame.f_lasti))
        frame = frame.f_back
    return tuple(instructions)


class Repeats:
    """The steps of one forward pass so far, to know another call of one again."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[int, int]] = {}  # step index, and bits of its calls

    def of(self, owner: str, run: Run) -> int | None:
        """Return the index of the step of which a run is another call; None of a new step."""
        key = self._key(owner, run)
        index, bits = self._known.get(key, (None, 0))
        if index is None or run.end.behind & bits:
            return None
        self._known[key] = index, bits | run.bits
        return index

    def begin(self, owner: str, run: Run, index: int) -> None:
        """Note a new step."""
        self._known[self._key(owner, run)] = index, run.bits

    @staticmethod
    def _key(owner: str, run: Run) -> Hashable:
        """Return what all calls of one step share; a TorchScript does not tell its lines."""
        scripted = any(isinstance(e.frame.module, ScriptModule) for e in (*run.begin, run.end))
        apart = run.bits if scripted else 0
        shapes = run.input_shape, run.output_shape
        return owner, run.kind, run.factor, run.kernel_size, shapes, run.end.site, apart
