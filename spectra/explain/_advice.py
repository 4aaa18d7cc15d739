"""What to try against a cause, and the command that measures what it does to this model."""

from __future__ import annotations

from math import ceil
from shlex import quote
from typing import TYPE_CHECKING

from spectra.explain._cause import FIXED, HOLLOW
from spectra.explain._summary import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALLEST = 7  # taps at factor 2, the paper's remedy
TAPS_AT_FACTOR_2 = {"nearest": 2, "linear": 5, "bilinear": 5, "trilinear": 5, "bicubic": 9}
KEPT = ("transposed_conv", "pixel_shuffle", *TAPS_AT_FACTOR_2)
PASSES = 30


def find_advice(
    kind: str,
    cause: Finding | None,
    *,
    label: str = "",
    factor: Sequence[int] = (),
    kernel_size: Sequence[int] | None = None,
) -> Finding | None:
    """Return what to try against a cause; None where there is none.

    Parameters
    ----------
    kind : str
        Of the step.
    cause : Finding or None
        As of `find_cause`.
    label : str
        Of the step, as it is printed.
    factor, kernel_size : sequence of int
        Of the step.
    """
    if cause is None:
        return None
    if kind not in KEPT:
        name, text = _by_hand(kind, cause)
        return Finding(name, f"{text}; not measured, `spectra swap` knows no {kind}")
    remedy = f"lctc{_least_taps(kind, factor, kernel_size)}"
    return Finding(
        "larger_kernel",
        "a larger kernel that starts as a copy of this one and is fitted to the model's own output "
        "without its grid; to see what that does here: spectra swap with the same arguments and "
        f"--with {remedy} --layers {quote(label)} --repair {PASSES}",
    )


def _by_hand(kind: str, cause: Finding) -> tuple[str, str]:
    """Return name and text of what usually helps."""
    if kind in HOLLOW and cause.id == "gaps":
        return "fill_gaps", "a filter that fills the gaps, or interpolation in its place"
    if kind in FIXED:
        return "smoother_interpolation", "a windowed sinc in its place leaks less"
    if cause.id == "kernel_leaks":
        return "larger_kernel", "a larger kernel, started from a windowed sinc, then fine-tuned"
    return "balance_phases", "equal phases: a start from ICNR or a windowed sinc, then fine-tuned"


def _least_taps(kind: str, factor: Sequence[int], kernel_size: Sequence[int] | None) -> int:
    """Return the size at factor 2 of the smallest remedy that can start as a copy."""
    taps = TAPS_AT_FACTOR_2.get(kind, 1)
    if kernel_size is not None:
        pairs = zip(kernel_size, factor, strict=True)
        taps = max(ceil(2 * k / s) for k, s in pairs)
    return max(SMALLEST, taps + 1 - taps % 2)
