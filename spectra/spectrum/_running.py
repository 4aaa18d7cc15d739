"""Running sums of streamed maps: constant memory, exact merging."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import torch

from spectra.errors import ParameterError
from spectra.spectrum._compiled import AXES, LoopFigure, loops
from spectra.spectrum._dataset import to_dataset
from spectra.spectrum._figure import Figure
from spectra.spectrum._moments import Centred, Moments
from spectra.spectrum._periodogram import chunk_bytes
from spectra.spectrum._reader import without_margin
from spectra.spectrum._shared import MeanSpectra
from spectra.spectrum._sums import empty_sums
from spectra.spectrum._tested import Tested
from spectra.spectrum._totals import Totals
from spectra.spectrum._view_totals import ViewTotals
from spectra.spectrum._whole import add_whole, empty_whole, whole_variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from torch import Tensor

    from spectra.spectrum._map_plan import MapPlan
    from spectra.spectrum._reader import Tiles
    from spectra.spectrum._shared import Content
    from spectra.spectrum._sums import Sums


IMAGES_BYTES = 8 << 20  # of images added at once: as many as make the calls of small maps cheap


class MapStatistics:
    """Sums over the maps of one place in a model, kept in float64.

    ``update`` adds maps, ``merge`` adds the sums of another shard of the same plan: in any
    order, to rounding. What the numbers mean is decided in `spectra.score`.

    Parameters
    ----------
    plan : MapPlan
        How maps are cut, fixed before the first map.
    without : tuple of Content, optional
        What all maps share, as each view sees it: taken out before energy and test see the maps.
    energy_only : bool
        Leave at zero what energies do not need: a figure's spectra, and what a test needs.
    whole : bool
        Also keep what the recipes of two papers need of whole images, see `whole_variables`: one
        more transform of each.

    Attributes
    ----------
    sums : dict of ndarray
        Named running sums in double precision, real or complex; see `empty_sums` for their shapes.
        In netCDF files complex ones are split in two. They stay on the device of the maps until
        they are asked for.
    """

    def __init__(
        self,
        plan: MapPlan,
        *,
        without: tuple[Content, ...] = (),
        energy_only: bool = False,
        whole: bool = False,
    ) -> None:
        self.plan, self._energy_only, self._whole = plan, energy_only, whole
        self._views = [
            ViewTotals(plan, number, without=without[number] if without else None)
            for number in range(len(plan.views))
        ]
        self.pairs = tuple(view.pairs for view in self._views)
        self._drawn = not energy_only and prod(plan.figure_tiles) > 0
        self._totals = Totals(self._zero())
        self._figure: LoopFigure | None = None  # what loops have summed since the sums were read
        self._calls: tuple[int, int] = (-1, 0)  # first input of the last update, and how often
        self._seen: Tensor | None = None  # which images of the last update had a map that counts

    @property
    def sums(self) -> dict[str, Sums]:
        """The sums so far, on the host."""
        return self._complete().on_host()

    @staticmethod
    def mean_spectra(plan: MapPlan, *, near: MeanSpectra | None = None) -> MeanSpectra:
        """Return sums for what all maps share: its content is `without` of a second pass.

        Parameters
        ----------
        plan : MapPlan
            How maps are cut.
        near : MeanSpectra, optional
            What an earlier round found.
        """
        return MeanSpectra(plan, near=near)

    def update(self, maps: Tensor, *, first: int) -> None:
        """Add maps.

        Parameters
        ----------
        maps : Tensor, shape (B, C, *spatial)
            Real; any device and floating dtype.
        first : int
            Index of the first of them among all inputs of the run; decides the block, so a
            shard gets the same sums whoever computes it. What one pass makes of the same inputs
            again (the tiles of a stitched picture) comes with the same index: the maps of one
            input count together as one image.

        Raises
        ------
        ParameterError
            If the maps do not have the planned shape.
        """
        if tuple(maps.shape[1:]) != self.plan.shape or not maps.is_floating_point():
            message = (
                f"maps of shape {tuple(maps.shape[1:])} and {maps.dtype} do not fit the plan: "
                f"expected real maps of shape {self.plan.shape}"
            )
            raise ParameterError(message)
        if len(maps) == 0:
            return
        again = self._calls[1] + 1 if self._calls[0] == first else 0
        self._calls = (first, again)
        maps = maps.detach()
        if "whole_maps" in self._totals:
            add_whole(self._totals, maps)
        parts, start = [], first
        for some in _in_cache(maps, 0, IMAGES_BYTES):
            parts.append(self._add(some, first=start, again=again))
            start += len(some)
        moments = Moments.joined(parts, dim=0)
        self._totals.add("images", len(maps))
        moments.put_into(self._totals)
        if self.plan.views:
            kept = Tested(self.plan, maps, moments.varied).kept
            self._see(kept, first=first, again=again)

    def add(self, maps: Tensor, *, first: int, inputs: int) -> None:
        """Add the maps of some inputs, of which each has one or more, such as frames of a film.

        They are no independent replicates: each map counts as another look at its input. The real
        part of complex maps is added.

        Parameters
        ----------
        maps : Tensor, shape (B, C, *spatial)
            Any device and dtype; the maps of one input follow each other.
        first : int
            Index of the first input among all inputs of the run.
        inputs : int
            Number of inputs.
        """
        real = maps if maps.is_floating_point() else maps.real.float()
        each = max(len(maps) // inputs, 1)
        for index in range(each):
            self.update(real[index::each], first=first)

    def merge(self, other: MapStatistics) -> None:
        """Add the sums of another part of the same run.

        Raises
        ------
        ParameterError
            If the plans differ.
        """
        if self.plan != other.plan:
            raise ParameterError(
                "other was measured by another plan (crop, tiles, channels or count differ): "
                "only shards of one run can be merged"
            )
        for name, value in other.sums.items():
            self._totals.add(name, torch.from_numpy(value))

    def taken(self) -> dict[str, Sums]:
        """Return the sums so far, and begin again from zero: the next part of the inputs."""
        self._calls = (-1, 0)
        return self._complete().taken()

    def put(self, sums: Mapping[str, Sums]) -> None:
        """Take over the sums of all parts: what `taken` returned, added up.

        Raises
        ------
        ParameterError
            If they are of another plan: other names, shapes or types.
        """
        self._figure = None
        self._totals.put(sums)

    def to_dataset(self) -> xr.Dataset:
        """Return everything measured at one place of a model.

        Returns
        -------
        xarray.Dataset
            ``mean_log_spectrum`` and ``mean_power`` over ``fy, fx`` (dB and power over that of
            white noise of the same variance; ``fx`` or ``fz, fy, fx`` for other maps),
            ``azimuthal_power`` and ``azimuthal_sd`` over ``f``, ``phase_mean`` (the mean of each
            polyphase component), moments, and the running sums of each lattice, whose names end
            in the number of its view. Frequencies in cycles/pixel of these maps.
        """
        sums = self.sums
        data = to_dataset(sums, self.plan, self.pairs)
        whole = whole_variables(sums, self.plan.shape)
        return data.assign(whole) if whole else data

    def _complete(self) -> Totals:
        """Return the totals with what loops have summed apart."""
        if self._figure is not None:
            self._figure.put_into(self._totals)
        return self._totals

    def _zero(self) -> dict[str, Sums]:
        whole = empty_whole(self.plan.shape) if self._whole else {}
        return empty_sums(self.plan, self.pairs) | whole

    def _add(self, maps: Tensor, *, first: int, again: int) -> Moments:
        """Add the spectra of some images; return their moments."""
        totals, plan = self._totals, self.plan
        compiled = loops(maps, values=plan.count * prod(plan.shape))
        if compiled is not None and self._drawn and len(plan.period) == AXES:
            self._figure = self._figure or LoopFigure.of(plan, compiled)
            moments = self._figure.add(maps)
        else:
            one_by_one = [self._figured(some) for some in _in_cache(maps, 0, chunk_bytes(maps))]
            moments = Moments.joined(one_by_one, dim=0)
        if plan.views:
            images = Tested(plan, maps, moments.varied, compiled)
            images.add_content(totals)
            cuts: dict[tuple[tuple[int, ...], ...], Tiles] = {}
            later = [view.reader.view.cut for view in self._views]
            for view in self._views:
                cut = later.pop(0)
                tiles = cuts.pop(cut, None) or images.tiles(view.reader)
                if cut in later:  # held no longer than it is needed
                    cuts[cut] = tiles
                view.add(
                    totals,
                    tiles,
                    images.kept,
                    first=first,
                    again=again,
                    tested=not self._energy_only,
                )
        return moments

    def _figured(self, maps: Tensor) -> Moments:
        """Add what a figure shows of images that stay in the cache; return their moments.

        Of images that are too large for it, a few channels at a time.
        """
        figure, parts = Figure(self.plan), []
        for channels in _in_cache(maps, 1, chunk_bytes(maps)):
            centred = Centred.of(without_margin(channels, self.plan))
            parts.append(Moments.of(centred, self.plan.period))
            if self._drawn:
                figure.add(centred)
        figure.put_into(self._totals)
        return Moments.joined(parts, dim=1)

    def _see(self, kept: Tensor, *, first: int, again: int) -> None:
        """Count the announced images that have had a map that counts, each once.

        The maps of one image come one after the other, so that those of the last update tell.
        """
        seen = kept.any(1)[: max(self.plan.count - first, 0)]
        before = self._seen if again and self._seen is not None else torch.zeros_like(seen)
        self._totals.add("images_seen", (seen & ~before).sum())
        self._seen = seen | before


def _in_cache(maps: Tensor, dim: int, most: int) -> tuple[Tensor, ...]:
    """Return parts of maps along a dimension, each of at most so many bytes where one fits."""
    length = max(most // (4 * maps.numel() // maps.shape[dim]), 1)
    length += -length % 3 if dim == 1 else 0  # logs are taken of products of three channels
    parts: tuple[Tensor, ...] = torch.split(maps, length, dim)
    return parts
