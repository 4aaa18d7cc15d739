"""What a swap put where: enough to do the same to a fresh model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec
from torch import nn

from spectra._printable import encode_json
from spectra.errors import ParameterError
from spectra.remedy._lctc import LCTC
from spectra.remedy._make import make_layer
from spectra.remedy._remedy import parse_remedy


@dataclass(frozen=True)
class Replacement:
    """One upsampling layer that was put into a model.

    Attributes
    ----------
    label : str
        Name of the step, as ``spectra analyze --list`` shows it.
    kind : str
        Kind of the step.
    owner : str
        Path of the module whose step it was: for a function the module that calls it; ``""``
        is the model.
    function : str or None
        The function whose call is substituted; None where a module was replaced.
    index : int or None
        Which of the owner's resizing calls in one forward pass, from 0.
    path : str
        Where the new layer is.
    remedy : str
        Name of the remedy that was asked for.
    in_channels, out_channels, groups : int
        Channels of the new layer, and its groups.
    factor, kernel_size, edge, crop : tuple
        Arguments of an LCTC, kernel_size in taps of its own.
    small : tuple of int or None
        Taps of its parallel kernel.
    bias : bool
        Whether its kernels have biases.
    weight_norm : int or None
        Axis of its weight normalisation, -1 for all.
    tied_to : str or None
        Path of the layer whose kernel it shares.
    notes : tuple of str
        What did not survive.
    """

    label: str
    kind: str
    owner: str
    function: str | None
    index: int | None
    path: str
    remedy: str
    in_channels: int
    out_channels: int
    groups: int
    factor: tuple[int, ...]
    kernel_size: tuple[int, ...] = ()
    small: tuple[int, ...] | None = None
    bias: bool = True
    edge: tuple[int, ...] = ()
    crop: tuple[tuple[int, int], ...] = ()
    weight_norm: int | None = None
    tied_to: str | None = None
    notes: tuple[str, ...] = ()

    def make(self) -> nn.Module:
        """Return the layer, with random weights."""
        if parse_remedy(self.remedy).family != "lctc":
            return make_layer(
                self.remedy,
                self.in_channels,
                self.out_channels,
                factor=self.factor,
                groups=self.groups,
            )
        return LCTC(
            self.in_channels,
            self.out_channels,
            self.kernel_size,
            small=self.small,
            factor=self.factor,
            groups=self.groups,
            bias=self.bias,
            axes=len(self.factor),
            edge=self.edge,
            crop=self.crop or None,
        )


@dataclass(frozen=True)
class Refusal:
    """A step that was left as it is, and why."""

    label: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What `swap` did, as JSON and back.

    Attributes
    ----------
    remedy, init, method : str
        What was given to `swap`.
    replaced : tuple of Replacement
        In order of execution.
    refused : tuple of Refusal
        Steps that were left as they are.
    spectra_version : str
        Version that made the plan.
    schema : str
        Form of the file.

    Examples
    --------
    >>> plan = Plan("lctc7", "keep", "forward", (), (), "0.1.0")
    >>> Plan.from_json(plan.to_json()) == plan
    True
    """

    remedy: str
    init: str
    method: str
    replaced: tuple[Replacement, ...]
    refused: tuple[Refusal, ...]
    spectra_version: str
    schema: Literal["spectra.plan/1"] = "spectra.plan/1"

    def to_json(self) -> str:
        """Return the plan as text."""
        return encode_json(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Plan:
        """Return the plan of a text that `to_json` gave.

        Raises
        ------
        ParameterError
            If it is no such text.
        """
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError as error:
            message = f"the text is no plan of a swap ({error}): expected what Plan.to_json gave"
            raise ParameterError(message) from error
