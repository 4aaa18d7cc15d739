"""All pictures of some sources looked at once, in constant memory but for a row of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from heapq import heappush, heappushpop
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from spectra.errors import NothingToAnalyseError
from spectra.images._album import Album
from spectra.images._jpeg import read_tables
from spectra.images._picture import LEAST_SIDE, PictureGrid, look_at
from spectra.images._points import FOLD
from spectra.images._recorded import RECIPES, Recorded, new_record
from spectra.images._ripple import PERIODS, at_period, ripple_db
from spectra.images._seen import LARGEST
from spectra.images._spectrum import tile_spectrum
from spectra.images._summary import CauseRow, PictureRow
from spectra.images._votes import luma_of
from spectra.inputs import Dropped, each_picture, picture_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spectra.inputs import Picture

Each = Callable[..., "Iterable[Any]"]
JUDGED = 3  # pictures whose grid is judged by eye: those that show most


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture that shows much, kept to be looked at."""

    source: str
    planes: NDArray[np.float32]
    period: int


@dataclass(eq=False)
class Gathered:
    """What some pictures show, each by itself and together.

    Attributes
    ----------
    source : str
        What was asked about.
    album : Album
        The sums over all of them.
    rows : list of PictureRow
        One for each picture, in order.
    ripples : list of ndarray
        Variance of the log residual at each period, of each picture.
    dropped : list of Dropped
        What could not be used.
    notes : list of str
        What was assumed.
    recipes : dict of str to Recorded
        What the recipes of papers that were asked for record.
    strongest : list
        Those to be looked at, as a heap.
    """

    source: str
    album: Album = field(default_factory=Album)
    rows: list[PictureRow] = field(default_factory=list)
    ripples: list[NDArray[np.float64]] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    recipes: dict[str, Recorded] = field(default_factory=dict)
    strongest: list[tuple[float, int, Shown]] = field(default_factory=list)

    @property
    def shown(self) -> tuple[Shown, ...]:
        """The pictures to be looked at, the strongest grid first."""
        return tuple(each for _, _, each in sorted(self.strongest, reverse=True))


def gather(
    paths: str | Path | Sequence[str | Path],
    *,
    num: int | None = None,
    recipes: Sequence[str] = (),
    progress: Callable[[str, int, int], None] | None = None,
    each: Each = each_picture,
) -> Gathered:
    """Look at all pictures of some sources.

    Parameters
    ----------
    paths : str, Path or sequence of these
        See `spectra.inputs.picture_source`.
    num : int, optional
        At most so many pictures.
    recipes : sequence of {"corvi2023", "synthbuster2023"}
        Also measure what these papers do, see `RECIPES`.
    progress : callable, optional
        Called as ``progress(what, done, total)``; the total is 0 where it is not known.
    each : callable
        Who looks at the pictures: `spectra.inputs.each_picture`, or what does as that does.

    Raises
    ------
    NothingToAnalyseError
        If there is no picture that can be used.
    ParameterError
        If a recipe is not known.
    """
    recorded = {name: new_record(name) for name in recipes}
    source = picture_source(paths)
    found = Gathered(source.source, notes=list(source.notes), recipes=recorded)
    told: Counter[str] = Counter()
    numbers = count()
    look = partial(_look, recipes=tuple(recipes))
    for done, seen in enumerate(each(source, look, num=num), start=1):
        if isinstance(seen, Dropped):
            found.dropped.append(seen)
        else:
            _add(found, seen, number=next(numbers), told=told)
        if progress is not None:
            progress("pictures", done, 0)
    if not found.rows:
        reasons = "; ".join(f"{d.source}: {d.reason}" for d in found.dropped[:3])
        raise NothingToAnalyseError(
            f"{source.source} holds no picture that can be used: {reasons or 'it is empty'}; "
            f"expected pictures of at least {LEAST_SIDE} pixels a side"
        )
    used = len(found.rows)
    found.notes += [f"{what} in {n} of {used} pictures" for what, n in told.items()]
    return found


@dataclass(frozen=True, eq=False)
class _Look:
    """What one picture shows: its grid, its spectrum, and what recipes measure.

    Not the picture itself but a part of it, where it shows a grid: the whole would not be sent
    from where it was looked at.
    """

    row: PictureRow
    seen: PictureGrid
    shown: Shown | None
    spectrum: NDArray[np.float64]
    tiles: int
    recipes: dict[str, Any]
    alpha: bool
    turned: bool


def _look(picture: Picture, *, recipes: Iterable[str]) -> _Look | Dropped:
    """Return what one picture shows; nothing of it is kept but sums and a part to look at."""
    planes = picture.planes
    height, width = planes.shape[1:]
    if min(height, width) < LEAST_SIDE:
        reason = f"{width}x{height} is smaller than {LEAST_SIDE} pixels a side"
        return Dropped(picture.source, reason)
    if float(planes.max()) == float(planes.min()):
        return Dropped(picture.source, "constant: all pixels are equal")
    file = read_tables(picture.facts.tables) if picture.facts.tables else None
    measured = {name: RECIPES[name](planes) for name in recipes}
    spectrum, tiles = tile_spectrum(luma_of(planes))
    seen = look_at(planes, file=file, webp=picture.facts.format == "WEBP")
    return _Look(
        row=_row(picture, seen),
        seen=seen,
        shown=_shown(picture, seen),
        spectrum=spectrum,
        tiles=tiles,
        recipes=measured,
        alpha=picture.alpha,
        turned=picture.facts.turned,
    )


def _shown(picture: Picture, seen: PictureGrid) -> Shown | None:
    """Return the part of a picture that may be looked at; None where it shows no grid."""
    if seen.verdict != "present" or seen.grid is None or not seen.grid.period:
        return None
    part = picture.planes[:, :LARGEST, :LARGEST].copy()
    return Shown(picture.source, part, seen.grid.period)


def _add(found: Gathered, look: _Look, *, number: int, told: Counter[str]) -> None:
    """Add a picture to all sums."""
    found.album.add(look.seen, look.spectrum, look.tiles)
    found.rows.append(look.row)
    found.ripples.append(look.seen.ripples.astype(np.float32))
    for name, values in look.recipes.items():
        found.recipes[name].add(values)
    if look.alpha:
        told["alpha left out"] += 1
    if look.turned:
        told["Exif asks to turn the picture: measured, and x and y told, as stored,"] += 1
    if look.shown is not None:
        kept = (look.seen.evidence.pattern, number, look.shown)
        put = heappush if len(found.strongest) < JUDGED else heappushpop
        put(found.strongest, kept)


def _row(picture: Picture, seen: PictureGrid) -> PictureRow:
    evidence, grid = seen.evidence, seen.grid
    period = seen.period if seen.period in PERIODS else FOLD
    channels, height, width = picture.planes.shape
    return PictureRow(
        source=picture.source,
        width=width,
        height=height,
        channels=channels,
        verdict=seen.verdict,
        period=seen.period,
        direction=None if grid is None else grid.direction,
        causes=tuple(CauseRow(cause.id, cause.text) for cause in seen.causes),
        alarms=seen.alarms,
        ripple_db=ripple_db(at_period(seen.ripples, period)),
        pattern=evidence.pattern,
        luma_pattern=evidence.luma_pattern,
        jpeg_quality=None if evidence.file is None else evidence.file.quality,
        block_origin=evidence.blocks.origin if evidence.blocks and evidence.compressed else None,
        seams=None if evidence.seams is None else evidence.seams.side,
    )
