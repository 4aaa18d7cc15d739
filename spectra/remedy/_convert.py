"""What upsamples now, as an LCTC that computes the same."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from spectra._names import times
from spectra.errors import ConversionError, ParameterError
from spectra.remedy._initialise import embedded, repeated_weight, sinc_weight
from spectra.remedy._lctc import LCTC
from spectra.remedy._names import Remedy, parse_remedy
from spectra.remedy._sizes import geometry
from spectra.remedy._source import Source, source_of
from spectra.weights import weight_norm_axis, with_weight_norm

Start = Literal["keep", "sinc", "icnr", "default"]
STARTS: tuple[str, ...] = get_args(Start)
LARGEST = 256  # taps at factor 2 up to which a size that fits is looked for


def convert(
    module: nn.Module,
    remedy: str = "lctc7",
    *,
    init: Start = "keep",
    channels: int | None = None,
    axes: int | None = None,
    like: Tensor | None = None,
) -> LCTC:
    """Return an LCTC in the place of an upsampling module.

    With ``init="keep"`` it computes what the module computes, borders included: to 1e-6 in
    float32, to 1e-12 in float64, relative to the output's scale.

    Parameters
    ----------
    module : Module
        ConvTranspose of one to three axes (any stride, padding, dilation, groups; an output
        that is not stride times the input stays as long as it is), PixelShuffle, Upsample
        (nearest, linear, bilinear, bicubic, trilinear; ``align_corners=False``; whole
        factors), a smaller LCTC, or a Sequential of a convolution and a PixelShuffle, if its
        bias is the same for all phases. Left as it is.
    remedy : str
        ``lctcK`` or ``lctcK+K2``; K taps at factor 2, the smallest odd size of at least
        K s / 2 at factor s. The parallel kernel starts at zero.
    init : {"keep", "sinc", "icnr", "default"}
        "sinc": the module's mean gain from channel to channel, spread by a windowed sinc at
        the module's delay; "icnr" and "default": random, as of `LCTC`.
    channels : int, optional
        Input channels, for PixelShuffle and Upsample.
    axes : int, optional
        Spatial axes, for ``Upsample(mode="nearest")``; 2 by default.
    like : Tensor, optional
        Gives dtype and device where the module has no weights.

    Returns
    -------
    LCTC
        In the module's dtype and mode, on its device, weight normalisation kept.

    Raises
    ------
    ConversionError
        If the module cannot be converted, or its kernel does not fit; the text says why and
        names the smallest size that fits.
    ParameterError
        If the remedy or the start is not known.

    Examples
    --------
    >>> layer = convert(nn.ConvTranspose2d(8, 4, 4, 2, padding=1), "lctc7+3")
    >>> layer.kernel_size, layer.small.kernel_size
    ((7, 7), (3, 3))
    """
    source = source_of(module, channels=channels, axes=axes, like=like)
    return like_module(lctc_from(source, parse_remedy(remedy), init=init), module)


def like_module(layer: LCTC, module: nn.Module) -> LCTC:
    """Give a layer the mode, the frozen weights and the weight normalisation of a module."""
    own = list(module.parameters())
    layer.requires_grad_(not own or any(parameter.requires_grad for parameter in own))
    axis = weight_norm_axis(module)
    if axis is not None:
        with_weight_norm(layer.large, axis)
    return layer.train(module.training)


def lctc_from(source: Source, remedy: Remedy, *, init: Start = "keep") -> LCTC:
    """Return an LCTC for a source; arguments as of `convert`.

    The generator of random numbers moves on only for random starts.
    """
    if remedy.family != "lctc":
        message = f"remedy={remedy.name!r} holds no weights of what was there: expected lctcK"
        raise ParameterError(message)
    if init not in STARTS:
        raise ParameterError(f"init={init!r}: expected one of {', '.join(STARTS)}")
    size, small = remedy.sizes(source.factor), remedy.small_sizes(source.factor)
    if init == "keep":
        check_fit(source, remedy)
    for taps in filter(None, (size, small)):
        _check_reach(source, remedy, taps)
    inputs, outputs = source.channels
    options = {"device": source.weight.device, "dtype": source.weight.dtype}
    with torch.random.fork_rng(devices=[], enabled=init in ("keep", "sinc")):
        layer = LCTC(
            inputs,
            outputs,
            size,
            small=small,
            factor=source.factor,
            groups=source.groups,
            bias=source.bias is not None,
            axes=source.axes,
            init="default",
            edge=_edge(source, size) if source.edge else 0,
            crop=source.crop or None,
            **options,  # type: ignore[arg-type]
        )
    _fill(layer, source, init)
    return layer


def check_fit(source: Source, remedy: Remedy) -> None:
    """Raise unless the taps of a source fit into a remedy's kernel; name the size that does."""
    if _fits(source, remedy.sizes(source.factor)):
        return
    candidates = (parse_remedy(f"lctc{k}") for k in range(3, LARGEST, 2))
    fitting = next((c.name for c in candidates if _fits(source, c.sizes(source.factor))), None)
    taps = times(source.size)
    kernel = times(remedy.sizes(source.factor))
    advice = f"{fitting} is the smallest that keeps it" if fitting else "no size keeps it"
    raise ConversionError(
        f"{remedy.name} has {kernel} taps at factor {max(source.factor)}, into which the {taps} "
        f"taps with padding {times(source.padding)} do not fit: {advice}"
    )


