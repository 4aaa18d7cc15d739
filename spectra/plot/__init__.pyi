from ._figures import run_figures
from ._kernel_plots import plot_response, plot_taps, rejection_figure
from ._series import series_figure
from ._spectrum import plot_spectrum

__all__ = [
    "plot_response",
    "plot_spectrum",
    "plot_taps",
    "rejection_figure",
    "run_figures",
    "series_figure",
]
