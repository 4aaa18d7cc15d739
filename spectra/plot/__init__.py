"""Results drawn on given axes, and the figures of a whole run."""

from spectra.plot._crop import crop_figure
from spectra.plot._curves import plot_profile, plot_slices
from spectra.plot._figures import profiles_figure, strip_figure, worst_figure
from spectra.plot._spectrum import plot_spectrum

__all__ = [
    "crop_figure",
    "plot_profile",
    "plot_slices",
    "plot_spectrum",
    "profiles_figure",
    "strip_figure",
    "worst_figure",
]
