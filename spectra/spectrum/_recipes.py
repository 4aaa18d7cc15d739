"""Named recipes for the mean spectrum of any array of maps.

Two spectra can be compared only if window, normalisation, logarithm and the order of averaging
agree; papers differ in all of them. A recipe fixes them under a name, and the result says in
``attrs["caption"]`` what was done.
"""

from math import log, prod, sqrt
from typing import Any, Literal, get_args

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from spectra._checks import check_positive
from spectra._names import place
from spectra.errors import ParameterError
from spectra.spectrum._compiled import AXES, loops, mean_of_logs
from spectra.spectrum._dataset import log_bias_db
from spectra.spectrum._maps import Source, check_maps
from spectra.spectrum._mean import mean_over_maps, mirrored, plane, times
from spectra.spectrum._periodogram import hann, power, sum_of_logs
from spectra.spectrum._published import agnihotri2024, durall2020, park_kim2022, stylegan3

Recipe = Literal["spectra", "agnihotri2024", "park-kim2022", "stylegan3", "durall2020"]
RECIPES: tuple[str, ...] = get_args(Recipe)

FLOOR = 1e-12
CONSTANT = 1e-6


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
          drawn there is `published_curve`.
        - ``park-kim2022``: mean of ln(abs F + 1e-6) minus its value at DC, no window [2]_.
          The curve drawn there is `published_curve`.
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
            return agnihotri2024(source)
        if recipe == "park-kim2022":
            return park_kim2022(source)
        if recipe == "stylegan3":
            return stylegan3(source, whitening, check_positive("interp", interp))
        return durall2020(source)


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
        scale = (1 / (rms * sqrt(prod(shape)))).reshape((-1,) + (1,) * spatial)
        seen = maps.mul_(hann(shape, torch.float32, maps.device)).mul_(scale)
        return sum_of_logs(power(torch.fft.rfftn(seen, dim=dims)).add_(FLOOR)[None])[0], len(maps)

    compiled = loops(source, values=prod(source.shape)) if spatial == AXES else None
    if compiled is None:
        mean = mean_over_maps(source, spatial, reduce)
    else:
        mean = mean_of_logs(source, compiled)
    if mean.n == 0:
        raise ParameterError(f"x holds {mean.left_out} maps, all of them constant")
    decibels = 10 / log(10) * mirrored(mean.half, shape) + np.fft.fftshift(log_bias_db(shape))
    left_out = f" ({mean.left_out} constant maps left out)" if mean.left_out else ""
    caption = (
        f"Mean log-amplitude spectrum of {mean.n} maps of {times(shape)} {place(spatial)}s"
        f"{left_out}: each map minus its mean, divided by its standard deviation, periodic Hann "
        "window of unit mean square; 10 log10(power + 1e-12) averaged over maps, plus 2.507 dB "
        "(5.517 dB at self-conjugate frequencies) against the bias of the logarithm, so that white "
        "noise reads 0 dB; frequencies in cycles/pixel, DC in the centre."
    )
    units = "dB re white noise of the map's variance"
    return plane(
        decibels,
        recipe="spectra",
        window="periodic Hann",
        units=units,
        n=mean.n,
        left_out=mean.left_out,
        caption=caption,
    )
