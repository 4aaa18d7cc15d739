"""Named recipes for the mean spectrum of any array of maps.

Two spectra can be compared only if window, normalisation, logarithm and the order of averaging
agree; papers differ in all of them. A recipe fixes them under a name, and the result says in
``attrs["caption"]`` what was done.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log, pi, prod, sqrt
from typing import Any, Literal, get_args

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from spectra._checks import check_positive
from spectra._names import place
from spectra.errors import ParameterError
from spectra.spectrum._azimuthal import DIMS, FREQUENCY, annuli, diagonal_slice, frequencies
from spectra.spectrum._dataset import full_plane, log_bias_db
from spectra.spectrum._maps import Source, centred, centred_chunks, check_maps, chunks
from spectra.spectrum._periodogram import hann, power, sum_of_logs

Recipe = Literal["spectra", "agnihotri2024", "park-kim2022", "stylegan3", "durall2020"]
RECIPES: tuple[str, ...] = get_args(Recipe)

FLOOR = 1e-12
CONSTANT = 1e-6
GRAY = (0.2989, 0.5870, 0.1140)


@dataclass(frozen=True)
class _Mean:
    """A mean over maps: values on the half plane, how many maps, how many were left out."""

    half: Tensor
    n: int
    left_out: int


def mean_log_spectrum(
    x: Any,
    *,
    recipe: Recipe = "spectra",
    spatial: int = 2,
    whitening: tuple[float, float] | None = None,
    interp: int = 1,
) -> xr.DataArray:
    """Return the mean logarithmic spectrum of maps, by a named recipe.

    Every axis of ``x`` before the spatial ones counts maps: samples and channels alike. The
    maps are read in chunks of 2 MiB, so that an array on disk (``np.load(..., mmap_mode="r")``)
    is never held in memory. Transforms run in float32, sums in float64.

    Parameters
    ----------
    x : Tensor, ndarray or DataArray of floats, shape (N, C, H, W), (C, H, W), (H, W), ...
        Maps. In ``durall2020`` the axis before ``H`` holds gray or RGB.
    recipe : str
        - ``spectra``: each map minus its mean, over its standard deviation, periodic Hann
          window, mean of 10 log10 of power, corrected for the bias of the log, in dB: white
          noise reads 0 dB at every frequency. Constant maps are left out and counted.
        - ``agnihotri2024``: mean of ln abs F, no window, no normalisation [1]_. The curve
          drawn there is `annulus_power`.
        - ``park-kim2022``: mean of ln(abs F + 1e-6) minus its value at DC, no window [2]_.
          The curve drawn there is `relative_log_amplitude`.
        - ``stylegan3``: whitened by one mean and standard deviation, symmetric Kaiser window
          (beta = 8, unit energy), 10 log10 of the mean power, in dB [3]_.
        - ``durall2020``: gray, mean over rings of 20 ln abs F, scaled to [0, 1] for each
          image, then averaged over images [4]_. Rings of one pixel about the pixel centre
          ``(N - 1) / 2``, the first and the last left out, as published. One-dimensional.
    spatial : int
        Number of spatial axes, the last ones of ``x``; 1 and 3 only with ``spectra``.
    whitening : tuple of float, optional
        Mean and standard deviation to whiten by, only with ``stylegan3``; by default those of
        ``x``, which is then read twice.
    interp : int
        Zero padding to ``interp`` times the side, only with ``stylegan3``: finer bins for a
        smoother picture, no more information.

    Returns
    -------
    DataArray, dims (fy, fx), of ``spatial=1`` (fx,), of ``spatial=3`` (fz, fy, fx)
        DC in the centre, coordinates in cycles/pixel in [-1/2, 1/2); of ``durall2020`` (f,).
        ``attrs``: ``recipe``, ``window``, ``units``, ``n`` (maps averaged) and ``caption``, a
        sentence for a paper's method section.

    Raises
    ------
    ParameterError
        If ``x`` is complex, integer, not finite or too small, or all maps are constant.

    References
    ----------
    .. [1] S. Agnihotri, J. Grabinski, M. Keuper, "Improving Feature Stability during
       Upsampling", ECCV 2024, fig. 1.
    .. [2] N. Park, S. Kim, "How Do Vision Transformers Work?", ICLR 2022, fig. 2.
    .. [3] T. Karras et al., "Alias-Free Generative Adversarial Networks", NeurIPS 2021, fig. 5.
    .. [4] R. Durall, M. Keuper, J. Keuper, "Watch your Up-Convolution", CVPR 2020, sec. 3.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(64, 3, 32, 32))
    >>> spectrum = mean_log_spectrum(noise)
    >>> spectrum.dims, spectrum.attrs["n"], abs(float(spectrum[3:12, 3:12].mean())) < 0.1
    (('fy', 'fx'), 192, True)
    """
    if recipe not in RECIPES:
        raise ParameterError(
            f"recipe={recipe!r} is not known: expected one of {', '.join(RECIPES)}"
        )
    if recipe != "spectra" and spatial != 2:
        raise ParameterError(f"spatial={spatial!r}: recipe {recipe!r} is defined for images only")
    if recipe != "stylegan3" and (whitening is not None or interp != 1):
        raise ParameterError(
            f"whitening and interp belong to recipe 'stylegan3', not to {recipe!r}"
        )
    source = check_maps(x, spatial)
    with torch.no_grad():
        if recipe == "spectra":
            return _spectra(source, spatial)
        if recipe == "agnihotri2024":
            return _agnihotri2024(source)
        if recipe == "park-kim2022":
            return _park_kim2022(source)
        if recipe == "stylegan3":
            return _stylegan3(source, whitening, check_positive("interp", interp))
        return _durall2020(source)


def relative_log_amplitude(x: Any) -> xr.DataArray:
    """Return the relative log amplitude of maps along the diagonal, as Park and Kim draw it.

    The second half of the diagonal of ``mean_log_spectrum(x, recipe="park-kim2022")``: ln
    amplitude minus that at DC, from DC up to but without (1/2, 1/2). That figure labels the
    last point 1.0 pi although it lies one bin below; here ``f`` is the true frequency.

    Parameters
    ----------
    x : Tensor, ndarray or DataArray of floats, shape (..., H, W)

    Returns
    -------
    DataArray, dims (f,)
        ``f`` in cycles/pixel along each axis: multiply by 2 for units of pi rad/pixel.
    """
    curve = diagonal_slice(mean_log_spectrum(x, recipe="park-kim2022"))
    return curve[curve.f.values < 0.5]


def annulus_power(x: Any, *, normalize: bool = True) -> xr.DataArray:
    """Return the power in rings of one cycle/image, the curve of recipe ``agnihotri2024``.

    Mean of abs F squared over maps, without window, mean removal or scaling; its mean over
    each ring ``k - 1/2 <= radius < k + 1/2``, times the ring's area ``2 pi k``.

    Parameters
    ----------
    x : Tensor, ndarray or DataArray of floats, shape (..., H, W)
    normalize : bool
        Divide by the first ring, as the published curves are.

    Returns
    -------
    DataArray, dims (f,)
        From one cycle/image to 1/2 cycles/pixel, with ``f`` in cycles/pixel and ``k`` in
        cycles/image (of the shorter side). The corners of the plane, (1/2, 1/2) among them,
        lie outside of all rings.
    """
    source = check_maps(x, 2)
    with torch.no_grad():
        mean = _mean(source, 2, lambda maps, _: (_sum_of_power(torch.fft.rfft2(maps)), len(maps)))
    shape = (source.shape[-2], source.shape[-1])
    rings = annuli(shape, layout="rfft", corners=True)
    k = np.arange(1, min(shape) // 2 + 1)
    values = rings.mean(mean.half.numpy(force=True))[k] * 2 * pi * k
    if normalize:
        values = values / values[0]
    caption = (
        f"Annulus-integrated power of {mean.n} maps of {_times(shape)} pixels: squared magnitude "
        "of the two-dimensional DFT without window, mean removal or normalisation, averaged over "
        "maps, then over rings one cycle/image wide, times the area of each ring"
        + (", divided by the first ring." if normalize else ".")
    )
    return xr.DataArray(
        values,
        dims="f",
        coords={"f": ("f", k / min(shape), FREQUENCY), "k": ("f", k, {"units": "cycles/image"})},
        name="annulus_power",
        attrs={
            "recipe": "agnihotri2024",
            "window": "none",
            "units": "1" if normalize else "(unit of x)^2",
            "n": mean.n,
            "caption": caption,
        },
    )


def _spectra(source: Source, spatial: int) -> xr.DataArray:
    """Return the project's own spectrum: white noise of any level is flat at 0 dB."""
    shape = tuple(source.shape[-spatial:])
    dims = tuple(range(-spatial, 0))

    def reduce(maps: Tensor, mean: Tensor) -> tuple[Tensor, int]:
        rms = torch.linalg.vector_norm(maps.flatten(1), dim=1) / sqrt(prod(shape))
        varied = rms > CONSTANT * mean.abs()
        if not bool(varied.all()):
            maps, rms = maps[varied], rms[varied]
        if len(maps) == 0:
            return maps.new_zeros((*shape[:-1], shape[-1] // 2 + 1)), 0
        scale = (1 / (rms * sqrt(prod(shape)))).reshape(-1, *(1,) * spatial)
        seen = maps.mul_(hann(shape, torch.float32, maps.device)).mul_(scale)
        return sum_of_logs(power(torch.fft.rfftn(seen, dim=dims)).add_(FLOOR)), len(maps)

    mean = _mean(source, spatial, reduce)
    if mean.n == 0:
        raise ParameterError(f"x holds {mean.left_out} maps, all of them constant")
    decibels = 10 / log(10) * _full_plane(mean.half, shape) + np.fft.fftshift(log_bias_db(shape))
    left_out = f" ({mean.left_out} constant maps left out)" if mean.left_out else ""
    caption = (
        f"Mean log-amplitude spectrum of {mean.n} maps of {_times(shape)} {place(spatial)}s"
        f"{left_out}: each map minus its mean, divided by its standard deviation, periodic Hann "
        "window of unit mean square; 10 log10(power + 1e-12) averaged over maps, plus 2.507 dB "
        "(5.517 dB at self-conjugate frequencies) against the bias of the logarithm, so that white "
        "noise reads 0 dB; frequencies in cycles/pixel, DC in the centre."
    )
    units = "dB re white noise of the map's variance"
    return _plane(
        decibels,
        recipe="spectra",
        window="periodic Hann",
        units=units,
        n=mean.n,
        left_out=mean.left_out,
        caption=caption,
    )


def _agnihotri2024(source: Source) -> xr.DataArray:
    """Return the mean of ln abs F."""
    mean = _mean(source, 2, lambda maps, dc: (_sum_of_log_amplitude(maps, dc, FLOOR), len(maps)))
    shape = (source.shape[-2], source.shape[-1])
    caption = (
        f"Mean log-amplitude spectrum of {mean.n} maps of {_times(shape)} pixels: natural "
        "logarithm of (magnitude + 1e-12) of the two-dimensional DFT without window, mean removal "
        "or normalisation, averaged over maps; frequencies in cycles/pixel, DC in the centre."
    )
    values = _full_plane(mean.half, shape)
    return _plane(
        values,
        recipe="agnihotri2024",
        window="none",
        units="ln amplitude",
        n=mean.n,
        caption=caption,
    )


def _park_kim2022(source: Source) -> xr.DataArray:
    """Return the mean of ln(abs F + 1e-6) minus its value at DC."""
    mean = _mean(source, 2, lambda maps, dc: (_sum_of_log_amplitude(maps, dc, 1e-6), len(maps)))
    shape = (source.shape[-2], source.shape[-1])
    caption = (
        f"Relative log amplitude of {mean.n} maps of {_times(shape)} pixels: natural "
        "logarithm of (magnitude + 1e-6) of the two-dimensional DFT without window or "
        "normalisation, averaged over maps, minus its value at DC; frequencies in cycles/pixel, "
        "DC in the centre."
    )
    values = _full_plane(mean.half, shape)
    return _plane(
        values - values[shape[0] // 2, shape[1] // 2],
        recipe="park-kim2022",
        window="none",
        units="ln amplitude re DC",
        n=mean.n,
        caption=caption,
    )


def _stylegan3(source: Source, whitening: tuple[float, float] | None, interp: int) -> xr.DataArray:
    """Return 10 log10 of the mean power of whitened maps through a Kaiser window."""
    shape = (source.shape[-2], source.shape[-1])
    offset, sd = whitening if whitening is not None else _moments(source)
    if not (sd > 0 and np.isfinite([offset, sd]).all()):
        message = f"whitening={(offset, sd)}: expected a finite mean and a deviation > 0"
        raise ParameterError(message)
    window = torch.ones((), dtype=torch.float64)
    for side in shape:
        one = torch.kaiser_window(side, periodic=False, beta=8, dtype=torch.float64)
        window = window[..., None] * one / one.square().sum().sqrt()
    padded = [interp * side for side in shape]

    def sum_of_power(maps: Tensor, mean: Tensor) -> tuple[Tensor, int]:
        level = (mean - offset).float().reshape(-1, 1, 1)
        seen = maps.add_(level).mul_((window / sd).to(maps))
        return _sum_of_power(torch.fft.rfft2(seen, s=padded)), len(maps)

    mean = _mean(source, 2, sum_of_power)
    decibels = 10 * np.log10(np.maximum(_full_plane(mean.half, tuple(padded)), 1e-30))
    caption = (
        f"Mean power spectrum of {mean.n} maps of {_times(shape)} pixels, whitened by one mean "
        f"({offset:.6g}) and standard deviation ({sd:.6g}), seen through a symmetric Kaiser window "
        f"(beta = 8, unit energy){f', zero-padded {interp} times' if interp > 1 else ''}: "
        "10 log10 of the mean squared magnitude of the two-dimensional DFT; frequencies in "
        "cycles/pixel, DC in the centre."
    )
    return _plane(
        decibels,
        recipe="stylegan3",
        window="symmetric Kaiser, beta 8",
        units="dB re white noise of the dataset's variance",
        n=mean.n,
        whitening_mean=offset,
        whitening_sd=sd,
        interp=interp,
        caption=caption,
    )


def _durall2020(source: Source) -> xr.DataArray:
    """Return the mean over images of min-max scaled ring means of 20 ln abs F."""
    height, width = source.shape[-2:]
    if height != width:
        message = f"x has images of {height} x {width}: recipe 'durall2020' is defined for squares"
        raise ParameterError(message)
    channels = 1 if source.ndim == 2 else source.shape[-3]
    if channels not in (1, 3):
        message = f"x has {channels} channels: recipe 'durall2020' takes gray (1) or RGB (3) images"
        raise ParameterError(message)
    pixel = np.arange(width) - (width - 1) / 2
    ring = np.hypot(pixel[:, None], pixel).astype(np.intp).ravel()
    counts = np.bincount(ring)
    total = np.zeros(counts.size - 2)
    n = 0
    for images in chunks(source, min(source.ndim, 3)):
        gray = images.reshape(-1, channels, height, width)
        gray = torch.einsum("bchw,c->bhw", gray, gray.new_tensor(GRAY if channels == 3 else (1.0,)))
        maps, mean = centred(gray, 2)
        half = torch.fft.rfft2(maps)
        half[:, 0, 0] = (mean * width * height).float()
        logs = 20 * (half + 1e-8).abs().log().double()
        for image in logs:
            plane = _full_plane(image, (height, width)).ravel()
            profile = (np.bincount(ring, plane) / counts)[1:-1]
            low, high = profile.min(), profile.max()
            if high == low:
                raise ParameterError("x holds an image of flat spectrum: no scaling to [0, 1]")
            total += (profile - low) / (high - low)
            n += 1
    caption = (
        f"Azimuthal average of 20 ln |F| of {n} gray images of {width} x {width} pixels (F: "
        "two-dimensional DFT without window, plus 1e-8; rings one pixel wide about the pixel "
        "centre (N - 1)/2, the first and the last left out), scaled to [0, 1] for each image, then "
        "averaged over images."
    )
    return xr.DataArray(
        total / n,
        dims="f",
        coords={"f": ("f", (np.arange(1, counts.size - 1) + 0.5) / width, FREQUENCY)},
        name="mean_log_spectrum",
        attrs={
            "recipe": "durall2020",
            "window": "none",
            "units": "1 (each image from 0 to 1)",
            "n": n,
            "caption": caption,
        },
    )


def _mean(
    source: Source, spatial: int, summed: Callable[[Tensor, Tensor], tuple[Tensor, int]]
) -> _Mean:
    """Return the mean over maps of what ``summed`` adds up over a chunk.

    ``summed`` gets centred maps, which it may overwrite, and their means; it returns a sum on
    the half plane and the number of maps in it. A chunk is summed in single precision, chunks
    in double.
    """
    total: Tensor | None = None
    n = seen = 0
    for maps, mean in centred_chunks(source, spatial):
        part, used = summed(maps, mean)
        total = part.double() if total is None else total.add_(part)
        n += used
        seen += len(maps)
    assert total is not None  # check_maps saw at least one map
    return _Mean(total / max(n, 1), n, seen - n)


def _sum_of_power(spectra: Tensor) -> Tensor:
    """Return the sum of squared magnitudes over maps; the spectra are overwritten."""
    squares = torch.view_as_real(spectra).square_().sum(0)
    return squares[..., 0] + squares[..., 1]


def _sum_of_log_amplitude(maps: Tensor, mean: Tensor, floor: float) -> Tensor:
    """Return the sum over maps of ln(abs F + floor), with the DC that the means hold."""
    amplitude = power(torch.fft.rfft2(maps)).sqrt_()
    amplitude[:, 0, 0] = (mean.abs() * prod(maps.shape[-2:])).float()
    return amplitude.add_(floor).log_().sum(0)


def _moments(source: Source) -> tuple[float, float]:
    """Return mean and standard deviation over all values, of any offset exactly."""
    count, mean, squares = 0, 0.0, 0.0
    for maps, means in centred_chunks(source, 2):
        level = float(means.mean())
        inside = float(torch.linalg.vector_norm(maps.flatten(1), dim=1).double().square().sum())
        between = float((means - level).square().sum()) * maps[0].numel()
        size = maps.numel()
        apart = (level - mean) ** 2 * count * size / (count + size)
        squares += inside + between + apart
        mean += (level - mean) * size / (count + size)
        count += size
    return mean, sqrt(squares / count)


def _full_plane(half: Tensor, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return a mirror-symmetric map, DC in the centre, from the half that ``rfftn`` gives."""
    return np.fft.fftshift(full_plane(half.numpy(force=True), shape[-1]))


def _plane(values: NDArray[np.float64], **attrs: Any) -> xr.DataArray:
    dims = DIMS[values.ndim]
    coords = {
        dim: (dim, frequencies(side), FREQUENCY)
        for dim, side in zip(dims, values.shape, strict=True)
    }
    return xr.DataArray(values, coords, dims, name="mean_log_spectrum", attrs=attrs)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(side) for side in shape)
