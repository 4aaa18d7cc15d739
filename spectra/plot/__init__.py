"""Results drawn on given axes, and the figures of a whole run."""

from spectra.plot._crop import crop_figure
from spectra.plot._curves import plot_profile, plot_slices
from spectra.plot._figures import profiles_figure, strip_figure, worst_figure
from spectra.plot._kernels import (
    kernel_figure,
    plot_phase_gains,
    plot_rejection,
    plot_response,
    plot_response_map,
    plot_tap_map,
    plot_taps,
    rejection_figure,
)
from spectra.plot._spectrum import plot_spectrum

__all__ = [
    "crop_figure",
    "kernel_figure",
    "plot_phase_gains",
    "plot_profile",
    "plot_rejection",
    "plot_response",
    "plot_response_map",
    "plot_slices",
    "plot_spectrum",
    "plot_tap_map",
    "plot_taps",
    "profiles_figure",
    "rejection_figure",
    "strip_figure",
    "worst_figure",
]
