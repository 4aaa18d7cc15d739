"""What to try against a cause, and the command that measures what it does to this model."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from shlex import quote
from typing import TYPE_CHECKING

from spectra.explain._sentence import Sentence, first
from spectra.explain._summary import Finding
from spectra.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALLEST = 7  # taps at factor 2, the paper's remedy
PASSES = 30


@dataclass(frozen=True)
class _Case:
    """A step and its cause, and the names that a sentence uses."""

    kind: str
    cause: str
    label: str
    factor: Sequence[int]
    kernel_size: Sequence[int] | None

    @property
    def options(self) -> str:
        """The options of the command that measures the advice."""
        remedy = f"lctc{_least_taps(self.kind, self.factor, self.kernel_size)}"
        return f"--with {remedy} --steps {quote(self.label)} --repair {PASSES}"

    @property
    def by_hand(self) -> str:
        return f"not measured, `spectra swap` knows no {self.kind}"


_Said = Sentence[_Case]
ADVICE: tuple[_Said, ...] = (
    _Said(
        "larger_kernel",
        "`spectra swap` knows the kind",
        lambda c: KINDS[c.kind].swappable,
        "a larger kernel that starts as a copy of this one and is fitted to the model's own output "
        "without its grid; to see what that does here: spectra swap with the same arguments and "
        "{options}",
    ),
    _Said(
        "fill_gaps",
        "the step inserts zeros or unpools, and nothing fills the gaps",
        lambda c: KINDS[c.kind].hollow and c.cause == "gaps",
        "a filter that fills the gaps, or interpolation in its place; {by_hand}",
    ),
    _Said(
        "smoother_interpolation",
        "the step is an interpolation",
        lambda c: KINDS[c.kind].fixed,
        "a windowed sinc in its place leaks less; {by_hand}",
    ),
    _Said(
        "larger_kernel.by_hand",
        "the kernel leaks",
        lambda c: c.cause == "kernel_leaks",
        "a larger kernel, started from a windowed sinc, then fine-tuned; {by_hand}",
    ),
    _Said(
        "balance_phases",
        "the phases are not equal",
        lambda c: c.cause != "unclear",
        "equal phases: a start from ICNR or a windowed sinc, then fine-tuned; {by_hand}",
    ),
)


def find_advice(
    kind: str,
    cause: Finding | None,
    *,
    label: str,
    factor: Sequence[int],
    kernel_size: Sequence[int] | None,
) -> Finding | None:
    """Return what to try against a cause; None where there is none, or where it tells nothing.

    Parameters
    ----------
    kind : str
        Kind of the step.
    cause : Finding or None
        What `find_cause` returned.
    label : str
        Label of the step, as it is printed.
    factor, kernel_size : sequence of int
        Factor and kernel of the step.
    """
    if cause is None:
        return None
    case = _Case(kind, cause=cause.id, label=label, factor=factor, kernel_size=kernel_size)
    sentence = first(ADVICE, case)
    if sentence is None:
        return None
    return Finding(sentence.id.partition(".")[0], sentence.of(case))


def _least_taps(kind: str, factor: Sequence[int], kernel_size: Sequence[int] | None) -> int:
    """Return the size at factor 2 of the smallest remedy that can start as a copy."""
    taps = 4 * KINDS[kind].reach  # at factor 2, to both sides
    if kernel_size is not None:
        pairs = zip(kernel_size, factor, strict=True)
        taps = max(ceil(2 * k / s) for k, s in pairs)
    return max(SMALLEST, taps + 1 - taps % 2)
