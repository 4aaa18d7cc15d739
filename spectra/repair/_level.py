"""Level the phases of a step where a grid stands: a start for a repair, in closed form."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra import _walk as walk
from spectra.capture import Discovery, forward
from spectra.remedy import LCTC
from spectra.repair._equalise import _phases
from spectra.weights import effective_weight, folded_norm, set_weight

if TYPE_CHECKING:
    from collections.abc import Iterable

FLOOR = 1e-3  # of the mean power of a channel, added to each


@dataclass(frozen=True, eq=False)
class Entering:
    """Second moments of what enters a layer.

    Attributes
    ----------
    everywhere, places : Tensor, shape (in, in)
        Over all pixels, and over those where a grid stands at the output.
    """

    everywhere: Tensor
    places: Tensor


def entering(
    model: nn.Module,
    found: Discovery,
    batches: Iterable[tuple[Tensor, Tensor]],
    layers: Iterable[nn.Module],
) -> dict[nn.Module, Entering]:
    """Return the moments of what enters some layers.

    Parameters
    ----------
    model : Module
        Left as it came, in evaluation mode.
    found : Discovery
        Its steps.
    batches : iterable of (Tensor, Tensor)
        Inputs, and the places at the output, (B, *spatial).
    layers : iterable of Module
    """
    moments: dict[nn.Module, tuple[Tensor, Tensor, float]] = {}
    weight = torch.zeros(())

    def add(module: nn.Module, args: tuple[Tensor, ...]) -> None:
        x = args[0].detach().double()
        if len(x) != len(weight):
            return  # frames or tiles side by side: whose place is whose is not known
        small = functional.interpolate(weight[:, None], size=x.shape[2:], mode="area")
        some = small.to(x).flatten(1).flatten()
        pixels = x.movedim(1, -1).flatten(0, -2)
        both, within, total = moments.get(module, (0.0, 0.0, 0.0))
        moments[module] = (
            both + pixels.mT @ pixels / len(pixels),
            within + (pixels * some[:, None]).mT @ pixels,
            total + float(some.sum()),
        )

    with ExitStack() as hooks, torch.no_grad():
        for layer in layers:
            hooks.enter_context(layer.register_forward_pre_hook(add))
        for x, weight in batches:  # noqa: B007 the hook reads it
            forward(model, x, found=found)
    return {m: Entering(a, b / n) for m, (a, b, n) in moments.items() if n > 0}


@torch.no_grad()
def level(layer: nn.Module, moments: Entering) -> bool:
    """Make all phases of a transposed convolution equally loud for what enters it in some places.

    Where a grid stands alone the features are nearly one vector v, times a number: the main
    direction of ``M_places``. Of all changes that give phase p the level y instead of ``y_p``, the
    one that changes least elsewhere, in the mean square of what enters, is

        dD_p = a (y - y_p),  a = M^-1 v / (v^T M^-1 v),

    spread over the taps of the phase. The level keeps the power of the phases, and the sign of
    their mean, so that a normalisation behind measures what it did.

    Parameters
    ----------
    layer : Module
        Changed in place.
    moments : Entering
        Of what enters it.

    Returns
    -------
    bool
        Whether it was changed: it has to be a plain transposed convolution without groups or
        dilation whose phases all have taps.
    """
    inner: Any = layer.large if isinstance(layer, LCTC) else layer
    if not _plain(inner):
        return False
    weight = effective_weight(inner)
    taps = weight.double()
    places = list(_phases(inner.stride, inner.padding))
    v = torch.linalg.eigh(moments.places)[1][:, -1]
    power = moments.everywhere
    floor = FLOOR * power.diagonal().mean() * torch.eye(len(power)).to(power)
    a = torch.linalg.solve(power + floor, v)
    a = a / (a @ v)
    levels = torch.stack([v @ taps[place].flatten(2).sum(2) for place in places])
    mean = levels.mean(0)
    wanted = mean.sign() * levels.square().mean(0).sqrt()
    for place, own in zip(places, levels, strict=True):
        of_phase = taps[place]
        change = a[:, None] * (wanted - own) / of_phase[0, 0].numel()
        of_phase += change.reshape(*change.shape, *[1] * (taps.ndim - 2))
    set_weight(inner, taps.to(weight.dtype))
    return True


def _plain(layer: Any) -> bool:
    """Tell whether a layer is a transposed convolution whose phases can be levelled."""
    return (
        walk.is_transposed(layer)
        and layer.groups == 1
        and set(layer.dilation) == {1}
        and all(k >= s for k, s in zip(layer.kernel_size, layer.stride, strict=True))
        and folded_norm(layer) is None
    )
