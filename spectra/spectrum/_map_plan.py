"""What will be measured on a stream of maps, fixed before the first map arrives."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from math import lcm, prod
from typing import Any, Literal

from spectra._names import places, times
from spectra._room import BLOCKS_ENOUGH, LEAST_PERIODS, too_few, usual_margin
from spectra.errors import ParameterError
from spectra.spectrum._lattice import LatticePoint, lattice_points
from spectra.spectrum._view import View, inside, view_of

LEAST_TILE = 12
MOST_CHANNELS = 16
FIGURE_TILE = {1: 4096, 2: 256, 3: 64}
CONTENT_SIDE = {1: 65536, 2: 256, 3: 40}  # of the mean map that is kept, for what all maps share

Reach = Callable[[tuple[int, ...]], Sequence[int]]


@dataclass(frozen=True)
class MapPlan:
    """Crop, tiles, channels and blocks of one stream of maps.

    Statistics can be merged only if their plans are equal.

    Attributes
    ----------
    shape : tuple of int
        ``(channel, *spatial)`` of a map.
    count : int
        Announced number of maps.
    period : tuple of int
        Least common multiple of the periods that can be scored, along each axis.
    margin : tuple of int
        Pixels left out at each border of the figure and of the polyphase means: the farthest
        margin of a view.
    views : tuple of View
        One for each period that can be scored; none where the maps are too small.
    left_out : tuple of (tuple of int, str)
        Periods that cannot be scored beside those that can, and why.
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
    views: tuple[View, ...]
    left_out: tuple[tuple[tuple[int, ...], str], ...]
    channels: tuple[int, ...]
    figure_tile: tuple[int, ...]
    figure_tiles: tuple[int, ...]
    reason: str | None

    @property
    def inner(self) -> tuple[int, ...]:
        """What the margin leaves, in whole periods."""
        return inside(self.shape[1:], self.margin, self.period)

    @property
    def content(self) -> tuple[int, ...]:
        """Sides of the mean map that is kept: all that the margin leaves of an ordinary map."""
        most = CONTENT_SIDE[len(self.period)]
        return tuple(min(side, most) for side in self.inner)

    @property
    def replicates(self) -> int:
        """Blocks in the announced maps, those of the view that has fewest."""
        return self.count * min((prod(view.blocks) for view in self.views), default=1)

    @property
    def points(self) -> tuple[LatticePoint, ...]:
        """The lattice points of all views, in order."""
        return tuple(point for view in self.views for point in view.points)

    @property
    def block_kind(self) -> Literal["images", "tiles"]:
        """What a block is."""
        return "images" if self.count >= BLOCKS_ENOUGH or not self.views else "tiles"

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
    reach: Reach | None = None,
) -> MapPlan:
    """Return how maps of one shape are measured at the lattices of the given periods.

    A block is an image where there are at least 16 of them, else a tile. A period for which the
    maps are too small, or hold too few blocks, is left out where another can be scored.

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
        less.

    Raises
    ------
    ParameterError
        If the shape has no or too many spatial axes, or a period does not fit it.

    Notes
    -----
    The running sums of one period take at most 56 MB in float64, whatever the size and number of
    maps: 16 channels, 16 groups, 6000 pairs of bins, with their means. Ordinary are 4 to 30 MB;
    periods 2, 4, 8, 16 and 32 of large pictures together take 80 MB.
    """
    channels, *sides = shape
    axes = len(sides)
    if axes not in FIGURE_TILE or min(shape) < 1:
        raise ParameterError(f"shape={tuple(shape)} is not (channel, *spatial) with 1 to 3 axes")
    if any(len(p) != axes or min(p) < 1 for p in periods):
        raise ParameterError(f"periods={periods} do not fit {axes} spatial axes")
    wanted = tuple(margin) if margin is not None else tuple(map(usual_margin, sides))
    asked = sorted({tuple(p) for p in periods}, key=lambda p: (prod(p), p))
    found = [_view(sides, period, wanted=wanted, reach=reach, count=count) for period in asked]
    reasons = {view.period: small or _too_few(view, count) for view, small in found}
    large = [view for view, small in found if small is None]
    enough = [view for view in large if _too_few(view, count) is None]
    views = _with_points(enough or large)

    common = [view.period for view in views] or asked[:1] or [(1,) * axes]
    period = tuple(lcm(*axis) for axis in zip(*common, strict=True))
    least = [max(axis) for axis in zip(wanted, *[view.margin for view in views], strict=True)]
    margins = tuple(_margin(*axis) for axis in zip(least, sides, period, strict=True))
    figure_tile, figure_tiles = _figure_tiles(inside(sides, margins, period), period)
    scored = tuple(range(channels))
    if channels > MOST_CHANNELS:
        scored = tuple(i * channels // MOST_CHANNELS for i in range(MOST_CHANNELS))
    return MapPlan(
        shape=tuple(shape),
        count=count,
        period=period,
        margin=margins,
        views=views,
        left_out=tuple((p, why) for p, why in reasons.items() if why) if enough else (),
        channels=scored,
        figure_tile=figure_tile,
        figure_tiles=figure_tiles,
        reason=None if enough else next(iter(reasons.values()), "no lattice"),
    )


def _view(
    sides: Sequence[int],
    period: tuple[int, ...],
    wanted: Sequence[int],
    reach: Reach | None,
    count: int,
) -> tuple[View, str | None]:
    """Return how maps are cut for one period, and in what they are too small for it, if so."""
    disturbed = reach(period) if reach else (0,) * len(period)
    usual = tuple(_margin(*axis) for axis in zip(wanted, sides, period, strict=True))
    # What padding does along an axis without a grid has no period on the others.
    reached = tuple(n if p > 1 else 0 for n, p in zip(disturbed, period, strict=True))
    margin = tuple(max(m, -(-n // p) * p) for m, n, p in zip(usual, reached, period, strict=True))
    view = view_of(sides, period, margin, count)
    for tile, p in zip(view.tile, period, strict=True):
        least = max(LEAST_TILE, LEAST_PERIODS * p)
        if p > 1 and tile < least:
            size = times(inside(sides, margin, period))
            unit = places(len(sides))
            where = f" that padding reaches ({max(reached)} {unit})" if margin != usual else ""
            return view, (
                f"too small: {size} {unit} inside the margin{where}, {least} {unit} needed at "
                f"period {p}"
            )
    return view, None


def _too_few(view: View, count: int) -> str | None:
    """Say if there are too few independent blocks for the test."""
    replicates = count * prod(view.blocks)
    return None if replicates >= BLOCKS_ENOUGH else too_few(replicates)


def _with_points(views: Sequence[View]) -> tuple[View, ...]:
    """Return the views with the lattice points that each of their periods owns."""
    points = lattice_points(*[view.period for view in views]) if views else ()
    own = [tuple(p for p in points if p.period == view.period) for view in views]
    return tuple(replace(view, points=mine) for view, mine in zip(views, own, strict=True) if mine)


def _margin(wanted: int, side: int, period: int) -> int:
    """Return a margin of whole periods: rounded up where that leaves half the map, else down."""
    up = -(-wanted // period) * period
    return up if side - 2 * up >= side // 2 else wanted // period * period


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