@torch.no_grad()
def _fill(layer: LCTC, source: Source, init: Start) -> None:
    weight, padding = layer.large.weight, _padding(layer.kernel_size, source.factor)
    if init == "keep":
        before = [p - q for p, q in zip(padding, source.padding, strict=True)]
        weight.copy_(embedded(source.weight, before, layer.kernel_size))
    elif init == "sinc":
        volume = torch.tensor(source.factor).prod().item()
        mixing = source.weight.flatten(2).sum(2) / volume
        weight.copy_(
            sinc_weight(mixing, layer.kernel_size, source.factor, padding, delay=source.centre)
        )
    elif init == "icnr":
        started = repeated_weight(
            *source.channels, layer.kernel_size, source.factor, padding, groups=source.groups
        )
        weight.copy_(started)
    if layer.small is not None and init != "default":
        nn.init.zeros_(layer.small.weight)
    if init in ("keep", "sinc") and source.bias is not None:
        assert layer.large.bias is not None
        layer.large.bias.copy_(source.bias)
        if layer.small is not None and layer.small.bias is not None:
            nn.init.zeros_(layer.small.bias)


def _fits(source: Source, size: tuple[int, ...]) -> bool:
    if any(k < s for k, s in zip(size, source.factor, strict=True)):
        return False
    places = zip(_padding(size, source.factor), source.padding, source.size, size, strict=True)
    return all(p >= q and p - q + k <= whole for p, q, k, whole in places) and _reaches(
        source, size
    )


def _reaches(source: Source, size: tuple[int, ...]) -> bool:
    """Tell whether a kernel reaches as far beyond the input as the source's output does."""
    pads = _padding(size, source.factor)
    return all(p + before >= 0 for p, (before, _) in zip(pads, source.crop, strict=False))


def _check_reach(source: Source, remedy: Remedy, size: tuple[int, ...]) -> None:
    if not _reaches(source, size):
        beyond = max(-before for before, _ in source.crop)
        raise ConversionError(
            f"its output begins {beyond} pixels before its input, and {remedy.name} has a kernel "
            f"of {size[0]} taps, which is too small for that: take more for each kernel"
        )


def _padding(size: tuple[int, ...], factor: tuple[int, ...]) -> tuple[int, ...]:
    return geometry(size, factor)[0]


def _edge(source: Source, size: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many pixels beyond the border a kernel of this size can see."""
    padding = _padding(size, source.factor)
    return tuple(
        0 if s == 1 and n == 1 else max((k - 1 - p) // s, (p + s - 1) // s)
        for k, p, s, n in zip(size, padding, source.factor, source.size, strict=True)
    )
