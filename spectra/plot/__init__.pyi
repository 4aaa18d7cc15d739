from ._crop import crop_figure
from ._figures import profiles_figure, strip_figure, worst_figure
from ._kernel_plots import plot_response, plot_taps, rejection_figure
from ._spectrum import plot_spectrum

__all__ = [
    "crop_figure",
    "plot_response",
    "plot_spectrum",
    "plot_taps",
    "profiles_figure",
    "rejection_figure",
    "strip_figure",
    "worst_figure",
]
