from ._compared_pictures import compared_pictures
from ._figures import run_figures
from ._files import svg, webp
from ._kernel_figure import kernel_figure
from ._kernel_plots import plot_response, plot_taps, rejection_figure
from ._pictures_figure import pictures_figure
from ._repair_figure import places_figure, power_figure
from ._results import draw_results
from ._series import series_figure
from ._shown import Shown, shown_grid
from ._spectrum import plot_spectrum
from ._step import highest_peak, step_figure
from ._strip import grid_strip
from ._training import training_figure

__all__ = [
    "Shown",
    "compared_pictures",
    "draw_results",
    "grid_strip",
    "highest_peak",
    "kernel_figure",
    "pictures_figure",
    "places_figure",
    "plot_response",
    "plot_spectrum",
    "plot_taps",
    "power_figure",
    "rejection_figure",
    "run_figures",
    "series_figure",
    "shown_grid",
    "step_figure",
    "svg",
    "training_figure",
    "webp",
]
