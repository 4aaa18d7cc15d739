"""The steps of a model as text: what ``spectra analyze --list`` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spectra._names import times
from spectra._printable import encode_json, printable
from spectra.report import _cells as cells

if TYPE_CHECKING:
    from spectra.capture import Discovery, Growth, Operation

HEADER = ("step", "kind", "k/s", "input", "output", "note")
_NOT_WRITTEN = ("borders", "spacing", "convolution", "summed")  # of use within an analysis only


@dataclass(frozen=True)
class StepList:
    """The steps that were found in a model, to be printed without scores."""

    found: Discovery

    def json(self) -> bytes:
        """Return the steps as JSON, under the keys that they have in ``summary.json``."""
        steps = [
            {name: value for name, value in vars(step).items() if name not in _NOT_WRITTEN}
            for step in self.found.steps
        ]
        return encode_json({"steps": steps, "unexplained_growth": self.found.growth})

    def text(self) -> str:
        """Return a line for each step, then one for each growth that no step explains."""
        rows = [
            _line(
                cells.step(step),
                step,
                kind=step.kind,
                kernel=cells.kernel_and_stride(step.kernel_size, step.stride, step.factor),
                note=printable(step.reason or ""),
            )
            for step in self.found.steps
        ]
        unknown = "enlarges by no step that was recognised"
        rows += [
            _line(printable(growth.name or "(model)"), growth, kind="-", kernel="-", note=unknown)
            for growth in self.found.growth
        ]
        widths = [max(map(len, column)) for column in zip(HEADER, *rows, strict=True)]
        lines = [HEADER, tuple("-" * width for width in widths), *rows]
        return "".join(
            "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() + "\n"
            for line in lines
        )


def _line(
    name: str, of: Operation | Growth, *, kind: str, kernel: str, note: str
) -> tuple[str, ...]:
    """Return the cells of one line, in the order of `HEADER`."""
    shapes = [times(shape) for shape in (of.input_shape, of.output_shape)]
    return (name, kind, kernel, *shapes, note)
