"""Which layers a network upsamples with: the published ones, or others by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import gcd
from typing import Any, TypeAlias, get_args

import torch
from torch import nn

from spectra import _walk as walk
from spectra._text import brief
from spectra.errors import ParameterError
from spectra.remedy import make_layer, parse_remedy
from spectra.remedy._lctc import Init

Upsampler: TypeAlias = str | Callable[[int, int, int], nn.Module]
"""A name, or a function of input channels, output channels and factor that makes a layer."""

PUBLISHED = "published"
PROBED = 4  # side of the map that a layer of the caller's is tried on


@dataclass(frozen=True)
class Upsampling:
    """How a network makes the layers that enlarge its maps.

    Attributes
    ----------
    upsampler : str or callable
        ``"published"``, a name of `spectra.remedy.make_layer`, or a function of input channels,
        output channels and factor that returns a module of exactly ``factor`` times its input.
    grouped : bool or None
        True: as many groups as divide both channel counts; False: dense; None: as the authors
        of LCTC had it, where kernels of more than two taps are grouped and all else is dense.
    start : {"default", "sinc", "icnr"}
        Start of the weights of transposed kernels that were asked for by name.

    Raises
    ------
    ParameterError
        If a value is none of these, or does not belong to the upsampler.
    """

    upsampler: Upsampler = PUBLISHED
    grouped: bool | None = None
    start: Init = "default"

    def __post_init__(self) -> None:
        """Refuse what no layer can be made of, before a large network is built."""
        if self.grouped not in (None, True, False):
            raise ParameterError(f"grouped={self.grouped!r}: expected True, False or None")
        if self.start not in get_args(Init):
            expected = ", ".join(get_args(Init))
            raise ParameterError(f"start={self.start!r}: expected one of {expected}")
        if isinstance(self.upsampler, str):
            self._check_name(self.upsampler)
        elif not callable(self.upsampler):
            raise ParameterError(
                f"upsampler={self.upsampler!r}: expected 'published', a name such as 'lctc7+3', "
                "or a function of input channels, output channels and factor"
            )
        elif self.grouped is not None or self.start != "default":
            raise ParameterError(
                f"grouped={self.grouped!r} and start={self.start!r} are for an upsampler that is "
                "named: expected None and 'default' beside a function of your own"
            )

    def layer(
        self, inputs: int, outputs: int, factor: int, *, published: Callable[[int], nn.Module]
    ) -> nn.Module:
        """Return a fresh layer.

        Parameters
        ----------
        inputs, outputs : int
            Channels of the map before and after.
        factor : int
            Upsampling factor of both axes.
        published : callable
            Makes the published layer with a number of groups.
        """
        if not isinstance(self.upsampler, str):
            return _checked(
                _called(self.upsampler, inputs, outputs, factor), inputs, outputs, factor
            )
        groups = gcd(inputs, outputs) if self._is_grouped() else 1
        if self.upsampler == PUBLISHED:
            return published(groups)
        return make_layer(
            self.upsampler,
            inputs,
            outputs,
            factor=(factor, factor),
            groups=groups,
            init=self.start,
        )

    def _is_grouped(self) -> bool:
        if self.grouped is not None or self.upsampler == PUBLISHED:
            return bool(self.grouped)
        assert isinstance(self.upsampler, str)
        remedy = parse_remedy(self.upsampler)
        return remedy.family == "lctc" and remedy.size > 2

    def _check_name(self, name: str) -> None:
        try:
            transposed = name != PUBLISHED and parse_remedy(name).family == "lctc"
        except ParameterError as error:
            expected = str(error).partition(": ")[2]
            raise ParameterError(f"upsampler={name!r}: {expected}, or 'published'") from error
        if self.start != "default" and not transposed:
            raise ParameterError(
                f"start={self.start!r} is for transposed kernels by name: expected upsampler="
                f"'lctc7+3' or the like, not {name!r}"
            )


def published_shuffle(inputs: int, outputs: int, size: int) -> Callable[[int], nn.Sequential]:
    """Return what makes a convolution without bias and a pixel shuffle by 2."""

    def make(groups: int) -> nn.Sequential:
        conv = nn.Conv2d(inputs, 4 * outputs, size, padding=size // 2, groups=groups, bias=False)
        return nn.Sequential(conv, nn.PixelShuffle(2))

    return make


def published_transposed(inputs: int, outputs: int, factor: int) -> Callable[[int], nn.Module]:
    """Return what makes a transposed convolution whose taps do not overlap."""

    def make(groups: int) -> nn.Module:
        return nn.ConvTranspose2d(inputs, outputs, factor, stride=factor, groups=groups)

    return make


def _called(make: Callable[[int, int, int], nn.Module], *sizes: int) -> object:
    try:
        return make(*sizes)
    except TypeError as error:
        raise ParameterError(
            f"upsampler{sizes} raised {brief(error)}: expected a function of input channels, "
            "output channels and factor"
        ) from error


def _checked(made: Any, inputs: int, outputs: int, factor: int) -> nn.Module:
    """Return the caller's layer if it makes exactly ``factor`` times its input."""
    call = f"upsampler({inputs}, {outputs}, {factor})"
    if not isinstance(made, nn.Module):
        raise ParameterError(f"{call} returned a {type(made).__name__}: expected a module")
    weight = next(walk.parameters(made), None)
    device = None if weight is None else weight.device
    training = made.training
    with torch.no_grad():
        y = made.eval()(torch.zeros(1, inputs, PROBED, PROBED, device=device))
    made.train(training)
    expected = (1, outputs, PROBED * factor, PROBED * factor)
    if tuple(y.shape) != expected:
        raise ParameterError(
            f"{call} turned (1, {inputs}, {PROBED}, {PROBED}) into {tuple(y.shape)}: expected "
            f"{expected}"
        )
    return made
