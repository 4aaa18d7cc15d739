"""Tell calls of one step, side by side, from steps that only look alike.

A picture cut into tiles, or a film frame by frame, goes through one step many times. Those calls
come from the same lines of code and none depends on another. Two branches that both enlarge, and a
loop that enlarges again what it has enlarged, are several steps.
"""

from __future__ import annotations

from collections.abc import Hashable

from torch.jit import ScriptModule

from spectra.capture._events import Draft


class Repeats:
    """The steps of one forward pass so far, to know another call of one again."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[int, int]] = {}  # step index, and bits of its calls

    def of(self, owner: str, draft: Draft) -> int | None:
        """Return the index of the step of which a draft is another call; None of a new step."""
        key = self._key(owner, draft)
        index, bits = self._known.get(key, (None, 0))
        # What depends on an earlier call of the step enlarges again: a loop, not a tile.
        if index is None or draft.end.behind & bits:
            return None
        self._known[key] = index, bits | draft.bits
        return index

    def begin(self, owner: str, draft: Draft, index: int) -> None:
        """Note a new step, which has this index."""
        self._known[self._key(owner, draft)] = index, draft.bits

    @staticmethod
    def _key(owner: str, draft: Draft) -> Hashable:
        """Return what all calls of one step share."""
        # A TorchScript does not tell its lines: each call in one has a key of its own, and is a
        # step of its own.
        events = (*draft.begin, draft.end)
        scripted = any(isinstance(event.frame.module, ScriptModule) for event in events)
        apart = draft.bits if scripted else 0
        shapes = draft.input_shape, draft.output_shape
        end = draft.end.site
        return owner, draft.kind, draft.factor, draft.kernel_size, shapes, end, apart
