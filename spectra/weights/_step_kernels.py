"""What the weights of each step say by themselves, without any data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor, nn

from spectra import _walk as walk
from spectra import capture, kernel
from spectra._options import Progress
from spectra.kinds import FIXED_TAPS
from spectra.weights._effective import effective_weight
from spectra.weights._portraits import portrait
from spectra.weights._taps import is_complex, only_filters, shuffled, transposed

if TYPE_CHECKING:
    import xarray as xr


def measures_of_steps(
    model: nn.Module, found: capture.Discovery, *, progress: Progress | None = None
) -> tuple[kernel.Measures | None, ...]:
    """Return what the kernel of each step says by itself; None where it is not known.

    Known are those of transposed convolutions and of pixel shuffles that directly follow a
    convolution, as modules, and those of interpolations.

    Parameters
    ----------
    model : torch.nn.Module
        Left as it came.
    found : Discovery
        Its steps.
    progress : callable, optional
        Called with ("kernels", done, total).
    """
    kernels = _kernels(model, found)
    measured = []
    for number, one in enumerate(kernels):
        if progress is not None:
            progress("kernels", number, len(kernels))
        measured.append(None if one is None else kernel.measure(one))
    return tuple(measured)


def portraits_of_steps(model: nn.Module, found: capture.Discovery) -> tuple[xr.Dataset | None, ...]:
    """Return what the kernel of each step looks like, None where it is not known.

    Known are those that `measures_of_steps` measures; see `spectra.weights._portraits.portrait`.
    """
    return tuple(None if one is None else portrait(one) for one in _kernels(model, found))


def _kernels(model: nn.Module, found: capture.Discovery) -> list[kernel.Kernel | None]:
    """Return the kernel of each step; one of zeros makes nothing, of which nothing can be said."""
    modules = walk.modules_by_path(model)
    with capture.quiet(model):  # in training mode a spectral norm changes when its weight is read
        kernels = [_of_step(step, modules) for step in found.steps]
    return [one if one is not None and one.weight.any() else None for one in kernels]


def _of_step(step: capture.Step, modules: Mapping[str, nn.Module]) -> kernel.Kernel | None:
    """Return the kernel of a step, None where it is not known."""
    if step.kind in FIXED_TAPS:
        return kernel.interpolator(FIXED_TAPS[step.kind], step.factor) if step.factor else None
    convolution, module = step.convolution, modules.get(step.name)
    # A functional call is known by its step as well, and yet left out.
    known = walk.is_transposed(module) or isinstance(module, nn.PixelShuffle)
    if convolution is None or not known:
        return None
    if step.kind == "transposed_conv":
        weight = weight_of(convolution, modules)
        return None if weight.is_complex() else transposed(weight, convolution)
    conv = modules.get(convolution.module)
    if conv is None or not only_filters(conv) or is_complex(conv):
        return None
    return shuffled(conv, step.factor[0])


def weight_of(convolution: capture.Convolution, modules: Mapping[str, nn.Module]) -> Tensor:
    """Return the weight that a call of a convolution takes.

    Parameters
    ----------
    convolution : Convolution
        The call.
    modules : mapping of str to Module
        The modules of the model by their paths.
    """
    if convolution.weight is None:
        return effective_weight(modules[convolution.module])
    path, _, name = convolution.weight.rpartition(".")
    weight = modules[path]._parameters[name]
    assert weight is not None
    return weight
