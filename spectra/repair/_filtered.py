"""A layer behind a model that takes the grid out of its output, found without any training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from spectra._text import brief
from spectra.errors import ConversionError, LoadError
from spectra.probe import PhaseFilter
from spectra.repair._aim import EQUAL, Aim, Period, Seen, kinds_of_grid
from spectra.repair._calm import calmed_by_mean
from spectra.repair._cure import SHARPNESS_DB
from spectra.repair._fine import sharpness_db

SCHEMA = "spectra.filter/1"
TOO_SOFT = (
    "the outputs share no grid, and where it stands in places the mean over its period calms none, "
    f"or takes more than {SHARPNESS_DB} dB of all detail along"
)


class Filtered(nn.Module):
    """A model with a layer behind it that takes out the grid which all its outputs share.

    What upsampling leaves of an output's base band is one filter for each phase of the grid
    (`spectra.probe.PhaseFilter`): the layer subtracts just that. Where local lines of a grid's
    amplitude are left, the mean over one period takes their place. Weights are the model's own, and
    inputs may be of any size.

    Parameters
    ----------
    model : Module
        What returns one tensor, shape (B, C, *spatial).
    filters : sequence of PhaseFilter
        Each sees what the ones before it left.
    calmed : tuple of (periods, span), optional
        Periods of the grids that stand in places, and black and white, as
        `spectra.severity.grid_weight` takes them.

    Examples
    --------
    >>> import torch
    >>> taps = torch.tensor([[[0.1, -0.1], [0.0, 0.0]]])  # a constant grid of period 2
    >>> net = Filtered(nn.Identity(), [PhaseFilter(taps, torch.zeros(1))])
    >>> [round(v, 1) for v in net(torch.zeros(1, 1, 24))[0, 0, :4].tolist()]
    [-0.1, 0.1, -0.1, 0.1]
    """

    def __init__(
        self,
        model: nn.Module,
        filters: Sequence[PhaseFilter],
        *,
        calmed: tuple[Sequence[Period], tuple[float, float]] | None = None,
    ) -> None:
        super().__init__()
        self.model, self.filters, self.calmed = model, nn.ModuleList(filters), calmed

    @classmethod
    def of(cls, model: nn.Module, aim: Aim) -> Filtered:
        """Return a model with the layer that makes an aim of its outputs, see `find_layer`."""
        filters = () if aim.average is None else aim.average.filters
        calmed = (aim.periods, aim.span) if aim.calm == "mean" else None
        return cls(model, filters, calmed=calmed)

    @classmethod
    def load(cls, model: nn.Module, path: str | PathLike[str]) -> Filtered:
        """Return a model with the layer that a file holds.

        Raises
        ------
        LoadError
            If the file holds none.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "pt") as file:
                held = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError) as error:
            raise LoadError(f"{path} is no layer of a repair: {brief(error)}") from error
        if held.get("schema") != SCHEMA:
            raise LoadError(f"{path} is no layer of a repair: expected {SCHEMA}")
        places = range(len(tensors) // 2)
        try:
            filters = [PhaseFilter(tensors[f"{i}.taps"], tensors[f"{i}.level"]) for i in places]
            calmed = json.loads(held["calmed"])
            if calmed is not None:
                calmed = [tuple(period) for period in calmed["periods"]], tuple(calmed["span"])
        except (KeyError, TypeError, ValueError) as error:
            raise LoadError(f"{path} is no layer of a repair: {brief(error)}") from error
        return cls(model, filters, calmed=calmed)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the layer, without the model, to a safetensors file."""
        from safetensors.torch import save

        tensors = {name: value.cpu() for name, value in self.filters.state_dict().items()}
        metadata = {"schema": SCHEMA, "calmed": json.dumps(self.facts()["calmed"])}
        Path(path).write_bytes(save(tensors, metadata))

    def facts(self) -> dict[str, Any]:
        """Return what the layer does, as plain values."""
        calmed = None
        if self.calmed is not None:
            periods, span = self.calmed
            calmed = {"periods": [list(p) for p in periods], "span": list(span)}
        return {"periods": [list(f.period) for f in self._filters()], "calmed": calmed}

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        """Return the output without its grid."""
        return self.without_grid(self.model(*args, **kwargs))

    def without_grid(self, maps: Tensor) -> Tensor:
        """Return outputs of the model, shape (B, C, *spatial), without their grid."""
        for phase_filter in self._filters():
            maps = maps - phase_filter(maps)
        if self.calmed is None:
            return maps
        periods, span = self.calmed
        return calmed_by_mean(maps, periods, span=span)[0]

    def _filters(self) -> list[PhaseFilter]:
        return [each for each in self.filters if isinstance(each, PhaseFilter)]


def find_layer(
    old: Tensor,
    periods: Sequence[Period],
    *,
    span: tuple[float, float],
    turned: Tensor | None = None,
    seed: int = 0,
) -> Aim:
    """Find out what a layer behind a model can take out of its outputs, from some of them.

    That is all that they share; where a grid stands in places the mean over one period takes its
    place, if the worst one is calmer by that by 2 grey levels, and detail everywhere, places
    included, loses no more than a repair may. Where both together lose more, that mean stands
    alone: what all share is then mostly what stands in places.

    Parameters
    ----------
    old, periods, span, turned, seed
        As `find_aim` takes them.

    Raises
    ------
    ConversionError
        If there is no grid in these outputs.
    """
    average, places = kinds_of_grid(old, periods, span=span, turned=turned, seed=seed)
    seen = Seen(old, places, places.weight, periods=tuple(periods), span=span)
    rests = {False: old}
    if average is not None:
        rests = {True: average.without(old, range(len(old))), **rests}
    tried, able = [seen.tried(old, False, "none")], []
    for shared, rest in rests.items():
        if shared:
            tried.append(seen.tried(rest, True, "none"))
            able.append(tried[-1])
        if places.outputs:
            calmed, _ = calmed_by_mean(rest, periods, span=span)
            tried.append(seen.tried(calmed, shared, "mean"))
            calmer = tried[-1].worst < tried[0].worst - EQUAL
            if calmer and (sharpness_db(calmed, old, periods) or 0.0) >= -SHARPNESS_DB:
                able.append(tried[-1])
    if not able:
        raise ConversionError(TOO_SOFT)
    least = min(way.worst for way in able) + EQUAL
    chosen = next(way for way in able if way.worst <= least)
    return Aim(
        tuple(periods),
        span,
        average=average if chosen.average else None,
        calm=chosen.calm,
        tried=tuple(tried),
    )
