"""What upsamples now, as an LCTC that computes the same."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from spectra._names import times
from spectra.errors import ConversionError, ParameterError
from spectra.remedy._initialise import embedded, repeated_weight, sinc_weight
from spectra.remedy._lctc import LCTC
from spectra.remedy._remedy import Remedy, parse_remedy
from spectra.remedy._sizes import geometry
from spectra.remedy._transposed_form import TransposedForm, transposed_form
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
    form = transposed_form(module, channels=channels, axes=axes, like=like)
    return like_module(lctc_from(form, parse_remedy(remedy), init=init), module)


def like_module(layer: LCTC, module: nn.Module) -> LCTC:
    """Give a layer the mode, the frozen weights and the weight normalisation of a module."""
    own = list(module.parameters())
    layer.requires_grad_(not own or any(parameter.requires_grad for parameter in own))
    axis = weight_norm_axis(module)
    if axis is not None:
        with_weight_norm(layer.large, axis)
    return layer.train(module.training)


def lctc_from(form: TransposedForm, remedy: Remedy, *, init: Start = "keep") -> LCTC:
    """Return an LCTC for a form; arguments as of `convert`.

    The generator of random numbers moves on only for random starts.
    """
    if remedy.family != "lctc":
        message = f"remedy={remedy.name!r} holds no weights of what was there: expected lctcK"
        raise ParameterError(message)
    if init not in STARTS:
        raise ParameterError(f"init={init!r}: expected one of {', '.join(STARTS)}")
    size, small = remedy.sizes(form.factor), remedy.small_sizes(form.factor)
    if init == "keep":
        check_fit(form, remedy)
    for taps in filter(None, (size, small)):
        _check_reach(form, remedy, taps)
    inputs, outputs = form.channels
    options = {"device": form.weight.device, "dtype": form.weight.dtype}
    with torch.random.fork_rng(devices=[], enabled=init in ("keep", "sinc")):
        layer = LCTC(
            inputs,
            outputs,
            size,
            small=small,
            factor=form.factor,
            groups=form.groups,
            bias=form.bias is not None,
            axes=form.axes,
            init="default",
            edge=_edge(form, size) if form.edge else 0,
            crop=form.crop or None,
            **options,  # type: ignore[arg-type]
        )
    _fill(layer, form, init)
    return layer


def check_fit(form: TransposedForm, remedy: Remedy) -> None:
    """Raise unless the taps of a form fit into a remedy's kernel; name the size that does."""
    if _fits(form, remedy.sizes(form.factor)):
        return
    candidates = (parse_remedy(f"lctc{k}") for k in range(3, LARGEST, 2))
    fitting = next((c.name for c in candidates if _fits(form, c.sizes(form.factor))), None)
    taps = times(form.size)
    kernel = times(remedy.sizes(form.factor))
    advice = f"{fitting} is the smallest that keeps it" if fitting else "no size keeps it"
    raise ConversionError(
        f"{remedy.name} has {kernel} taps at factor {max(form.factor)}, into which the {taps} "
        f"taps with padding {times(form.padding)} do not fit: {advice}"
    )


@torch.no_grad()
def _fill(layer: LCTC, form: TransposedForm, init: Start) -> None:
    weight, padding = layer.large.weight, _padding(layer.kernel_size, form.factor)
    if init == "keep":
        before = [p - q for p, q in zip(padding, form.padding, strict=True)]
        weight.copy_(embedded(form.weight, before, layer.kernel_size))
    elif init == "sinc":
        volume = torch.tensor(form.factor).prod().item()
        mixing = form.weight.flatten(2).sum(2) / volume
        weight.copy_(
            sinc_weight(mixing, layer.kernel_size, form.factor, padding, delay=form.centre)
        )
    elif init == "icnr":
        started = repeated_weight(
            *form.channels, layer.kernel_size, form.factor, padding, groups=form.groups
        )
        weight.copy_(started)
    if layer.small is not None and init != "default":
        nn.init.zeros_(layer.small.weight)
    if init in ("keep", "sinc") and form.bias is not None:
        assert layer.large.bias is not None
        layer.large.bias.copy_(form.bias)
        if layer.small is not None and layer.small.bias is not None:
            nn.init.zeros_(layer.small.bias)


def _fits(form: TransposedForm, size: tuple[int, ...]) -> bool:
    if any(k < s for k, s in zip(size, form.factor, strict=True)):
        return False
    places = zip(_padding(size, form.factor), form.padding, form.size, size, strict=True)
    return all(p >= q and p - q + k <= whole for p, q, k, whole in places) and _reaches(form, size)


def _reaches(form: TransposedForm, size: tuple[int, ...]) -> bool:
    """Tell whether a kernel reaches as far beyond the input as the form's output does."""
    pads = _padding(size, form.factor)
    return all(p + before >= 0 for p, (before, _) in zip(pads, form.crop, strict=False))


def _check_reach(form: TransposedForm, remedy: Remedy, size: tuple[int, ...]) -> None:
    if not _reaches(form, size):
        beyond = max(-before for before, _ in form.crop)
        raise ConversionError(
            f"its output begins {beyond} pixels before its input, and {remedy.name} has a kernel "
            f"of {size[0]} taps, which is too small for that: take more for each kernel"
        )


def _padding(size: tuple[int, ...], factor: tuple[int, ...]) -> tuple[int, ...]:
    return geometry(size, factor)[0]


def _edge(form: TransposedForm, size: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many pixels beyond the border a kernel of this size can see."""
    padding = _padding(size, form.factor)
    return tuple(
        0 if s == 1 and n == 1 else max((k - 1 - p) // s, (p + s - 1) // s)
        for k, p, s, n in zip(size, padding, form.factor, form.size, strict=True)
    )
