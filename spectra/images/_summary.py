"""The answer on a folder of pictures, as it stands in ``images.json``.

The keys are a contract with everyone who reads the file: add, never rename.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from spectra.images._cause import ROUNDING
from spectra.images._trace import CauseId

if TYPE_CHECKING:
    from spectra.images._album import Combined
    from spectra.images._grid import Direction
    from spectra.images._levels import Levels
    from spectra.images._picture import Verdict
    from spectra.inputs import Dropped
    from spectra.severity import Severity

SCHEMA = "spectra.images/1"


@dataclass(frozen=True)
class CauseRow:
    """One cause: its id, and words that end a sentence."""

    id: CauseId
    text: str


@dataclass(frozen=True)
class PictureRow:
    """One picture, as a row of ``scores.csv``.

    Attributes
    ----------
    source : str
        Its file.
    width, height, channels : int
        Its size as it is stored.
    verdict : {"none", "suspect", "present", "insufficient"}
        See `spectra.images.PictureGrid`.
    period : int or None
        Of its grid, in pixels.
    direction : str or None
        Along which axes.
    causes : tuple of CauseRow
        All that explain it.
    alarms : float
        Expected false alarms.
    ripple_db : float
        Deviation of the grain with the period (8 where there is none), in dB.
    pattern : float
        Root mean square of the pattern in brightness, in grey levels of 255.
    jpeg_quality : int or None
        What the file's tables say.
    block_origin : tuple of int or None
        (y, x) of the blocks that compression left.
    seams : int or None
        Pixels from one seam to the next.
    luma_pattern : float
        Root mean square of the luma of the pattern.
    """

    source: str
    width: int
    height: int
    channels: int
    verdict: Verdict
    period: int | None
    direction: Direction | None
    causes: tuple[CauseRow, ...]
    alarms: float
    ripple_db: float
    pattern: float
    jpeg_quality: int | None
    block_origin: tuple[int, int] | None
    seams: int | None
    luma_pattern: float = 0.0

    @property
    def pattern_shown(self) -> bool:
        """Whether the pattern is more than rounding leaves."""
        return self.pattern > ROUNDING

    @property
    def strength(self) -> tuple[float, float]:
        """What pictures are ranked by: the pattern, where there is one, then the ripple."""
        return self.pattern * self.pattern_shown, self.ripple_db

    @property
    def colour_pattern(self) -> float:
        """Root mean square of what the pattern changes beside its luma."""
        return sqrt(max(self.pattern**2 - self.luma_pattern**2, 0.0))

    @property
    def cause(self) -> str:
        """All causes in words."""
        return " or ".join(each.text for each in self.causes)


@dataclass(frozen=True)
class PointRow:
    """A frequency that stands out, in cycles per pixel, and who sees it.

    ``spectrum_db`` is the power of the mean spectrum of luma there over that around it, in dB.
    """

    fy: float
    fx: float
    label: str
    channels: tuple[str, ...]
    residuals: tuple[str, ...]
    alarms: float
    spectrum_db: float | None


@dataclass(frozen=True)
class SeenRow:
    """How visible the grid is where it is strongest.

    Attributes
    ----------
    word : {"none", "faint", "visible", "strong", "insufficient"}
    v1, v2, v4 : float or None
        Visibility at 100, 200 and 400 %; 1 is the criterion of the words.
    source : str or None
        The picture that shows it most.
    grey_levels : float
        Root mean square of the pattern in that picture.
    judged : int
        How many pictures were judged: those whose grid is strongest.
    reason : str or None
        Why there is no number.
    """

    word: Severity
    v1: float | None = None
    v2: float | None = None
    v4: float | None = None
    source: str | None = None
    grey_levels: float = 0.0
    judged: int = 0
    reason: str | None = None


@dataclass(frozen=True)
class KindRow:
    """How many pictures share a verdict, a period and causes; these are of the first of them."""

    pictures: int
    verdict: Verdict
    period: int | None
    causes: tuple[CauseRow, ...]


@dataclass(frozen=True)
class ReferenceRow:
    """What pictures of the same history carry without the model.

    Attributes
    ----------
    source : str
    used : int
        How many pictures.
    verdict, period
        What they show together.
    ripple_db : float
        Deviation of their grain with the period of the pictures asked about.
    difference : tuple of float
        Mean variance of log residual of the pictures less that of the reference, with the ends of
        its 95 % interval.
    levels : Levels
        The same of the pattern in luma.
    explained : bool
        Whether the reference carries the same grid in the same channels, and as strongly.
    """

    source: str
    used: int
    verdict: Verdict
    period: int | None
    ripple_db: float
    difference: tuple[float, float, float]
    levels: Levels
    explained: bool


@dataclass(frozen=True)
class ImagesSummary:
    """The answer on some pictures.

    Attributes
    ----------
    source : str
        What was asked about.
    count, used : int
        Pictures found, and those that were measured.
    dropped : tuple of Dropped
        The others, and why.
    sizes : tuple of tuple of int
        (height, width) of the smallest and the largest.
    verdict : {"none", "suspect", "present", "insufficient"}
        What the pictures show together, less what a reference explains.
    severity : SeenRow
    period, direction
        Of the grid that all of them show.
    points : tuple of PointRow
        Which frequencies stand out, the clearest first.
    causes : tuple of CauseRow
        All that explain them.
    combined : {"one picture", "one origin", "own origins"}
        How the pictures were combined.
    alarms, alarms_limit : float
        Expected false alarms, and the limit below which something stands out.
    showing, suspect : int
        How many pictures by themselves show a grid, or one that may be the scene's.
    kinds : tuple of KindRow
        The same by cause and period.
    ripple_db : float
        Deviation of the grain with the period, from the mean over all pictures.
    worst : tuple of str
        The pictures that show most.
    reference : ReferenceRow or None
    notes : tuple of str
        What was assumed.
    answer : dict of str to str
        The sentences by question.
    """

    spectra_version: str
    created: str
    source: str
    count: int
    used: int
    dropped: tuple[Dropped, ...]
    sizes: tuple[tuple[int, int], tuple[int, int]] | None
    verdict: Verdict
    severity: SeenRow
    period: int | None
    direction: Direction | None
    points: tuple[PointRow, ...]
    causes: tuple[CauseRow, ...]
    combined: Combined
    alarms: float
    alarms_limit: float
    showing: int
    suspect: int
    kinds: tuple[KindRow, ...]
    ripple_db: float
    worst: tuple[str, ...]
    reference: ReferenceRow | None
    notes: tuple[str, ...]
    answer: dict[str, str]
    schema: str = SCHEMA
