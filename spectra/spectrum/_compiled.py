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
READ_BYTES = 16 << 20  # of maps that are handed over at once


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


class LoopFigure:
    """What `Figure` sums, made by loops: power and log power over windowed tiles of maps.

    Parameters
    ----------
    compiled : module
        `spectra.spectrum._loops`.
    tile, tiles : sequence of int
        Sides of a tile, and tiles along each axis.
    start, inner : sequence of int
        First pixel and sides of what counts of a map.
    period : sequence of int
        Of the phases among the moments.
    """

    def __init__(
        self,
        compiled: Any,
        *,
        tile: tuple[int, ...],
        inner: tuple[int, ...],
        tiles: tuple[int, ...] = (1, 1),
        start: tuple[int, ...] = (0, 0),
        period: tuple[int, ...] = (1, 1),
    ) -> None:
        self._loops, self._tile, self._each, self._period = compiled, tile, prod(tiles), period
        self._cut = (start, inner, tiles)
        windows = (hann((n,), torch.float32, torch.device("cpu"), "ortho") for n in tile)
        self._windows, self._rings = tuple(w.numpy() for w in windows), _folded_rings(tile)
        self._begin()

    @classmethod
    def of(cls, plan: MapPlan, compiled: Any) -> LoopFigure:
        """Return that of maps which are cut by a plan."""
        return cls(
            compiled,
            tile=plan.figure_tile,
            tiles=plan.figure_tiles,
            start=plan.margin,
            inner=plan.inner,
            period=plan.period,
        )

    def add(self, maps: Tensor) -> Moments:
        """Add the whole maps of some images, shape (image, channel, y, x); return their moments."""
        images, channels = maps.shape[:2]
        flat = maps.flatten(0, 1).contiguous().numpy()
        moments = _empty_moments(len(flat), self._period)
        some = max(CHUNK_BYTES // (4 * self._each * prod(self._tile)), 1)
        some += -some % 3  # logs are taken of products of three
        together = max(some // channels, 1)  # images
        some = together * channels if together > 1 else some
        room = np.empty((min(some, len(flat)) * self._each, *self._tile), np.float32)
        planes = np.empty((min(together, images), *self.power.shape))
        for image in range(0, images, together):
            of_each = planes[: images - image]
            of_each[:] = 0
            first, end = image * channels, min(image + together, images) * channels
            for begin in range(first, end, some):
                part = slice(begin, min(begin + some, end))
                tiles = room[: (part.stop - begin) * self._each]
                of_part = tuple(held[part] for held in moments)
                self._loops.standardise(
                    flat[part], self._cut, self._windows, seen=tiles, moments=of_part
                )
                self._loops.add_powers(
                    torch.fft.rfft2(torch.from_numpy(tiles)).numpy().view(np.float32),
                    ((begin - first) * self._each, channels * self._each),
                    floor=LOG_FLOOR,
                    powers=of_each,
                    product=self._product,
                )
            counted = moments[3][first:end].reshape(-1, channels).sum(1) * self._each
            self._loops.add_images(
                of_each, counted, self._rings, total=self.power, profile=self._profile
            )
            self.images += int((counted > 0).sum())
            self.maps += int(counted.sum())
            self._missing += channels * len(counted) * self._each - int(counted.sum())
        return Moments(
            *(torch.from_numpy(m.reshape(images, channels, *m.shape[1:])) for m in moments)
        )

    @property
    def logs(self) -> NDArray[np.float64]:
        """Sum of ln(power + floor) over all tiles of maps that count, shape (ky, kx)."""
        fraction, exponent = self._product
        whole = exponent * log(2) - self._missing * log(LOG_FLOOR)
        return np.asarray(whole + np.log(fraction), np.float64)

    def put_into(self, totals: Totals) -> None:
        """Add what has been summed to the totals, and begin again from zero."""
        for name, value in (
            ("figure_power", torch.from_numpy(self.power)),
            ("figure_log", torch.from_numpy(self.logs * DB)),
            ("figure_maps", float(self.maps)),
            ("azimuthal_images", float(self.images)),
            ("azimuthal", torch.from_numpy(self._profile[0])),
            ("azimuthal_square", torch.from_numpy(self._profile[1])),
        ):
            totals.add(name, value)
        self._begin()

    def _begin(self) -> None:
        half = (self._tile[0], self._tile[1] // 2 + 1)
        self.power, self._profile = np.zeros(half), np.zeros((2, len(self._rings[1]) - 1))
        self._product = np.ones(half, np.float32), np.zeros(half, np.int32)
        self.maps = self.images = 0  # tiles and images that count
        self._missing = 0  # tiles of maps that do not: no power, and the log of the floor


def mean_of_logs(source: Source, compiled: Any) -> Mean:
    """Return the mean of ln(power + floor) over maps of unit variance.

    Raises
    ------
    ParameterError
        If a map holds NaN or infinite values.
    """
    count, sides = prod(source.shape[:-2]), tuple(source.shape[-2:])
    figure = LoopFigure(compiled, tile=sides, inner=sides)
    for maps in chunks(source, 2, READ_BYTES):
        if not figure.add(maps[None]).finite.all():
            centred(maps, 2)  # says which
    return Mean(
        torch.from_numpy(figure.logs) / max(figure.maps, 1), figure.maps, count - figure.maps
    )


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
