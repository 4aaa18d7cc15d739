"""Running sums of streamed maps: constant memory, exact merging."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np
import torch

from spectra.errors import ParameterError
from spectra.spectrum._alike import phases
from spectra.spectrum._dataset import to_dataset
from spectra.spectrum._figure import add_figure
from spectra.spectrum._moments import add_moments, add_phases, standardised
from spectra.spectrum._periodogram import power, window
from spectra.spectrum._reader import BinValues, PairReader, without_margin
from spectra.spectrum._reductions import line_contrast, map_mean, squared, tile_mean
from spectra.spectrum._shared import MeanSpectra
from spectra.spectrum._sums import GROUPS, SLOTS, check_alike, empty_sums, to_numpy
from spectra.spectrum._whole import add_whole, empty_whole, whole_variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from numpy.typing import NDArray
    from torch import Tensor

    from spectra.spectrum._map_plan import MapPlan
    from spectra.spectrum._shared import Content
    from spectra.spectrum._sums import Sums

IMAGES_FOR_GROUPS = 6  # from which on a group is made of images; of tiles if there are fewer
CONSTANT = 1e-6  # standard deviation over mean, up to which a map counts as constant


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
    whole : bool
        Also keep what the recipes of two papers need of whole images, see `whole_variables`: one
        more transform of each.

    Attributes
    ----------
    sums : dict of ndarray
        Named running sums in double precision, real or complex; see `empty_sums` for their shapes.
        In netCDF files complex ones are split in two.
    """

    def __init__(
        self, plan: MapPlan, *, without: tuple[Content, ...] = (), whole: bool = False
    ) -> None:
        self.plan, self._without = plan, without
        self.readers = tuple(PairReader(plan, view) for view in plan.views)
        self.pairs = tuple(reader.pairs for reader in self.readers)
        self._whole = whole
        self.sums = self._zero()
        self._calls: tuple[int, int] = (-1, 0)  # first input of the last update, and how often
        self._seen = np.zeros(0, bool)  # which images of the last update have had a map that counts

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
        if "whole_maps" in self.sums:
            add_whole(self.sums, maps)
        inner = without_margin(maps.detach(), self.plan).to(torch.float32).contiguous()
        standard, mean, deviation = standardised(inner)
        finite = torch.isfinite(mean) & torch.isfinite(deviation)
        varied = finite & (deviation > CONSTANT * mean.abs())
        if not bool(varied.all()):
            standard[~varied] = 0.0
            mean, deviation = (torch.where(finite, v, 0.0) for v in (mean, deviation))
        add_moments(self.sums, varied, finite, mean=mean, deviation=deviation)
        add_phases(self.sums, self.plan.period, standard, mean=mean, deviation=deviation)
        add_figure(self.sums, self.plan, standard, varied)
        if not self.plan.views:
            return
        again = self._calls[1] + 1 if self._calls[0] == first else 0
        self._calls = (first, again)
        scored, kept = self._scored(maps.detach(), varied)
        self._add_content(scored, kept)
        self._see(kept, first=first, again=again)
        for number in range(len(self.plan.views)):
            self._add_view(number, scored, kept=kept, first=first, again=again)

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
            self.sums[name] = self.sums[name] + value

    def taken(self) -> dict[str, Sums]:
        """Return the sums so far, and begin again from zero: the next part of the inputs."""
        sums, self.sums, self._calls = self.sums, self._zero(), (-1, 0)
        return sums

    def put(self, sums: Mapping[str, Sums]) -> None:
        """Take over the sums of all parts: what `taken` returned, added up.

        Raises
        ------
        ParameterError
            If they are of another plan: other names, shapes or types.
        """
        check_alike(sums, self._zero())
        self.sums = dict(sums)

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
        whole = whole_variables(self.sums, self.plan.shape)
        return to_dataset(self).assign(whole) if whole else to_dataset(self)

    def _zero(self) -> dict[str, Sums]:
        whole = empty_whole(self.plan.shape) if self._whole else {}
        return empty_sums(self.plan, self.pairs) | whole

    def _scored(self, maps: Tensor, varied: Tensor) -> tuple[Tensor, Tensor]:
        """Return the tested channels and which of their maps count; the others become zero."""
        channels = list(self.plan.channels)
        scored, kept = maps.to(torch.float32), varied
        if len(channels) < maps.shape[1]:
            scored, kept = scored[:, channels], varied[:, channels]
        if not bool(kept.all()):
            of_map = (*kept.shape, *[1] * len(self.plan.period))
            scored = torch.where(kept.view(of_map), scored, 0.0)
        return scored, kept

    def _add_content(self, scored: Tensor, kept: Tensor) -> None:
        """Add the mean map."""
        plan, sums = self.plan, self.sums
        sums["content"] += to_numpy(
            window(scored, plan.margin, plan.content).sum(0, dtype=torch.float64)
        )
        sums["content_maps"] += to_numpy(kept).sum(0)

    def _see(self, kept: Tensor, *, first: int, again: int) -> None:
        """Count the announced images that have had a map that counts, each once.

        The maps of one image come one after the other, so that those of the last update tell.
        """
        seen = (to_numpy(kept.any(1)) > 0)[: max(self.plan.count - first, 0)]
        before = self._seen if again else np.zeros_like(seen)
        self.sums["images_seen"] += np.count_nonzero(seen & ~before)
        self._seen = seen | before

    def _add_view(self, number: int, scored: Tensor, kept: Tensor, first: int, again: int) -> None:
        """Add what energy and test need of one period: pairs, lines and cells of each block.

        Products are taken in double precision: what all maps share may be a thousand times what
        differs between them.
        """
        reader, pairs = self.readers[number], self.pairs[number]
        blocks = int(prod(reader.view.blocks))
        spectra, level = reader.spectra(scored)
        counted = kept.repeat_interleave(blocks, 0)
        for name, each in zip(("alike", "alike_maps"), phases(spectra, reader.view), strict=True):
            self.sums[f"{name}_{number}"] += to_numpy(each)
        if self._without:
            spectra, level = self._without[number].out_of(spectra, level, counted)
        values = BinValues(*[part.to(torch.complex128) for part in reader.read(spectra)])
        base, replica = values.base, values.replica
        of_pair, near_bin, near_pair = (
            torch.as_tensor(places, device=base.device)
            for places in (pairs.bin, pairs.near_bin, pairs.near_pair)
        )
        cross = torch.conj_physical(base).index_select(-1, of_pair) * replica
        leakage = torch.as_tensor(pairs.leakage).to(base)
        line = values.around @ leakage
        constant = (base[..., torch.as_tensor(pairs.middle, device=base.device)] @ leakage).real
        base_power, replica_power = squared(base), squared(replica)
        cells = reader.cell_coherence(cross, base_power, replica_power)
        marks = line_contrast(values.line, squared(values.beside))
        level = level.double()
        apart = level - map_mean(level, blocks)
        level_of_bin = level[..., None]
        # The tiles lost their own means. What differs between the means of one map is put back
        # into the total, with the product that the window's leakage makes of it and the content.
        of_group = {
            "total": reader.plane_power(power(spectra)) + apart * (apart + 2 * constant),
            "level": level,
            "level_square": level.square(),
            "base_power": base_power,
            "base": base,
            "replica": replica,
            "cross": cross,
            "base_level": base.index_select(-1, near_bin) * level_of_bin,
            "replica_level": replica.index_select(-1, near_pair) * level_of_bin,
            "line": line,
            "line_level": line * level_of_bin,
            "beside": values.beside[..., : pairs.steady],
        }
        # Whole images make the groups where there are enough, so that tiles of one image never sit
        # on both sides of a jackknife; tiles of a stitched picture come again with the same index.
        image = first + np.arange(len(counted)) // blocks
        order = (image + again) * blocks + np.arange(len(counted)) % blocks
        group = (image if self.plan.count >= IMAGES_FOR_GROUPS else order) % GROUPS
        slot = (image if blocks == 1 else order) % SLOTS
        self._add(f"blocks_{number}", group, counted)
        for name, each in of_group.items():
            self._add(f"{name}_{number}", group, tile_mean(each))
        self._add(f"cell_{number}", slot, cells.sum(2))
        self._add(f"mark_{number}", slot, marks.sum(2))
        for name, each in (("replica_power", replica_power), ("line_power", squared(values.line))):
            self.sums[f"{name}_{number}"] += to_numpy(tile_mean(each).sum(0))

    def _add(self, name: str, place: NDArray[np.int64], values: Tensor) -> None:
        """Add one value for each block to the sums of its group or slot."""
        sums, added = self.sums[name], to_numpy(values)
        if (np.diff(place) == 1).all():  # in place, without a copy of what was there
            sums[place[0] : place[-1] + 1] += added
        else:
            np.add.at(sums, place, added)
