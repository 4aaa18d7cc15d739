"""The curves that two papers draw beside their mean spectra."""

from math import pi, prod
from typing import Any, Literal

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from spectra.errors import ParameterError
from spectra.spectrum._azimuthal import FREQUENCY, annuli
from spectra.spectrum._compiled import loops
from spectra.spectrum._maps import check_maps
from spectra.spectrum._mean import mean_power, times
from spectra.spectrum._recipes import mean_log_spectrum
from spectra.spectrum._slices import slice_along


def published_curve(x: Any, *, recipe: Literal["agnihotri2024", "park-kim2022"]) -> xr.DataArray:
    """Return the curve that a paper draws of its mean spectrum, see `mean_log_spectrum`.

    Parameters
    ----------
    x : Tensor, ndarray or DataArray of floats, shape (..., H, W)
        Maps.
    recipe : str
        - ``agnihotri2024``: power in rings of one cycle/image, each over the first ring's.
        - ``park-kim2022``: the diagonal of the mean of ln(abs F + 1e-6) minus its value at DC.

    Returns
    -------
    DataArray, dims (f,)
        Coordinate ``f`` in cycles/pixel, on the diagonal along each axis.

    Raises
    ------
    ParameterError
        If the recipe has no curve, or ``x`` holds no maps.
    """
    if recipe == "agnihotri2024":
        return annulus_power(x)
    if recipe == "park-kim2022":
        return relative_log_amplitude(x)
    message = f"recipe={recipe!r} has no curve: expected 'agnihotri2024' or 'park-kim2022'"
    raise ParameterError(message)


def relative_log_amplitude(x: Any) -> xr.DataArray:
    """Return the relative log amplitude of maps along the diagonal, as Park and Kim draw it.

    The second half of the diagonal of ``mean_log_spectrum(x, recipe="park-kim2022")``: ln
    amplitude minus that at DC, from DC up to but without (1/2, 1/2). That figure labels the
    last point 1.0 pi although it lies one bin below; here ``f`` is the true frequency along each
    axis: multiply by 2 for units of pi rad/pixel.
    """
    return diagonal_curve(mean_log_spectrum(x, recipe="park-kim2022"))


def diagonal_curve(plane: xr.DataArray) -> xr.DataArray:
    """Return the second half of a plane's diagonal, from DC up to but without (1/2, 1/2)."""
    curve = slice_along("diagonal", plane)
    return curve[curve.f.values < 0.5].rename("relative_log_amplitude")


def annulus_power(x: Any) -> xr.DataArray:
    """Return the power in rings of one cycle/image over that of the first.

    Mean of abs F squared over maps, without window, mean removal or scaling; its mean over
    each ring ``k - 1/2 <= radius < k + 1/2``, times the ring's area ``2 pi k``. It runs from one
    cycle/image to 1/2 cycles/pixel, with ``k`` in cycles/image of the shorter side; the corners of
    the plane, (1/2, 1/2) among them, lie outside of all rings.
    """
    source = check_maps(x, 2)
    compiled = loops(source, values=prod(source.shape))
    with torch.no_grad():
        mean = mean_power(source, compiled)
    shape = (source.shape[-2], source.shape[-1])
    return ring_curve(mean.half.numpy(force=True), shape, mean.n)


def ring_curve(power: NDArray[np.float64], shape: tuple[int, int], n: int) -> xr.DataArray:
    """Return the curve of `annulus_power` from the half plane of the mean power of ``n`` maps."""
    rings = annuli(shape, corners=True)
    k = np.arange(1, min(shape) // 2 + 1)
    values = rings.mean(power)[k] * 2 * pi * k
    with np.errstate(divide="ignore", invalid="ignore"):  # constant maps have no curve
        values = values / values[0]
    caption = (
        f"Annulus-integrated power of {n} maps of {times(shape)} pixels: squared magnitude "
        "of the two-dimensional DFT without window, mean removal or normalisation, averaged over "
        "maps, then over rings one cycle/image wide, times the area of each ring, divided by the "
        "first ring."
    )
    return xr.DataArray(
        values,
        dims="f",
        coords={"f": ("f", k / min(shape), FREQUENCY), "k": ("f", k, {"units": "cycles/image"})},
        name="annulus_power",
        attrs={
            "recipe": "agnihotri2024",
            "window": "none",
            "units": "1",
            "n": n,
            "caption": caption,
        },
    )
