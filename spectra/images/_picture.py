"""One picture: what stands out in it, and what explains that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

from spectra.images._cause import Cause, Evidence, causes
from spectra.images._grid import Grid, findings, grid_of
from spectra.images._pattern import mean_pattern
from spectra.images._points import FOLD, POINTS
from spectra.images._ripple import ripple_variances
from spectra.images._seams import find_seams
from spectra.images._test import alarms, is_astray, point_p
from spectra.images._twice import earlier_compression
from spectra.images._votes import block_grid, luma_of
from spectra.images._waves import Waves, waves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spectra.images._jpeg import JpegFile

Verdict = Literal["none", "suspect", "present", "insufficient"]
LEAST_SIDE = 72  # pixels: six strips of eleven
HINT = 0.1  # p-value of all eighths together, below which blocks of compression are looked for
COUNTED = 256  # pixels a side of the part whose grey levels are counted
GAP = 2  # grey levels from one to the next on average, from which on they leave gaps
PATTERN_SIDE = 384  # pixels a side of the part in which the brightness is asked for a pattern


@dataclass(frozen=True, eq=False)
class PictureGrid:
    """What one picture shows.

    Attributes
    ----------
    verdict : {"none", "suspect", "present", "insufficient"}
        ``"present"`` where both axes or a diagonal show one period, or tiles or blocks of
        compression are found; ``"suspect"`` where it may be the scene's.
    grid : Grid or None
        The lattice that explains the points.
    causes : tuple of Cause
        All that explain it.
    alarms : float
        Expected false alarms of what is least likely by chance.
    evidence : Evidence
        What else is known.
    ripples : ndarray, shape (15,)
        Variance of the log residual with each period, see `ripple_variances`.
    waves : Waves
        The sums behind it.
    p : ndarray, shape (reading, point)
        Of each point by itself; 1 where its frequency is beside the lattice.
    channels : tuple of str
        Their names.
    """

    verdict: Verdict
    grid: Grid | None
    causes: tuple[Cause, ...]
    alarms: float
    evidence: Evidence
    ripples: NDArray[np.float64]
    waves: Waves
    p: NDArray[np.float64]
    channels: tuple[str, ...]

    @property
    def period(self) -> int | None:
        """Pixels from one cell of the grid to the next; None where none is known."""
        if self.evidence.compressed and self.causes and self.causes[0].id.endswith("jpeg"):
            return FOLD
        if self.grid is not None and self.grid.is_grid:
            return self.grid.period
        return None if self.evidence.seams is None else self.evidence.seams.side


def channel_names(count: int) -> tuple[str, ...]:
    """Return what the channels of a picture are called.

    Examples
    --------
    >>> channel_names(1), channel_names(2)
    (('grey',), ('channel 0', 'channel 1'))
    """
    if count == 1:
        return ("grey",)
    return ("red", "green", "blue") if count == 3 else tuple(f"channel {i}" for i in range(count))


def look_at(
    planes: NDArray[np.float32], *, file: JpegFile | None = None, webp: bool = False
) -> PictureGrid:
    """Return what one picture shows.

    Parameters
    ----------
    planes : ndarray of float32, shape (channel, y, x)
        In grey levels of 255, at least 72 pixels a side.
    file : JpegFile, optional
        What its file says, where it is a JPEG.
    webp : bool
        Whether its file is a WebP.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.normal(128, 20, (1, 128, 128)).astype("float32")
    >>> twice = noise[:, :64, :64].repeat(2, 1).repeat(2, 2)
    >>> look_at(noise).verdict, look_at(twice).verdict, look_at(twice).grid.period
    ('none', 'present', 2)
    """
    channels = channel_names(len(planes))
    sums = waves(planes)
    astray = is_astray(sums)
    p = point_p(sums)
    expected = alarms(p, astray)
    found = findings(expected, channels)
    grid = grid_of(found)
    asked = file is not None or _hints_at_blocks(p, grid, small=any(sums.short))
    luma = luma_of(planes) if asked else None
    evidence = Evidence(
        blocks=None if luma is None else block_grid(luma),
        file=file,
        seams=None,
        levels=distinct_levels(planes),
        colour=len(planes) == 3,
        webp=webp,
    )
    if evidence.compressed and evidence.blocks is not None and luma is not None:
        table = None if file is None else file.luma
        earlier = earlier_compression(luma, evidence.blocks.origin, table)
        evidence = replace(evidence, earlier=earlier)
    if not evidence.compressed and (grid is None or not grid.is_grid):
        seams = find_seams(planes)
        if seams is not None and evidence.blocks is None:  # those of blocks look like tiles
            evidence = replace(evidence, blocks=block_grid(luma_of(planes)))
        evidence = replace(evidence, seams=None if evidence.compressed else seams)
    if grid is not None and grid.is_grid and grid.period is not None and not evidence.compressed:
        part = planes[:, :PATTERN_SIDE, :PATTERN_SIDE]
        pattern = mean_pattern(part, grid.period)
        evidence = replace(evidence, pattern=pattern.rms, luma_pattern=pattern.luma)
    least = [float(expected.min())]
    least += [evidence.blocks.alarms] if evidence.blocks and evidence.compressed else []
    least += [evidence.seams.alarms] if evidence.seams else []
    return PictureGrid(
        verdict=verdict_of(grid, evidence),
        grid=grid,
        causes=causes(grid, found, evidence),
        alarms=min(least),
        evidence=evidence,
        ripples=ripple_variances(sums),
        waves=sums,
        p=np.where(astray, 1.0, p),
        channels=channels,
    )


def verdict_of(grid: Grid | None, evidence: Evidence) -> Verdict:
    """Return the verdict on what stands out."""
    if evidence.compressed or evidence.seams is not None or (grid is not None and grid.is_grid):
        return "present"
    return "none" if grid is None else "suspect"


def distinct_levels(planes: NDArray[np.float32]) -> int:
    """Return how many grey levels the channel with most of them has; 256 where they lie dense.

    Levels that leave gaps were chosen, as by dithering; a picture of low contrast has few, but
    all of its range.

    Examples
    --------
    >>> gaps, dense = np.float32([[[0, 51, 51, 255]]]), np.float32([[[7, 8, 9]]])
    >>> distinct_levels(gaps), distinct_levels(dense)
    (3, 256)
    """
    most = 0
    for plane in planes:
        part = np.clip(plane[:COUNTED, :COUNTED], 0, 255).astype(np.uint8)
        held = np.flatnonzero(np.bincount(part.ravel(), minlength=256))
        dense = held[-1] - held[0] < GAP * (len(held) - 1)
        most = max(most, 256 if dense else len(held))
    return most


def _hints_at_blocks(p: NDArray[np.float64], grid: Grid | None, *, small: bool) -> bool:
    """Tell whether it is worth asking all pixels for blocks, which takes longer than the rest."""
    if grid is not None and (grid.period in (4, 8, 16) or (small and grid.period == 2)):
        return True  # in a small picture the eighths themselves may not show
    eighths = np.array([point.axis != "" and point.period in (4, 8) for point in POINTS])
    some = p[:, eighths].min(0)
    each = 1 - (1 - some) ** len(p)  # the smallest of some readings
    fisher = -2 * np.log(np.maximum(each, 1e-300)).sum()
    return bool(special.chdtrc(2 * len(each), fisher) < HINT)
