"""Everything about one kernel, in one go: a row of the table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike

from spectra.errors import ParameterError
from spectra.kernel._bound import attainable_bound, gap_of
from spectra.kernel._delay import reproduction, stopband_attenuation_db
from spectra.kernel._gram import tap_gram
from spectra.kernel._input import InputSpectrum, default_spectrum
from spectra.kernel._interpolators import InterpolatorName, interpolator
from spectra.kernel._kernel import Kernel, check_upsampling
from spectra.kernel._polyphase import line_gain_db, overlap_share, phase_imbalance
from spectra.kernel._rejection import energy_ratio_db, rejection_db, replica_energies
from spectra.kernel._sinc import kernel_shape
from spectra.kernel._support import support


@dataclass(frozen=True)
class Measures:
    """What a kernel is, in numbers; energies are dB, None where there is none to speak of.

    Attributes
    ----------
    phase_imbalance : float
        Standard deviation over mean of the phases' DC gains.
    line_gain_db : float or None
        Power of the lines that a constant makes over its mean level; None for no lines.
    rejection_db : float or None
        Base band over all replicas; None where no replica passes.
    replica_rejection_db : tuple
        Base band over each replica, in C order over ``m / stride``, without m = 0.
    near_rejection_db : float or None
        Rejection of what is within a quarter of the band from DC and from each replica.
    rejection_nearest_db, rejection_bilinear_db, rejection_bound_db : float
        Rejection of nearest and bilinear interpolation, and of the best centred kernel of this
        size.
    passband_error_db, total_error_db, gap_db : float
        Power that is no delayed, remixed copy of the input: in the base band, in all, and the
        latter over the least that a kernel of this size reaches.
    stopband_attenuation_db, ripple : float
        Worst gain of a replica's inner band below DC, worst relative error of the passband's.
    delay, sub_pixel_phase : tuple of float
        Best delay along each axis in output pixels, and its fraction.
    centre, radius : tuple of float
        Centre and radius of the energy, in output pixels.
    effective_size : int
        Side of the smallest central box with 95 % of the energy.
    mass : tuple of float
        Share of energy in the central box of 1, 2, ... taps a side.
    shape_share, separable_share : float
        What one spatial shape holds of the energy, and one kernel an axis of that shape's.
    sinc_cutoff, sinc_residual, sinc_percentile : tuple of float
        Along each axis: the nearest sinc's cutoff in cycles/pixel, the share of energy that
        it misses, and the share of random kernels of this size, in %, that fit worse.
    spectrum : str
        What the input is: its power, and whether a measured covariance of the channels was used.
    overlap_share : float or None
        How much of the phases' differences follows the number of taps that meet at each.
    """

    phase_imbalance: float
    line_gain_db: float | None
    rejection_db: float | None
    replica_rejection_db: tuple[float | None, ...]
    near_rejection_db: float | None
    rejection_nearest_db: float
    rejection_bilinear_db: float
    rejection_bound_db: float
    passband_error_db: float | None
    total_error_db: float | None
    gap_db: float | None
    stopband_attenuation_db: float | None
    ripple: float
    delay: tuple[float, ...]
    sub_pixel_phase: tuple[float, ...]
    centre: tuple[float, ...]
    radius: tuple[float, ...]
    effective_size: int
    mass: tuple[float, ...]
    shape_share: float
    separable_share: float
    sinc_cutoff: tuple[float, ...]
    sinc_residual: tuple[float, ...]
    sinc_percentile: tuple[float, ...]
    spectrum: str
    overlap_share: float | None = None


def measure(
    kernel: Kernel,
    *,
    spectrum: InputSpectrum | None = None,
    covariance: ArrayLike | None = None,
    mean: ArrayLike | None = None,
) -> Measures:
    """Return all numbers of one upsampling kernel.

    Parameters
    ----------
    kernel : Kernel
        The kernel.
    spectrum : InputSpectrum, optional
        Spectrum of every input channel; by default 1/f^2, as photographs have.
    covariance : array_like, shape (in, in), optional
        Covariance of the input channels, for the energies; by default uncorrelated.
    mean : array_like, shape (in,), optional
        Mean of the input channels, for the lines; by default independent and equally large.

    Raises
    ------
    ParameterError
        If the kernel does not upsample, or all its taps are 0.
    """
    check_upsampling(kernel)
    plain = tap_gram(kernel)
    if not plain.energy.any():
        raise ParameterError("all taps of the kernel are 0: expected some energy")
    given = default_spectrum(spectrum, kernel.stride)
    gram = plain if covariance is None else tap_gram(kernel, covariance=covariance)
    of_mean = plain if mean is None else tap_gram(kernel, covariance=_outer(mean))
    energies = replica_energies(gram, spectrum=given)
    base = energies.flat[0]
    fit = reproduction(gram, spectrum=given)
    found, shape = support(plain), kernel_shape(plain)
    near = _within(given, kernel.stride)
    return Measures(
        phase_imbalance=phase_imbalance(of_mean),
        line_gain_db=_finite(line_gain_db(of_mean)),
        rejection_db=_finite(energy_ratio_db(energies)),
        replica_rejection_db=tuple(
            _finite(energy_ratio_db(np.array([base, p]))) for p in energies.ravel()[1:]
        ),
        near_rejection_db=_finite(rejection_db(gram, spectrum=near)),
        rejection_nearest_db=_reference("nearest", kernel.stride, given),
        rejection_bilinear_db=_reference("bilinear", kernel.stride, given),
        rejection_bound_db=attainable_bound(
            kernel.size, kernel.stride, spectrum=given
        ).rejection_db,
        passband_error_db=_finite(fit.passband_error_db),
        total_error_db=_finite(fit.total_error_db),
        gap_db=_finite(gap_of(fit, gram, given)),
        stopband_attenuation_db=_finite(stopband_attenuation_db(gram)),
        ripple=fit.ripple,
        delay=fit.delay,
        sub_pixel_phase=fit.sub_pixel_phase,
        centre=found.centre,
        radius=found.radius,
        effective_size=found.effective_size,
        mass=tuple(map(float, found.mass)),
        shape_share=shape.share,
        separable_share=shape.separable_share,
        sinc_cutoff=tuple(f.cutoff for f in shape.axes),
        sinc_residual=tuple(f.residual for f in shape.axes),
        sinc_percentile=tuple(f.percentile for f in shape.axes),
        spectrum=given.name + (", measured covariance" if covariance is not None else ""),
        overlap_share=overlap_share(of_mean),
    )


@lru_cache(maxsize=256)
def _reference(name: InterpolatorName, stride: tuple[int, ...], spectrum: InputSpectrum) -> float:
    return rejection_db(interpolator(name, stride), spectrum=spectrum)


@lru_cache(maxsize=64)
def _within(spectrum: InputSpectrum, stride: tuple[int, ...]) -> InputSpectrum:
    """Return the spectrum without what is farther from DC than a quarter of the band."""
    kept = [np.abs(f) <= 1 / (8 * s) for f, s in zip(spectrum.frequency, stride, strict=True)]
    power = spectrum.power[np.ix_(*kept)]
    frequency = tuple(f[k] for f, k in zip(spectrum.frequency, kept, strict=True))
    if not power.sum() > 0:
        return spectrum
    return InputSpectrum(frequency, power / power.sum(), spectrum.name, spectrum.even)


def _outer(mean: ArrayLike) -> ArrayLike:
    level = np.asarray(mean, float)
    if level.ndim != 1 or not level.any():
        raise ParameterError(f"mean has shape {level.shape}: expected (in,), not all 0")
    return np.outer(level, level)


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
