"""Coordinates of a layer's weights in which what enters the layer is white."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from spectra import _walk as walk

FLOOR = 1e-3  # of the mean power, added to each direction
SMALL = 1e-2  # of a parameter, by which it is changed to hear how loud it is
TINY = 1e-12
Moments = dict[nn.Module, Tensor]


class Coordinates:
    """One parameter, written as its start plus a linear map of coordinates that are free.

    Channels that enter a layer are alike: rectified features share their mean, the channels
    before a pixel shuffle are nearly one picture. A step of descent then changes levels by far
    more than the differences between phases, which are the grid. With ``M = E[x x^T]`` of the
    input channels, ``W = W_0 + M^(-1/2) V`` makes all directions of V equally loud.

    Parameters
    ----------
    parameter : Parameter
        Changed in place by `put`.
    layer : Module, optional
        The convolution whose weight it is; None for other parameters, whose coordinates are
        their own values.
    moment : Tensor, shape (groups, channel, channel), optional
        M of each group of the layer's input channels.

    Attributes
    ----------
    start : Tensor
        Value of the parameter where all coordinates are zero.
    unit : float
        By what coordinates are multiplied, see `equally_loud`.
    """

    def __init__(
        self, parameter: nn.Parameter, layer: nn.Module | None = None, moment: Tensor | None = None
    ) -> None:
        self.parameter = parameter
        self.values = torch.zeros_like(parameter, requires_grad=True)
        self.start = parameter.detach().clone()
        self.unit = 1.0
        self._transposed = walk.is_transposed(layer)
        self._root: Tensor | None = None
        if moment is not None:
            power, directions = torch.linalg.eigh(moment.double())
            floor = FLOOR * power.mean(-1, keepdim=True)
            scale = (power.clamp_min(0) + floor).clamp_min(1e-300).rsqrt()
            root = (directions * scale[:, None]) @ directions.transpose(-1, -2)
            self._root = root.to(parameter)

    @torch.no_grad()
    def put(self) -> None:
        """Write the parameter's value at the present coordinates."""
        self.parameter.copy_(self.start + self.unit * self._mapped(self.values))
        self.parameter.grad = None

    @torch.no_grad()
    def pull(self) -> None:
        """Turn the parameter's gradient into that of the coordinates."""
        gradient = self.parameter.grad
        assert gradient is not None
        self.values.grad = self.unit * self._mapped(gradient)  # the root is symmetric

    def _mapped(self, values: Tensor) -> Tensor:
        """Apply the root along the axis of input channels."""
        root = self._root
        if root is None:
            return values
        groups, channels = root.shape[:2]
        if self._transposed:  # (groups * channel, out / groups, *size)
            return (root @ values.reshape(groups, channels, -1)).reshape(values.shape)
        parted = values.reshape(groups, -1, channels, values[0, 0].numel())
        return (root[:, None] @ parted).reshape(values.shape)


def coordinates(layers: list[nn.Module], moments: Moments) -> list[Coordinates]:
    """Return coordinates for every parameter of some layers, each parameter once."""
    found: dict[int, Coordinates] = {}
    for module in [m for layer in layers for m in layer.modules()]:
        for name, parameter in module.named_parameters(recurse=False):
            if id(parameter) not in found:
                moment = moments.get(module) if name == "weight" else None
                found[id(parameter)] = Coordinates(parameter, module, moment)
    return list(found.values())


@torch.no_grad()
def equally_loud(free: list[Coordinates], run: Callable[[], Tensor], *, seed: int = 0) -> None:
    """Choose units in which a step along any parameter's coordinates changes the output alike.

    White coordinates of one layer are equally loud among each other, and those of a gain behind it
    may be a thousand times as loud. Each unit is one over the change by a small step in a random
    direction.

    Parameters
    ----------
    free : list of Coordinates
        Of all parameters, at zero.
    run : callable
        Returns the output at the parameters as they are.
    seed : int
        Of the directions.
    """
    generator = torch.Generator().manual_seed(seed)
    before = run()
    for c in free:
        direction = torch.randn(c.values.shape, generator=generator).to(c.values)
        direction /= direction.norm().clamp_min(TINY)
        change = c._mapped(direction).norm().clamp_min(TINY)
        step = SMALL * float(c.start.norm().clamp_min(SMALL) / change)
        c.values.data.copy_(step * direction)
        c.put()
        heard = float((run() - before).double().square().mean().sqrt())
        c.values.data.zero_()
        c.put()
        c.unit = step / heard if heard > 0 else 1.0


@contextmanager
def input_moments(layers: list[nn.Module]) -> Iterator[Moments]:
    """Add up ``x x^T`` of the input channels of all convolutions within some layers."""
    moments: Moments = {}

    def add(module: Any, args: tuple[Tensor, ...]) -> None:
        x = args[0].detach()
        grouped = x.reshape(len(x), module.groups, x.shape[1] // module.groups, -1).double()
        moment = (grouped @ grouped.transpose(-1, -2)).mean(0) / grouped.shape[-1]
        moments[module] = moments.get(module, 0) + moment

    with ExitStack() as hooks:
        for module in [m for layer in layers for m in layer.modules()]:
            if walk.is_convolution(module) or walk.is_transposed(module):
                hooks.enter_context(module.register_forward_pre_hook(add))
        yield moments
