from ._grid import by_phase, grid_pattern, phase_mean
from ._map_plan import MapPlan, plan_maps
from ._reader import PairReader
from ._recipes import mean_log_spectrum
from ._running import MapStatistics
from ._slices import slice_along

__all__ = [
    "MapPlan",
    "MapStatistics",
    "PairReader",
    "by_phase",
    "grid_pattern",
    "mean_log_spectrum",
    "phase_mean",
    "plan_maps",
    "slice_along",
]
