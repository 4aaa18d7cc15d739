"""A mean over maps that are read in chunks, and the labelled plane that it becomes."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod, sqrt
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from spectra.spectrum._azimuthal import DIMS, FREQUENCY, frequencies
from spectra.spectrum._dataset import full_plane
from spectra.spectrum._maps import Source, centred, centred_chunks, chunks
from spectra.spectrum._periodogram import power

FAR = 1e3  # power of means over that of all that varies, from which on rounding would be seen


@dataclass(frozen=True)
class Mean:
    """A mean over maps: values on the half plane, how many maps, how many were left out."""

    half: Tensor
    n: int
    left_out: int


def mean_over_maps(
    source: Source, spatial: int, summed: Callable[[Tensor, Tensor], tuple[Tensor, int]]
) -> Mean:
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
    return Mean(total / max(n, 1), n, seen - n)


def sum_of_power(spectra: Tensor, compiled: Any = None) -> Tensor:
    """Return the sum of squared magnitudes over maps; the spectra are overwritten.

    With ``compiled``, `spectra.spectrum._loops`, in one loop.
    """
    if compiled is not None:
        power = np.zeros(spectra.shape[1:])
        compiled.add_squares(spectra.numpy().view(np.float32), power)
        return torch.from_numpy(power)
    squares = torch.view_as_real(spectra).square_().sum(0)
    return squares[..., 0] + squares[..., 1]


def mean_power(source: Source, compiled: Any = None) -> Mean:
    """Return the mean of squared magnitudes over maps, each without its mean.

    A mean is one bin of a spectrum. Only where it would drown what varies it is taken out before.

    Raises
    ------
    ParameterError
        If a map holds NaN or infinite values.
    """
    total, n = torch.zeros((), dtype=torch.float64), 0
    for maps in chunks(source, 2):
        total = total + _power_beside_means(maps, compiled)
        n += len(maps)
    return Mean(total / n, n, left_out=0)


def _power_beside_means(maps: Tensor, compiled: Any) -> Tensor:
    """Return the sum of squared magnitudes over maps without their means, double precision."""
    single = maps.dtype == torch.float32
    spectra = torch.fft.rfft2(maps if single else centred(maps, 2)[0])
    means = spectra[:, 0, 0].abs().double().square().sum()
    spectra[:, 0, 0] = 0
    power = sum_of_power(spectra, compiled).double()
    if single and not means <= FAR * power.sum():  # or one of both is NaN
        return sum_of_power(torch.fft.rfft2(centred(maps, 2)[0]), compiled).double()
    return power


def sum_of_log_amplitude(maps: Tensor, mean: Tensor, floor: float) -> Tensor:
    """Return the sum over maps of ln(abs F + floor), with the DC that the means hold."""
    amplitude = power(torch.fft.rfft2(maps)).sqrt_()
    amplitude[:, 0, 0] = (mean.abs() * prod(maps.shape[-2:])).float()
    return amplitude.add_(floor).log_().sum(0)


def moments(source: Source) -> tuple[float, float]:
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


def mirrored(half: Tensor, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return a mirror-symmetric map, DC in the centre, from the half that ``rfftn`` gives."""
    return np.fft.fftshift(full_plane(half.numpy(force=True), shape[-1]))


def plane(values: NDArray[np.float64], **attrs: Any) -> xr.DataArray:
    dims = DIMS[values.ndim]
    coords = {
        dim: (dim, frequencies(side), FREQUENCY)
        for dim, side in zip(dims, values.shape, strict=True)
    }
    return xr.DataArray(values, coords, dims, name="mean_log_spectrum", attrs=attrs)


def times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(side) for side in shape)
