"""What leaves such a grid: all causes that explain it, and why others are ruled out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from spectra.images._points import Point
from spectra.images._residuals import is_of_grain
from spectra.images._trace import CauseId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spectra.images._grid import Finding, Grid
    from spectra.images._jpeg import JpegFile
    from spectra.images._seams import Seams
    from spectra.images._twice import Earlier
    from spectra.images._votes import BlockGrid

FEW_LEVELS = 64  # distinct values in a channel, with which a picture was dithered or drawn
VOTED = 0.1  # of the pixels: an enlargement by 4 or 8 gets 6 % of the votes, a JPEG 40 % and more
# Grey levels: a phase whose values often end in one half is rounded up by a quarter on average.
ROUNDING = 0.2
COARSE = 30  # quality of a JPEG, below which many of its blocks hold one value
ELSEWHERE = " elsewhere in each"
IN_EACH = (  # what may differ between pictures, and what is said then
    (re.compile(r" from \(\d+, \d+\)"), ELSEWHERE),
    (re.compile(r"of quality (about )?\d+"), "of several qualities"),
)
COLOUR_BLOCK = 16  # pixels of a block of colour that is stored at half the size


@dataclass(frozen=True)
class Cause:
    """One thing that leaves such a grid, in words that end a sentence."""

    id: CauseId
    text: str


@dataclass(frozen=True)
class Evidence:
    """What is known of a picture, or of many, beside the points that stand out.

    Attributes
    ----------
    blocks : BlockGrid or None
        Where blocks of compression lie; None where that was not asked for.
    file : JpegFile or None
        What the file says of itself, where it is a JPEG.
    earlier : Earlier or None
        A compression before the last one, on the same blocks.
    seams : Seams or None
        Borders of tiles.
    levels : int
        Distinct values in the channel that has most.
    pattern : float
        Root mean square of the pattern in brightness, in grey levels.
    luma_pattern : float
        The same of its luma alone.
    colour : bool
        Whether there are three channels.
    webp : bool
        Whether the file is a WebP, which has blocks of 4 px where it is lossy.
    apart : bool
        Whether blocks of compression begin at another place in some pictures than in others.
    """

    blocks: BlockGrid | None = None
    file: JpegFile | None = None
    earlier: Earlier | None = None
    seams: Seams | None = None
    levels: int = 256
    pattern: float = 0.0
    luma_pattern: float = 0.0
    colour: bool = True
    webp: bool = False
    apart: bool = False

    @property
    def compressed(self) -> bool:
        """Whether blocks of compression are found."""
        found = self.blocks
        if found is None or found.alarms >= 1:
            return False
        return found.share > VOTED and found.next_share < found.share / 2

    @property
    def patterned(self) -> bool:
        """Whether the brightness has a pattern that is more than rounding leaves."""
        return self.pattern > ROUNDING


def causes(grid: Grid | None, found: Sequence[Finding], evidence: Evidence) -> tuple[Cause, ...]:
    """Return every cause that explains a grid; several where they cannot be told apart.

    The smallest lattice that explains all points decides, then which residual and channel see
    them, then what the file and the picture say besides.
    """
    jpeg = _jpeg(evidence) if evidence.compressed else _coarse_jpeg(evidence)
    if grid is None:
        return jpeg or _tiles(evidence)
    if not grid.is_grid:
        return jpeg or _tiles(evidence) or (_scene(grid),)
    if jpeg and COLOUR_BLOCK % (grid.period or 1) == 0:
        return jpeg
    return (*jpeg, *_of_period(grid, found, evidence))


def common_text(texts: Sequence[str]) -> str:
    """Return what one cause is called in several pictures, whose blocks may begin elsewhere.

    Examples
    --------
    >>> common_text(["JPEG, blocks of 8 px from (2, 5)", "JPEG, blocks of 8 px from (0, 3)"])
    'JPEG, blocks of 8 px elsewhere in each'
    """
    said = texts[0]
    for pattern, instead in IN_EACH:
        if len({match and match[0] for match in map(pattern.search, texts)}) > 1:
            said = pattern.sub(instead, said, count=1)
    return said


def _of_period(grid: Grid, found: Sequence[Finding], evidence: Evidence) -> tuple[Cause, ...]:
    """Return the causes of a grid of one period along both axes, JPEG apart."""
    period = grid.period or 0
    if evidence.levels < FEW_LEVELS and period in (2, 4, 8):
        return (Cause("dithering", f"ordered dithering to {evidence.levels} levels"),)
    if evidence.webp and period in (4, 8, 16):
        return (Cause("webp", "WebP, blocks of 4 px"), _decoder(period, evidence))
    if period == 2:
        return _of_two(found, evidence)
    if period in (3, 4, 6, 8):
        return (*_resized(period, grid, evidence), _decoder(period, evidence))
    if period in (7, 14):
        which = "14" if period == 14 else "7 or 14"
        return (Cause("patch", f"patches of {which} px, as of a vision transformer"),)
    if period == COLOUR_BLOCK:
        text = "patches of 16 px, as of a vision transformer"
        return (Cause("patch", text), _decoder(period, evidence))
    unknown = Cause("unknown", f"something unknown of {period} px")
    return (*_resized(period, grid, evidence), unknown)


def _of_two(found: Sequence[Finding], evidence: Evidence) -> tuple[Cause, ...]:
    """Return the causes of a grid of two pixels, told by which residual sees it.

    The Laplacian alone sees a mosaic, whose red and blue pixels lie on both axes and whose green
    ones on the diagonal; the cross difference alone an enlargement about half-pixel centres.
    """
    residuals = {each.residual for each in found if is_of_grain(each.residual)}
    mosaic = Cause("demosaic", "demosaicing of a camera's Bayer pattern")
    resize = Cause("resize", "enlargement by 2 through interpolation")
    if not evidence.patterned and residuals == {"laplacian"}:
        return (mosaic,) if _is_mosaic(found) else (mosaic, _decoder(2, evidence))
    if not evidence.patterned and residuals == {"cross"}:
        return (resize, _decoder(2, evidence))
    if not residuals:
        colour = Cause("unknown", "colour or brightness that was stored at half the size")
        return (colour, Cause("decoder", "a decoder's upsampling by 2"))
    either = (resize, _decoder(2, evidence))
    return either[1:] if evidence.patterned else either


def _is_mosaic(found: Sequence[Finding]) -> bool:
    """Tell whether green stands out on the diagonal only, and red and blue on the axes too."""
    half = Fraction(1, 2)
    grain = [each for each in found if is_of_grain(each.residual)]
    green = {each.point for each in grain if each.channel == "green"}
    others = {each.point for each in grain if each.channel in ("red", "blue")}
    return green <= {Point(half, half)} and any(point.axis for point in others)


def _resized(period: int, grid: Grid, evidence: Evidence) -> tuple[Cause, ...]:
    """Return enlargement, unless the brightness has a pattern, which no interpolation makes."""
    if evidence.patterned:
        return ()
    harmonics = any(point.period < period for point in grid.points)
    ratios = [f"{period}/{k}" for k in range(period - 1, 1, -1) if _coprime(period, k)]
    ways = [str(period)] if harmonics and period in (4, 8) else [*ratios[:2], str(period)]
    return (Cause("resize", f"enlargement by {' or '.join(ways)} through interpolation"),)


def _coprime(one: int, other: int) -> bool:
    return Fraction(one, other).denominator == other


def _decoder(period: int, evidence: Evidence) -> Cause:
    kind = f"a decoder's upsampling by {period}"
    even = "" if evidence.patterned else " whose phases are even"
    return Cause("decoder", kind + even)


def _jpeg(evidence: Evidence) -> tuple[Cause, ...]:
    """Return JPEG, or JPEG twice: on blocks that lie elsewhere, or with other steps on the same."""
    blocks, file, earlier = evidence.blocks, evidence.file, evidence.earlier
    if blocks is None:
        return ()
    y, x = blocks.origin
    begin = ELSEWHERE if evidence.apart else f" from ({y}, {x})"
    where = f"blocks of 8 px{begin}"
    if file is None and earlier is None:
        return (Cause("jpeg", f"JPEG, {where}"),)
    if file is None:
        return (Cause("double_jpeg", f"JPEG twice, with other steps at first, {where}"),)
    own = _quality(file)
    if (y, x) != (0, 0):
        text = f"JPEG twice: blocks{begin}, then of quality {own} from (0, 0)"
        return (Cause("double_jpeg", text),)
    if earlier is None:
        return (Cause("jpeg", f"JPEG of quality {own}, {where}"),)
    text = f"JPEG twice: of quality about {earlier.quality}, then of quality {own}, {where}"
    return (Cause("double_jpeg", text),)


def _coarse_jpeg(evidence: Evidence) -> tuple[Cause, ...]:
    """Return JPEG where the file says so: blocks of so few values may be even, and get no votes."""
    file = evidence.file
    if file is None or file.quality >= COARSE:
        return ()
    return (Cause("jpeg", f"JPEG of quality {_quality(file)}, blocks of 8 px from (0, 0)"),)


def _quality(file: JpegFile) -> str:
    return f"{'' if file.exact else 'about '}{file.quality}"


def _tiles(evidence: Evidence) -> tuple[Cause, ...]:
    """Return what leaves seams."""
    if evidence.seams is None:
        return ()
    side = evidence.seams.side
    if side in (14, 16, 28):
        return (
            Cause("patch", f"patches of {side} px, as of a vision transformer"),
            Cause("tiles", f"tiles of {side} px"),
        )
    return (Cause("tiles", f"tiles of {side} px that were made apart"),)


def _scene(grid: Grid) -> Cause:
    if grid.apart is not None:
        y, x = grid.apart
        text = f"the scene, which repeats every {y} px along y and {x} px along x, as bricks do"
        return Cause("scene", text)
    if grid.period is None:
        return Cause("scene", "the scene, or several grids: no one period explains all points")
    which = "lines of text or floors do" if grid.direction == "y" else "columns and fences do"
    text = f"the scene, which repeats along {grid.direction} only, as {which}"
    return Cause("scene", f"{text}, or a grid of lines")
