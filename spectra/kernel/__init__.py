"""A learned kernel, without any data: what it passes, what it leaks, what its size allows."""

from spectra.kernel._bound import Bound, attainable_bound, best_bound, gap_db
from spectra.kernel._delay import (
    Reproduction,
    interpolation_error_db,
    reproduction,
    stopband_attenuation_db,
)
from spectra.kernel._energy import output_power, rejection_db, replica_energies, split_replicas
from spectra.kernel._gram import TapGram, tap_gram
from spectra.kernel._input import (
    InputSpectrum,
    measured_spectrum,
    power_law_spectrum,
    white_spectrum,
)
from spectra.kernel._interpolators import (
    INTERPOLATORS,
    InterpolatorName,
    interpolator,
    windowed_sinc,
)
from spectra.kernel._kernel import (
    Kernel,
    interpolated_conv,
    pixel_shuffle,
    same_size_padding,
    transposed_conv,
)
from spectra.kernel._measures import Measures, measure
from spectra.kernel._polyphase import (
    Checkerboard,
    checkerboard,
    line_gain_db,
    phase_gains,
    phase_imbalance,
    polyphase_components,
)
from spectra.kernel._response import frequency_response, image_components, replica_gain
from spectra.kernel._sinc import Shape, SincFit, fit_sinc, kernel_shape, random_residuals
from spectra.kernel._support import Support, support

__all__ = [
    "INTERPOLATORS",
    "Bound",
    "Checkerboard",
    "InputSpectrum",
    "InterpolatorName",
    "Kernel",
    "Measures",
    "Reproduction",
    "Shape",
    "SincFit",
    "Support",
    "TapGram",
    "attainable_bound",
    "best_bound",
    "checkerboard",
    "fit_sinc",
    "frequency_response",
    "gap_db",
    "image_components",
    "interpolated_conv",
    "interpolation_error_db",
    "interpolator",
    "kernel_shape",
    "line_gain_db",
    "measure",
    "measured_spectrum",
    "output_power",
    "phase_gains",
    "phase_imbalance",
    "pixel_shuffle",
    "polyphase_components",
    "power_law_spectrum",
    "random_residuals",
    "rejection_db",
    "replica_energies",
    "replica_gain",
    "reproduction",
    "same_size_padding",
    "split_replicas",
    "stopband_attenuation_db",
    "support",
    "tap_gram",
    "transposed_conv",
    "white_spectrum",
    "windowed_sinc",
]
