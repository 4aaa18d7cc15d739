"""Why a step leaves a grid, from what was measured of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spectra._names import times
from spectra.explain._sentence import Sentence, first
from spectra.explain._summary import Finding
from spectra.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.kernel import Measures
    from spectra.kinds import StepKind
    from spectra.probe import FlatLines
    from spectra.score import Score

STRONG_LINE_DBC = -60.0  # a flat field's line above which phases count as unbalanced
BORN_ELSEWHERE_DB = 20.0  # below the measured line; a mean may be 10 to 15 dB over the content


@dataclass(frozen=True)
class _Step:
    """What was measured of a step, and the names that a sentence uses."""

    kind: str
    factor: Sequence[int]
    kernel_size: Sequence[int] | None
    score: Score
    flat: FlatLines
    kernel: Measures | None

    @property
    def row(self) -> StepKind:
        return KINDS[self.kind]

    @property
    def size(self) -> str | None:
        return times(self.kernel_size) if self.kernel_size else None

    @property
    def operation(self) -> str:
        return self.row.words

    @property
    def lattice(self) -> str:
        return " and ".join(f"1/{s}" for s in sorted({*self.factor} - {1}))

    @property
    def parts(self) -> str:
        return self.row.phases

    @property
    def filter(self) -> str:
        return f"the {self.size} kernel" if self.size else self.row.filter

    @property
    def uneven(self) -> bool:
        return any(k % s for k, s in self._axes)

    @property
    def gaps(self) -> bool:
        return any(k < s for k, s in self._axes)

    @property
    def _axes(self) -> list[tuple[int, int]]:
        pairs = zip(self.kernel_size or (), self.factor, strict=False)
        return [(k, s) for k, s in pairs if s > 1]

    @property
    def unbalanced(self) -> bool:
        """Whether a constant becomes a grid here."""
        line = self.flat.settled_dbc
        return not self.fed and line is not None and line > STRONG_LINE_DBC

    @property
    def fed(self) -> bool:
        """Whether a constant shows next to nothing of the lines, so that they came with the input.

        A constant may not get as far as here; then weights of unequal phases tell.
        """
        own, line = self.flat.settled_dbc, self.score.line_dbc
        if self.flat.clean:
            gain = self.kernel.line_gain_db if self.kernel else None
            own = None if gain is not None and gain > STRONG_LINE_DBC else self.flat.line_upper_dbc
        return own is not None and line is not None and own < line - BORN_ELSEWHERE_DB

    @property
    def lines_lead(self) -> bool:
        return not self.fed and self.lines_over(-6 if self.unbalanced else 0)

    def lines_over(self, decibel: float) -> bool:
        """Tell whether lines stand so far above replicas."""
        line, replica = self.score.line_dbc, self.score.replica_dbc
        return line is not None and (replica is None or line > replica + decibel)

    @property
    def seen(self) -> str:
        if not self.unbalanced:
            return ""
        gain = self.kernel.line_gain_db if self.kernel else None
        weights = "" if gain is None else f"; its weights alone: {gain:.1f} dB"
        return f" (flat field: line {self.flat.settled_dbc:.1f} dBc{weights})"

    @property
    def flat_line(self) -> str:
        own = self.flat.settled_dbc
        return "no line" if own is None else f"a line of {own:.1f} dBc"

    @property
    def rejection(self) -> str:
        return _rejection(self.kernel)


_Said = Sentence[_Step]
CAUSES: tuple[_Said, ...] = (
    _Said(
        "fixed_kernel_leaks",
        "the step is an interpolation",
        lambda s: s.row.fixed,
        "{operation} interpolation passes part of the replicas at multiples of {lattice}"
        "{rejection}",
    ),
    _Said(
        "gaps.hollow",
        "the step inserts zeros, or unpools",
        lambda s: s.row.hollow and s.size is None,
        "{operation} leaves pixels without input",
    ),
    _Said(
        "unclear",
        "neither lines nor replicas are above zero",
        lambda s: s.score.line_dbc is None and s.score.replica_dbc is None,
        "its grid is too weak to tell lines from replicas",
    ),
    _Said(
        "gaps.kernel",
        "lines lead; the kernel is smaller than its stride",
        lambda s: s.lines_lead and s.gaps,
        "kernel {size} is smaller than its stride, so it leaves pixels without input{seen}",
    ),
    _Said(
        "uneven_overlap",
        "lines lead; the kernel is no multiple of its stride",
        lambda s: s.lines_lead and s.uneven,
        "kernel {size} is no multiple of its stride, so its phases overlap unevenly{seen}",
    ),
    _Said(
        "phase_imbalance",
        "lines lead; the kernel is a multiple of its stride, or is not known",
        lambda s: s.lines_lead,
        "the {parts} have unequal gain or offset{seen}",
    ),
    _Said(
        "kernel_leaks.fed",
        "lines are stronger than replicas, but a constant input shows next to none",
        lambda s: s.fed and s.lines_over(0),
        "{filter} passes part of the replicas at multiples of {lattice}{rejection}; its lines are "
        "copies of lines that it is fed, as a constant input leaves {flat_line}",
    ),
    _Said(
        "kernel_leaks",
        "replicas lead",
        lambda _: True,
        "{filter} passes part of the replicas at multiples of {lattice}{rejection}",
    ),
)


def find_cause(
    kind: str,
    factor: Sequence[int],
    kernel_size: Sequence[int] | None,
    score: Score,
    flat: FlatLines,
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
    step = _Step(
        kind, factor=factor, kernel_size=kernel_size, score=score, flat=flat, kernel=kernel
    )
    sentence = first(CAUSES, step)
    assert sentence is not None
    return Finding(sentence.id.partition(".")[0], sentence.of(step))


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
    louder = kernel.rejection_db < 0
    where = f"{own.lstrip('-')} dB {'above' if louder else 'below'}"
    others = f", where {' and '.join(beside)}{' below' if louder else ''}" if beside else ""
    return f": {where} the base band for {kernel.spectrum} inputs{others}"
