"""The spectrum of some inputs as an input spectrum: what a kernel's energies are checked with."""

import numpy as np

from spectra._checks import per_axis
from spectra.kernel._input import InputSpectrum


def measured_spectrum(power, factor):
    """Return a spectrum measured on the input grid as an input spectrum.

    Parameters
    ----------
    power : array_like, shape (n_1, n_2, ...)
        Periodogram of the input, or the mean of many, as ``abs(fftn(x)) ** 2`` lays it out:
        DC first. DC itself is left out: means make lines, not replicas.
    factor : int or sequence of int
        Upsampling factor.
    """
    values = np.array(power, float)
    factors = per_axis("factor", factor, values.ndim, least=1)
    values[(0,) * values.ndim] = 0
    frequency = []
    for axis, (n, s) in enumerate(zip(values.shape, factors, strict=True)):
        f = np.fft.fftfreq(n) / s
        if n % 2 == 0:  # -1/2 and 1/2 are one frequency: half of it at either edge
            edge = np.take(values, [n // 2], axis) / 2
            values = np.concatenate([values, edge], axis)
            values[(slice(None),) * axis + (n // 2,)] /= 2
            f = np.append(f, 0.5 / s)
        frequency.append(f)
    return InputSpectrum(tuple(frequency), values / values.sum(), "measured")
