"""Mean spectra as four papers draw them, each with its own window, scale and average."""

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from spectra.errors import ParameterError
from spectra.spectrum._azimuthal import FREQUENCY
from spectra.spectrum._maps import Source, centred, chunks
from spectra.spectrum._mean import (
    Mean,
    mean_over_maps,
    mirrored,
    moments,
    plane,
    sum_of_log_amplitude,
    sum_of_power,
    times,
)

FLOORS = {"agnihotri2024": 1e-12, "park-kim2022": 1e-6}  # added to amplitudes before the log
GRAY = (0.2989, 0.5870, 0.1140)


def agnihotri2024(source: Source) -> xr.DataArray:
    """Return the mean of ln abs F."""
    mean = _mean_log_amplitude(source, "agnihotri2024")
    return agnihotri2024_plane(mean.half, (source.shape[-2], source.shape[-1]), mean.n)


def park_kim2022(source: Source) -> xr.DataArray:
    """Return the mean of ln(abs F + 1e-6) minus its value at DC."""
    mean = _mean_log_amplitude(source, "park-kim2022")
    return park_kim2022_plane(mean.half, (source.shape[-2], source.shape[-1]), mean.n)


def _mean_log_amplitude(source: Source, recipe: str) -> Mean:
    floor = FLOORS[recipe]
    return mean_over_maps(
        source, 2, lambda maps, dc: (sum_of_log_amplitude(maps, dc, floor), len(maps))
    )


def agnihotri2024_plane(half: Tensor, shape: tuple[int, int], n: int) -> xr.DataArray:
    """Return the mean over ``n`` maps of ln(abs F + 1e-12), from its half plane, labelled."""
    caption = (
        f"Mean log-amplitude spectrum of {n} maps of {times(shape)} pixels: natural "
        "logarithm of (magnitude + 1e-12) of the two-dimensional DFT without window, mean removal "
        "or normalisation, averaged over maps; frequencies in cycles/pixel, DC in the centre."
    )
    return plane(
        mirrored(half, shape),
        recipe="agnihotri2024",
        window="none",
        units="ln amplitude",
        n=n,
        caption=caption,
    )


def park_kim2022_plane(half: Tensor, shape: tuple[int, int], n: int) -> xr.DataArray:
    """Return the mean over ``n`` maps of ln(abs F + 1e-6), minus its value at DC, labelled."""
    caption = (
        f"Relative log amplitude of {n} maps of {times(shape)} pixels: natural "
        "logarithm of (magnitude + 1e-6) of the two-dimensional DFT without window or "
        "normalisation, averaged over maps, minus its value at DC; frequencies in cycles/pixel, "
        "DC in the centre."
    )
    values = mirrored(half, shape)
    return plane(
        values - values[shape[0] // 2, shape[1] // 2],
        recipe="park-kim2022",
        window="none",
        units="ln amplitude re DC",
        n=n,
        caption=caption,
    )


def stylegan3(source: Source, whitening: tuple[float, float] | None, interp: int) -> xr.DataArray:
    """Return 10 log10 of the mean power of whitened maps through a Kaiser window."""
    shape = (source.shape[-2], source.shape[-1])
    offset, sd = whitening if whitening is not None else moments(source)
    if not (sd > 0 and np.isfinite([offset, sd]).all()):
        message = f"whitening={(offset, sd)}: expected a finite mean and a deviation > 0"
        raise ParameterError(message)
    window = torch.ones((), dtype=torch.float64)
    for side in shape:
        one = torch.kaiser_window(side, periodic=False, beta=8, dtype=torch.float64)
        window = window[..., None] * one / one.square().sum().sqrt()
    padded = [interp * side for side in shape]

    def seen_through_window(maps: Tensor, mean: Tensor) -> tuple[Tensor, int]:
        level = (mean - offset).float().reshape(-1, 1, 1)
        seen = maps.add_(level).mul_((window / sd).to(maps))
        return sum_of_power(torch.fft.rfft2(seen, s=padded)), len(maps)

    mean = mean_over_maps(source, 2, seen_through_window)
    decibels = 10 * np.log10(np.maximum(mirrored(mean.half, tuple(padded)), 1e-30))
    caption = (
        f"Mean power spectrum of {mean.n} maps of {times(shape)} pixels, whitened by one mean "
        f"({offset:.6g}) and standard deviation ({sd:.6g}), seen through a symmetric Kaiser window "
        f"(beta = 8, unit energy){f', zero-padded {interp} times' if interp > 1 else ''}: "
        "10 log10 of the mean squared magnitude of the two-dimensional DFT; frequencies in "
        "cycles/pixel, DC in the centre."
    )
    return plane(
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


def durall2020(source: Source) -> xr.DataArray:
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
        half[:, 0, 0] = (mean * width * height).float()  # `centred` took DC out, the log needs it
        logs = 20 * (half + 1e-8).abs().log().double()
        for image in logs:
            whole = mirrored(image, (height, width)).ravel()
            profile = (np.bincount(ring, whole) / counts)[1:-1]
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
