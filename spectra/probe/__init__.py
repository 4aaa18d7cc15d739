"""Known signals -> the causal response of a model: flat field, shifts, pattern removal."""

from spectra.probe._flat_field import FlatField, Lines, flat_field
from spectra.probe._grid_dependence import GridDependence, grid_dependence
from spectra.probe._line_drop import without_pattern

__all__ = [
    "FlatField",
    "GridDependence",
    "Lines",
    "flat_field",
    "grid_dependence",
    "without_pattern",
]
