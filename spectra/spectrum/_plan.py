"""What will be measured on a stream of maps, fixed before the first map arrives."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import lcm, prod
from typing import Any, Literal

from spectra.errors import ParameterError
from spectra.spectrum._lattice import LatticePoint, lattice_points

BASE_BAND_BINS = {1: 64, 2: 32, 3: 8}  # of a tile along each axis, by number of axes
LARGEST_TILE = {1: 1024, 2: 96, 3: 32}  # unless a long period needs more
LEAST_BASE_BAND_BINS = 8  # of a tile that is one of several in its map
LEAST_TILE, LEAST_PERIODS = 12, 6
MOST_CHANNELS = 16
IMAGES_ENOUGH = 16
TILES_WANTED = 32
FIGURE_TILE = {1: 4096, 2: 256, 3: 64}


@dataclass(frozen=True)
class View:
    """How the maps are cut for the lattice points of one period.

    Attributes
    ----------
    period : tuple of int
        The period whose points are measured.
    tile : tuple of int
        Side of a tile in pixels, a multiple of the period.
    tiles : tuple of int
        Tiles along each axis of a block.
    points : tuple of LatticePoint
    """

    period: tuple[int, ...]
    tile: tuple[int, ...]
    tiles: tuple[int, ...]
    points: tuple[LatticePoint, ...]


@dataclass(frozen=True)
class Plan:
    """Crop, tiles, channels and blocks of one stream of maps.

    Statistics can be merged only if their plans are equal.

    Attributes
    ----------
    shape : tuple of int
        ``(channel, *spatial)`` of a map.
    count : int
        Announced number of maps.
    period : tuple of int
        Least common multiple of the periods asked for, along each axis.
    margin : tuple of int
        Pixels left out at each border, where padding disturbs.
    block : tuple of int
        Side of a block: the unit that the test takes as one independent replicate.
    blocks : tuple of int
        Blocks along each axis of one map; all 1 where a block is a whole map.
    views : tuple of View
        One for each period; empty where the maps are too small.
    channels : tuple of int
        The channels that are tested, evenly spaced.
    figure_tile, figure_tiles : tuple of int
        Tile of the mean spectrum, and tiles along each axis.
    reason : str or None
        Why nothing is tested.
    """

    shape: tuple[int, ...]
    count: int
    period: tuple[int, ...]
    margin: tuple[int, ...]
    block: tuple[int, ...]
    blocks: tuple[int, ...]
    views: tuple[View, ...]
    channels: tuple[int, ...]
    figure_tile: tuple[int, ...]
    figure_tiles: tuple[int, ...]
    reason: str | None

    @property
    def replicates(self) -> int:
        """Blocks in the announced maps."""
        return self.count * prod(self.blocks)

    @property
    def points(self) -> tuple[LatticePoint, ...]:
        """The lattice points of all views, in order."""
        return tuple(point for view in self.views for point in view.points)

    @property
    def block_kind(self) -> Literal["images", "tiles"]:
        """What a block is."""
        return "images" if prod(self.blocks) == 1 else "tiles"

    def describe(self) -> dict[str, Any]:
        """Return the plan as plain numbers and names, for a file."""
        plain = asdict(self)
        for view in plain["views"]:
            view["points"] = [[str(f) for f in point["frequency"]] for point in view["points"]]
        return plain


def plan_maps(
    shape: Sequence[int],
    *periods: Sequence[int],
    count: int,
    margin: Sequence[int] | None = None,
    reach: Callable[[tuple[int, ...]], Sequence[int]] | None = None,
) -> Plan:
    """Return how maps of one shape are measured at the lattices of the given periods.

    A block is an image where there are at least 16 of them, else a tile. Where the maps are
    too small for the longest of several periods, it is left out.

    Parameters
    ----------
    shape : sequence of int
        ``(channel, *spatial)`` with one to three spatial axes.
    *periods : sequence of int
        Periods along each axis; none: only the mean spectrum is measured.
    count : int
        Number of maps that will come.
    margin : sequence of int, optional
        Pixels to leave out at each border; an eighth of the side by default.
    reach : callable, optional
        How many pixels padding reaches into the maps, for a period: what is left out is not
        less. Where that leaves too little, nothing is tested.

    Raises
    ------
    ParameterError
        If the shape has no or too many spatial axes, or a period does not fit it.
    """
    axes = len(shape) - 1
    if axes not in BASE_BAND_BINS or min(shape) < 1:
        raise ParameterError(f"shape={tuple(shape)} is not (channel, *spatial) with 1 to 3 axes")
    if any(len(p) != axes or min(p) < 1 for p in periods):
        raise ParameterError(f"periods={periods} do not fit {axes} spatial axes")
    ascending = sorted({tuple(p) for p in periods}, key=lambda p: (prod(p), p))
    plan = _plan(tuple(shape), ascending, count, margin, reach)
    while len(ascending) > 1 and not plan.views:
        ascending.pop()
        plan = _plan(tuple(shape), ascending, count, margin, reach)
    return plan


def _plan(
    shape: tuple[int, ...],
    periods: Sequence[tuple[int, ...]],
    count: int,
    margin: Sequence[int] | None,
    reach: Callable[[tuple[int, ...]], Sequence[int]] | None,
) -> Plan:
    """Return the plan for exactly these periods; without views where the maps are too small."""
    channels, *sides = shape
    axes = len(sides)
    period = tuple(lcm(*(p[i] for p in periods)) for i in range(axes))
    wanted = tuple(margin) if margin is not None else tuple(side // 8 for side in sides)
    reaches = [reach(p) for p in periods] if reach else []
    least = tuple(max((r[i] for r in reaches), default=0) for i in range(axes))
    usual = tuple(_margin(*of_axis) for of_axis in zip(wanted, sides, period, strict=True))
    margins = tuple(max(m, -(-n // p) * p) for m, n, p in zip(usual, least, period, strict=True))
    inner = _inner(sides, margins, period)
    scored = tuple(range(channels))
    if channels > MOST_CHANNELS:
        scored = tuple(i * channels // MOST_CHANNELS for i in range(MOST_CHANNELS))

    points = lattice_points(*periods) if periods else ()
    block, blocks = inner, (1,) * axes
    views: tuple[View, ...] = ()
    reason: str | None = "no lattice"
    if points:
        bins = _base_band_bins(inner, period, count)
        block, blocks = _blocks(inner, period, bins, count)
        views = _views(points, block, bins)
        reason = _too_small(views, inner, least if margins != usual else None)
        views = () if reason else views
    if views:
        reason = _too_few(count * prod(blocks))
    elif margins != usual:  # the mean spectrum is drawn all the same
        margins, inner = usual, _inner(sides, usual, period)
        block = inner
    figure_tile, figure_tiles = _figure_tiles(inner, period)
    return Plan(
        shape, count, period, margins, block, blocks, views, scored,
        figure_tile, figure_tiles, reason,
    )  # fmt: skip


def _inner(sides: Sequence[int], margins: Sequence[int], period: Sequence[int]) -> tuple[int, ...]:
    """Return what the margins leave, in whole periods."""
    axes = zip(sides, margins, period, strict=True)
    return tuple(max(side - 2 * m, 0) // p * p for side, m, p in axes)


def _margin(wanted: int, side: int, period: int) -> int:
    """Return a margin of whole periods: rounded up where that leaves half the map, else down."""
    up = -(-wanted // period) * period
    return up if side - 2 * up >= side // 2 else wanted // period * period


def _base_band_bins(inner: tuple[int, ...], period: tuple[int, ...], count: int) -> int:
    """Return the base-band bins of a tile: fewer where that gives enough tiles for a test."""
    most = BASE_BAND_BINS[len(inner)]
    if count >= IMAGES_ENOUGH:
        return most
    for bins in range(most, LEAST_BASE_BAND_BINS - 1, -2):
        sides = _sides(inner, period, bins)
        if count * prod(n // side for n, side in zip(inner, sides, strict=True)) >= TILES_WANTED:
            return bins
    return LEAST_BASE_BAND_BINS


def _sides(inner: tuple[int, ...], period: tuple[int, ...], bins: int) -> tuple[int, ...]:
    """Return the sides of a tile that fits: multiples of the period, of some base-band bins."""
    largest = LARGEST_TILE[len(inner)]
    sides = []
    for n, p in zip(inner, period, strict=True):
        unit = p if p > 1 else max(period)
        wanted = max(min(bins * unit, largest), LEAST_BASE_BAND_BINS * unit)
        sides.append(max(min(wanted, n) // p * p, 1))
    return tuple(sides)


def _blocks(
    inner: tuple[int, ...], period: tuple[int, ...], bins: int, count: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return side and number of blocks along each axis."""
    if count >= IMAGES_ENOUGH:
        return inner, (1,) * len(inner)
    block = _sides(inner, period, bins)
    return block, tuple(n // b for n, b in zip(inner, block, strict=True))


def _views(points: tuple[LatticePoint, ...], block: tuple[int, ...], bins: int) -> tuple[View, ...]:
    """Group the points by the period that owns them and cut a block into tiles for each."""
    views = []
    for period in dict.fromkeys(point.period for point in points):
        tile = _sides(block, period, bins)
        tiles = tuple(n // t for n, t in zip(block, tile, strict=True))
        own = tuple(point for point in points if point.period == period)
        views.append(View(period, tile, tiles, own))
    return tuple(views)


def _too_small(
    views: tuple[View, ...], inner: tuple[int, ...], reach: tuple[int, ...] | None
) -> str | None:
    """Say if a tile holds too few pixels or periods, for the sake of padding maybe."""
    for view in views:
        for tile, period in zip(view.tile, view.period, strict=True):
            least = max(LEAST_TILE, LEAST_PERIODS * period)
            if period > 1 and tile < least:
                size = "x".join(map(str, inner))
                where = f" that padding reaches ({max(reach)} px)" if reach else ""
                return (
                    f"too small: {size} px inside the margin{where}, {least} px needed at "
                    f"period {period}"
                )
    return None


def _too_few(replicates: int) -> str | None:
    """Say if there are too few independent blocks for the test."""
    if replicates >= IMAGES_ENOUGH:
        return None
    return f"too few: {replicates} independent blocks, {IMAGES_ENOUGH} needed"


def _figure_tiles(
    inner: tuple[int, ...], period: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return tile and tiles of the mean spectrum: large, even parts; no tiles of a mere pixel."""
    most = FIGURE_TILE[len(inner)]
    tiles = tuple(-(-n // most) for n in inner)
    if min(inner) < 2:
        return (2,) * len(inner), (0,) * len(inner)
    tile = tuple(n // g // p * p for n, g, p in zip(inner, tiles, period, strict=True))
    return tile, tiles
