"""Why a step leaves a grid, from what was measured of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spectra._names import db_text, place, times
from spectra._sentence import Sentence, first
from spectra.explain._summary import Finding
from spectra.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.kernel import Measures
    from spectra.kinds import StepKind
    from spectra.probe import FlatLines
    from spectra.score import AtOutput, Score

STRONG_LINE_DBC = -60.0  # a flat field's line above which phases count as unbalanced
FOLLOWS = 0.7  # of the phases' differences: random taps of a kernel that overlaps so give .2 to .5
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
    preceded: bool = True
    at: AtOutput | None = None
    dilation: Sequence[int] = ()

    @property
    def row(self) -> StepKind:
        return KINDS[self.kind]

    @property
    def size(self) -> str | None:
        if not self.kernel_size:
            return None
        return times(self.kernel_size) + ("-tap" if len(self.kernel_size) == 1 else "")

    @property
    def places(self) -> str:
        return f"{place(len(self.factor))}s"

    @property
    def operation(self) -> str:
        return self.row.words

    @property
    def parts(self) -> str:
        return f"the phases of {self.filter}" if self.size else f"the {self.row.phases}"

    @property
    def filter(self) -> str:
        return f"the {self.size} kernel" if self.size else self.row.filter

    @property
    def uneven(self) -> bool:
        """Whether phases differ as the numbers of taps that meet at them do."""
        share = self.kernel.overlap_share if self.kernel else None
        return share is not None and share >= FOLLOWS and any(k % s for k, s in self._axes)

    @property
    def gaps(self) -> bool:
        """Whether some phases meet no tap: of a small kernel, or one dilated past them."""
        return any(len({i * d % s for i in range(k)}) < s for k, s, d in self._dilated)

    @property
    def misses(self) -> str:
        """Why some phases meet no tap."""
        if any(k < s for k, s in self._axes):
            return "is smaller than its stride"
        return f"of dilation {times(self.dilation)} misses phases of its stride"

    @property
    def _dilated(self) -> list[tuple[int, int, int]]:
        size = self.kernel_size or ()
        dilation = self.dilation or (1,) * len(size)
        return [each for each in zip(size, self.factor, dilation, strict=False) if each[1] > 1]

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
        if not self.preceded:
            return False
        own, line = self.flat.settled_dbc, self.score.line_dbc
        if self.flat.clean:
            gain = self.kernel.line_gain_db if self.kernel else None
            own = None if gain is not None and gain > STRONG_LINE_DBC else self.flat.line_upper_dbc
        return own is not None and line is not None and own < line - BORN_ELSEWHERE_DB

    @property
    def lines_lead(self) -> bool:
        """Whether lines lead in what reaches the output; where not known, nearly lead here."""
        if self.fed:
            return False
        if self.at is not None and self.at.locked_dbc is not None:
            return _leads(self.at, 0)
        return _leads(self.score, -6 if self.unbalanced else 0)

    @property
    def seen(self) -> str:
        gain = self.kernel.line_gain_db if self.kernel else None
        line = self.flat.settled_dbc
        if self.unbalanced and line is not None:
            return f": a constant leaves lines of {db_text(line)} dBc in its maps"
        return (
            "" if gain is None else f": its weights make lines of {db_text(gain)} dB of a constant"
        )

    @property
    def flat_line(self) -> str:
        own = self.flat.settled_dbc
        return "none" if own is None else f"{db_text(own)} dBc"

    @property
    def rejection(self) -> str:
        return _rejection(self.kernel)


_Said = Sentence[_Step]
CAUSES: tuple[_Said, ...] = (
    _Said(
        "fixed_kernel_leaks",
        "the step is an interpolation",
        lambda s: s.row.fixed,
        "{operation} interpolation lets replicas (copies of the input's spectrum) through"
        "{rejection}",
    ),
    _Said(
        "gaps.hollow",
        "the step inserts zeros, or unpools",
        lambda s: s.row.hollow and s.size is None,
        "{operation} leaves {places} without input",
    ),
    _Said(
        "unclear",
        "neither lines nor replicas are above zero",
        lambda s: s.score.line_dbc is None and s.score.replica_dbc is None,
        "its grid is too weak to tell lines from replicas",
    ),
    _Said(
        "gaps.kernel",
        "lines lead; some phases meet no tap, as the kernel is smaller than its stride, or dilated",
        lambda s: s.lines_lead and s.gaps,
        "the {size} kernel {misses}, so it leaves {places} without input{seen}",
    ),
    _Said(
        "uneven_overlap",
        "lines lead; the kernel is no multiple of its stride, and of what its phases differ by "
        "70 % or more follows the numbers of taps that meet at them",
        lambda s: s.lines_lead and s.uneven,
        "the {size} kernel is no multiple of its stride, and its phases differ as its taps overlap"
        "{seen}",
    ),
    _Said(
        "phase_imbalance",
        "lines lead",
        lambda s: s.lines_lead,
        "{parts} have unequal gain or offset{seen}",
    ),
    _Said(
        "kernel_leaks.fed",
        "lines are stronger than replicas, but a constant input shows next to none",
        lambda s: s.fed and _leads(s.score, 0),
        "{filter} lets replicas (copies of its input's spectrum) through; its lines are "
        "copies of lines that it is fed: of a constant input {flat_line}",
    ),
    _Said(
        "kernel_leaks",
        "replicas lead",
        lambda _: True,
        "{filter} lets replicas (copies of its input's spectrum) through",
    ),
)


def _leads(place: Score | AtOutput, decibel: float) -> bool:
    """Tell whether lines stand so far above replicas at some place."""
    line, replica = place.line_dbc, place.replica_dbc
    return line is not None and (replica is None or line > replica + decibel)


def find_cause(
    kind: str,
    factor: Sequence[int],
    kernel_size: Sequence[int] | None,
    score: Score,
    flat: FlatLines,
    *,
    kernel: Measures | None = None,
    preceded: bool = True,
    at: AtOutput | None = None,
    dilation: Sequence[int] = (),
) -> Finding | None:
    """Return why a step with a grid has one; None where it has none.

    Lines come from polyphase components of unequal gain (or bias), replicas from a kernel
    that passes what lies above its input's band. Lines of which a constant input shows next to
    nothing are replicas too, of a line that the step was fed, where something before it
    (``preceded``) has a grid that it may have been fed. Which of both leads is told by what of the
    step reaches the output (``at``), where that is known: later layers may take one of them away.
    A kernel leaves gaps where it is smaller than its stride, or its ``dilation`` misses phases.
    """
    if score.verdict not in ("present", "suspect"):
        return None
    step = _Step(
        kind,
        factor=factor,
        kernel_size=kernel_size,
        score=score,
        flat=flat,
        kernel=kernel,
        preceded=preceded,
        at=at,
        dilation=dilation,
    )
    sentence = first(CAUSES, step)
    assert sentence is not None
    return Finding(sentence.id.partition(".")[0], sentence.of(step))


def _rejection(kernel: Measures | None) -> str:
    """Say how much a kernel rejects, and beside it nearest and the least error of its size.

    What shows the same number, as a fixed kernel does of itself, says nothing and is left out; so
    is the least error where the kernel rejects more: a blur does, and errs within the band.
    """
    if kernel is None or kernel.rejection_db is None:
        return ""
    own, bound = kernel.rejection_db, kernel.rejection_bound_db
    compared = [("nearest", kernel.rejection_nearest_db)]
    compared += [("the least-error kernel of its size", bound)] if own < bound else []
    beside = [
        f"{name} {db_text(value)}" for name, value in compared if db_text(value) != db_text(own)
    ]
    compared_with = f" ({', '.join(beside)})" if beside else ""
    return f"; it weakens them by {db_text(own)} dB{compared_with} for {kernel.spectrum} inputs"
