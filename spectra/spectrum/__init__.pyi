from ._grid import by_phase, grid_pattern, phase_mean
from ._map_plan import MapPlan, plan_maps
from ._reader import PairReader
from ._recipes import annulus_power, mean_log_spectrum, relative_log_amplitude
from ._running import MapStatistics
from ._slices import slice_along

__all__ = [
    "MapPlan",
    "MapStatistics",
    "PairReader",
    "annulus_power",
    "by_phase",
    "grid_pattern",
    "mean_log_spectrum",
    "phase_mean",
    "plan_maps",
    "relative_log_amplitude",
    "slice_along",
]
