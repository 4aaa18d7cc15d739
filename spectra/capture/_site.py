"""The lines of code that are running, to know calls from one place again."""

from __future__ import annotations

import sys
from types import CodeType, FrameType

Site = tuple[tuple[CodeType, int], ...]
"""Code and the instruction in it that runs, of each function on the stack, innermost first."""


def call_site() -> Site:
    """Return where the caller runs: the instructions of all functions on the stack."""
    instructions = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        instructions.append((frame.f_code, frame.f_lasti))
        frame = frame.f_back
    return tuple(instructions)
