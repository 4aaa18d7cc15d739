"""Why a step leaves a grid, from what was measured of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spectra.explain._summary import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.explain._summary import FlatFieldRow
    from spectra.kernel import Measures
    from spectra.score import Score

STRONG_LINE_DBC = -60.0  # a flat field's line above which phases count as unbalanced
BORN_ELSEWHERE_DB = 20.0  # below the measured line; a mean may be 10 to 15 dB over the content
FIXED = (
    *("nearest", "bilinear", "bicubic", "trilinear", "linear", "area", "antialiased"),
    *("repeat", "fourier"),
)
SUB_PIXEL = ("pixel_shuffle", "depth_to_space")
HOLLOW = ("zero_insertion", "unpool")


def find_cause(
    kind: str,
    factor: Sequence[int],
    kernel_size: Sequence[int] | None,
    score: Score,
    flat: FlatFieldRow,
    *,
    kernel: Measures | None = None,
) -> Finding | None:
    """Return why a step with a grid has one; None where it has none.

    Lines come from polyphase components of unequal gain (or bias), replicas from a kernel
    that passes what lies above its input's band. Lines of which a constant input shows next to
    nothing are replicas too, of a line that the step was fed.
    """
    if score.verdict not in ("present", "suspect"):
        return None
    size = "x".join(map(str, kernel_size)) if kernel_size else None
    pairs = [(k, s) for k, s in zip(kernel_size or (), factor, strict=False) if s > 1]
    uneven = any(k % s for k, s in pairs)
    gaps = any(k < s for k, s in pairs)
    line, replica = score.line_dbc, score.replica_dbc
    flat_line = flat.line_dbc
    elsewhere = flat_line is not None and line is not None and flat_line < line - BORN_ELSEWHERE_DB
    lines_lead = not elsewhere and line is not None and (replica is None or line > replica)
    unbalanced = not elsewhere and flat_line is not None and flat_line > STRONG_LINE_DBC
    if kind in FIXED:
        text = f"{kind} interpolation passes part of the replicas at multiples of 1/{max(factor)}"
        return Finding("fixed_kernel_leaks", text + _rejection(kernel))
    if kind in HOLLOW and not size:
        return Finding("gaps", f"{kind.replace('_', ' ')} leaves pixels without input")
    if lines_lead or (unbalanced and line is not None and (replica is None or line > replica - 6)):
        seen = f" (flat field: line {flat_line:.1f} dBc{_lines(kernel)})" if unbalanced else ""
        if gaps:
            reason = f"kernel {size} is smaller than its stride, so it leaves pixels without input"
            return Finding("gaps", f"{reason}{seen}")
        if uneven:
            reason = f"kernel {size} is no multiple of its stride, so its phases overlap unevenly"
            return Finding("uneven_overlap", f"{reason}{seen}")
        word = "sub-pixel channels" if kind in SUB_PIXEL else "phases of the kernel"
        return Finding("phase_imbalance", f"the {word} have unequal gain or offset{seen}")
    learned = "the operator" if kind == "other" else "the learned sub-pixel filter"
    what = f"the {size} kernel" if size else learned
    text = f"{what} passes part of the replicas at multiples of 1/{max(factor)}"
    return Finding("kernel_leaks", text + _rejection(kernel))


def _lines(kernel: Measures | None) -> str:
    if kernel is None or kernel.line_gain_db is None:
        return ""
    return f"; its weights alone: {kernel.line_gain_db:.1f} dB"


def _rejection(kernel: Measures | None) -> str:
    """Say how much a kernel rejects, and beside it nearest and the least error of its size.

    What shows the same number, as a fixed kernel does of itself, says nothing and is left out.
    """
    if kernel is None or kernel.rejection_db is None:
        return ""
    own = f"{kernel.rejection_db:.1f}"
    nearest, optimal = (
        f"{value:.1f}" for value in (kernel.rejection_nearest_db, kernel.rejection_bound_db)
    )
    beside = [
        f"{name} at {value}"
        for name, value in (
            ("nearest is", nearest),
            ("the least-error kernel of its size", optimal),
        )
        if value != own
    ]
    others = f", where {' and '.join(beside)}" if beside else ""
    return f": {own} dB below the base band for {kernel.spectrum} inputs{others}"
