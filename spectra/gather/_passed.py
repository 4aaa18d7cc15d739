"""What one pass of all inputs through a model has left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr
    from torch import Tensor

    from spectra.capture import Discovery
    from spectra.inputs import Dropped, Inputs
    from spectra.spectrum import MapPlan


@dataclass(frozen=True)
class Place:
    """One place of the model that maps streamed through.

    Attributes
    ----------
    plan : MapPlan
        How its maps were cut.
    data : xarray.Dataset
        Their running sums as labelled arrays, see `spectra.spectrum.MapStatistics.to_dataset`;
        without the content that all maps share, where they do.
    whole : xarray.Dataset or None
        The same with that content, where it was taken out.
    """

    plan: MapPlan
    data: xr.Dataset = field(repr=False)
    whole: xr.Dataset | None = field(default=None, repr=False)


PROBED = 2  # inputs that the causal probes run on


@dataclass(frozen=True, eq=False)
class Few:
    """The first inputs, and what the model made of them and some more.

    Attributes
    ----------
    looked_at : Tensor, shape (B, C, *spatial)
        The first eight inputs, or fewer where they are large: a copy, so that no model has written
        into it.
    outputs : Tensor, shape (maps, C, *spatial), or None
        The maps that came out of the first 32 inputs, of fewer where they are large; None
        where the output is no map.
    shown : int
        How many inputs these outputs are of.
    """

    looked_at: Tensor
    outputs: Tensor | None
    shown: int = 0

    @property
    def inputs(self) -> Tensor:
        """The first two, which causal probes run on."""
        return self.looked_at[:PROBED]


@dataclass(frozen=True, eq=False)
class Passed:
    """What all inputs have left on their way through a model.

    Attributes
    ----------
    found : Discovery
        The model's steps, and how its inputs ran: perhaps one at a time.
    steps : tuple of Place
        One for each step.
    output : Place
        The model's output.
    input : Place or None
        The inputs themselves; None where they are no maps.
    layers : mapping of str to Place
        Modules whose outputs were asked for.
    few : Few or None
        What the probes run on and what is looked at; None without inputs.
    level : Tensor of shape (C,), or None
        Mean of the inputs; None without any.
    output_rms : float or None
        Root mean square of the output's values; None where none was measured.
    forward_s : float
        Seconds spent in forward passes, measuring apart.
    variables : tuple of Place
        Each channel of the output by itself, weighted by area, where the channels are variables
        with names.
    ran : int
        How many inputs ran.
    dropped : tuple of Dropped
        Inputs that turned out to be of no use on the way.
    """

    found: Discovery
    steps: tuple[Place, ...]
    output: Place
    input: Place | None
    layers: Mapping[str, Place] = field(default_factory=dict)
    few: Few | None = None
    level: Tensor | None = None
    output_rms: float | None = None
    forward_s: float = 0.0
    variables: tuple[Place, ...] = ()
    ran: int = 0
    dropped: tuple[Dropped, ...] = ()

    def used_of(self, inputs: Inputs | None) -> Inputs | None:
        """Return the inputs with those counted that ran, and those listed that turned out bad."""
        if inputs is None or (self.ran == inputs.used and not self.dropped):
            return inputs
        return replace(inputs, used=self.ran, dropped=(*inputs.dropped, *self.dropped))
