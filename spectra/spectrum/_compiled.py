"""Compiled loops in place of torch's passes, where numba is: the extra ``fast``."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from math import log, prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from spectra.spectrum._azimuthal import annuli
from spectra.spectrum._figure import DB, LOG_FLOOR, folded_rows
from spectra.spectrum._maps import centred, chunks
from spectra.spectrum._mean import Mean
from spectra.spectrum._moments import Moments
from spectra.spectrum._periodogram import hann

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum._map_plan import MapPlan
    from spectra.spectrum._maps import Source
    from spectra.spectrum._totals import Totals

AXES = 2  # of the maps whose figures loops add
LEAST = 1 << 27  # values that are worth loading numba and the loops for, most of a second
MOST_THREADS = 2  # of torch: on more its passes are as fast as the one thread of a loop
CHUNK_BYTES = 2 << 20  # of tiles that are transformed at once


def numba_version() -> str | None:
    """Return the version of numba where loops are compiled; None where torch does all."""
    return _installed() if torch.get_num_threads() <= MOST_THREADS else None


def loops(maps: Source, *, values: int) -> Any:
    """Return the module `spectra.spectrum._loops` where it can be used, else None.

    Parameters
    ----------
    maps : Tensor or ndarray
        Loops run on a CPU, in single precision.
    values : int
        How many values all maps have that will come.
    """
    on_cpu = not isinstance(maps, torch.Tensor) or maps.device.type == "cpu"
    single = str(maps.dtype).removeprefix("torch.") == "float32"
    worth = values >= LEAST and numba_version() is not None
    return _loops() if on_cpu and single and worth else None


@lru_cache(maxsize=1)
def _installed() -> str | None:
    try:
        return version("numba")
    except PackageNotFoundError:
        return None


@lru_cache(maxsize=1)
def _loops() -> Any:
    try:
        from spectra.spectrum import _loops as module
    except ImportError:  # of a numba that does not go with this Python or NumPy
        return None
    return module


class LogPowers:
    """Sums of power and log power of windowed tiles, as loops make them.

    Parameters
    ----------
    compiled : module
        `spectra.spectrum._loops`.
    images, maps : int
        Number of images whose powers are summed apart, and of maps in each.
    tile, tiles : sequence of int
        Sides of a tile, and tiles along each axis.

    Attributes
    ----------
    powers : ndarray of float64, shape (image, ky, kx)
        Sums over the maps of each image.
    """

    def __init__(
        self,
        compiled: Any,
        *,
        images: int,
        maps: int,
        tile: Sequence[int],
        tiles: Sequence[int] = (1, 1),
    ) -> None:
        half = (tile[0], tile[1] // 2 + 1)
        self._loops, self._tile, self._tiles = compiled, tuple(tile), tuple(tiles)
        self._maps, self._each = maps, prod(tiles)
        self._windows = [hann((n,), torch.float32, torch.device("cpu"), "ortho") for n in tile]
        self.powers = np.zeros((images, *half))
        self._fraction, self._exponent = np.ones(half, np.float32), np.zeros(half, np.int32)
        self._missing = 0  # tiles of maps that do not count: no power, and the log of the floor

    def add(
        self,
        maps: Tensor,
        *,
        period: Sequence[int] = (1, 1),
        start: Sequence[int] = (0, 0),
        inner: Sequence[int],
    ) -> tuple[NDArray[Any], ...]:
        """Add maps of the first images, and return their moments in the order of `Moments`.

        Parameters
        ----------
        maps : Tensor of float32, shape (map, y, x)
        period : sequence of int
            Of the phases among the moments.
        start, inner : sequence of int
            First pixel and sides of what counts of a map.
        """
        flat, moments = maps.contiguous(), _empty_moments(len(maps), period)
        step = max(CHUNK_BYTES // (4 * self._each * prod(self._tile)), 1)
        step += -step % 3  # logs are taken of products of three
        room = torch.empty(min(step, len(flat)) * self._each, *self._tile)
        for first in range(0, len(flat), step):
            some = flat[first : first + step].numpy()
            tiles = room[: len(some) * self._each]
            self._loops.standardise(
                some,
                (tuple(start), tuple(inner), self._tiles),
                tuple(window.numpy() for window in self._windows),
                seen=tiles.numpy(),
                moments=tuple(held[first : first + step] for held in moments),
            )
            self._loops.add_powers(
                torch.view_as_real(torch.fft.rfft2(tiles)).flatten(2).numpy(),
                (first * self._each, self._maps * self._each),
                floor=LOG_FLOOR,
                powers=self.powers,
                product=(self._fraction, self._exponent),
            )
        self._missing += int((~moments[3]).sum()) * self._each
        return moments

    @property
    def logs(self) -> NDArray[np.float64]:
        """Sum of ln(power + floor) over all tiles of maps that count, shape (ky, kx)."""
        whole = self._exponent * log(2) - self._missing * log(LOG_FLOOR)
        return np.asarray(whole + np.log(self._fraction), np.float64)


def mean_of_logs(source: Source, compiled: Any) -> Mean:
    """Return the mean of ln(power + floor) over maps of unit variance.

    Raises
    ------
    ParameterError
        If a map holds NaN or infinite values.
    """
    count, sides = prod(source.shape[:-2]), tuple(source.shape[-2:])
    planes, used = LogPowers(compiled, images=1, maps=count, tile=sides), 0
    for maps in chunks(source, 2):
        _mean, _deviation, finite, varied, _phases = planes.add(maps, inner=sides)
        if not finite.all():
            centred(maps, 2)  # says which
        used += int(varied.sum())
    return Mean(torch.from_numpy(planes.logs) / max(used, 1), used, count - used)


def add_figure(totals: Totals, maps: Tensor, plan: MapPlan, compiled: Any) -> Moments:
    """Add what a figure shows of some images, as `Figure` does, and return their moments.

    Parameters
    ----------
    totals : Totals
    maps : Tensor of float32, shape (image, channel, y, x)
        Whole maps.
    plan : MapPlan
        How they are cut.
    compiled : module
        `spectra.spectrum._loops`.
    """
    images, channels = maps.shape[:2]
    tile, tiles = plan.figure_tile, plan.figure_tiles
    planes = LogPowers(compiled, images=images, maps=channels, tile=tile, tiles=tiles)
    moments = planes.add(
        maps.flatten(0, 1), period=plan.period, start=plan.margin, inner=plan.inner
    )
    counted = moments[3].reshape(images, channels).sum(1) * prod(tiles)
    total, rings = np.zeros(planes.powers.shape[1:]), _folded_rings(tile)
    profile = np.zeros((2, len(rings[1]) - 1))
    compiled.add_images(planes.powers, counted, rings, total=total, profile=profile)
    for name, value in (
        ("figure_power", torch.from_numpy(total)),
        ("figure_log", torch.from_numpy(planes.logs * DB)),
        ("figure_maps", float(counted.sum())),
        ("azimuthal_images", float((counted > 0).sum())),
        ("azimuthal", torch.from_numpy(profile[0])),
        ("azimuthal_square", torch.from_numpy(profile[1])),
    ):
        totals.add(name, value)
    of_images = (held.reshape(images, channels, *held.shape[1:]) for held in moments)
    return Moments(*map(torch.from_numpy, of_images))


def _empty_moments(maps: int, period: Sequence[int]) -> tuple[NDArray[Any], ...]:
    """Return room for the moments of some maps, in the order of `Moments`."""
    kinds: tuple[tuple[tuple[int, ...], type], ...] = (
        ((), np.float32),
        ((), np.float32),
        ((), np.bool_),
        ((), np.bool_),
        (tuple(period), np.float64),
    )
    return tuple(np.empty((maps, *shape), kind) for shape, kind in kinds)


@lru_cache(maxsize=64)
def _folded_rings(tile: tuple[int, ...]) -> tuple[NDArray[Any], ...]:
    """Return the bins of a folded plane ring by ring, where each ring begins, and their shares."""
    rings = annuli(tile)
    bins = folded_rows(rings.shape) * rings.shape[1]
    place = rings.place[:bins]
    order = np.argsort(place, kind="stable")
    first = np.searchsorted(place[order], np.arange(rings.f.size + 1))
    return order, first, rings.share[:bins][order]
