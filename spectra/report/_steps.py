"""The steps of a model as text: what ``spectra analyze --list`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra._printable import encode_json, printable
from spectra.report import _words as words

if TYPE_CHECKING:
    from spectra.capture import Discovery

HEADER = ("step", "kind", "k/s", "input", "output", "note")
_NOT_WRITTEN = ("borders", "spacing", "convolution")  # of use within an analysis only


def encode_steps(discovery: Discovery) -> bytes:
    """Return the steps as JSON, under the keys that they have in ``summary.json``."""
    steps = [
        {name: value for name, value in vars(step).items() if name not in _NOT_WRITTEN}
        for step in discovery.steps
    ]
    content = {"steps": steps, "unexplained_growth": discovery.growth}
    return encode_json(content)


def render_steps(discovery: Discovery) -> str:
    """Return a line for each step, then one for each growth that no step explains."""
    rows: list[tuple[str, ...]] = [
        (
            words.step(step),
            step.kind,
            words.kernel_and_stride(step.kernel_size, step.stride, step.factor),
            "x".join(map(str, step.input_shape)),
            "x".join(map(str, step.output_shape)),
            printable(step.reason or ""),
        )
        for step in discovery.steps
    ]
    rows += [
        (
            printable(growth.name or "(model)"),
            *("-", "-"),
            "x".join(map(str, growth.input_shape)),
            "x".join(map(str, growth.output_shape)),
            "enlarges by no step that was recognised",
        )
        for growth in discovery.growth
    ]
    widths = [max(map(len, column)) for column in zip(HEADER, *rows, strict=True)]
    lines = [HEADER, tuple("-" * width for width in widths), *rows]
    return "".join(
        "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() + "\n"
        for line in lines
    )
