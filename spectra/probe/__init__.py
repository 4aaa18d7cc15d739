"""Known signals -> the causal response of a model: flat field, impulses, shifts."""

from spectra.probe._flat_field import FlatField, Lines, flat_field
from spectra.probe._grid_dependence import GridDependence, grid_dependence
from spectra.probe._line_drop import without_pattern
from spectra.probe._operator import OperatorKernel, equivalent_kernel, local_kernel

__all__ = [
    "FlatField",
    "GridDependence",
    "Lines",
    "OperatorKernel",
    "equivalent_kernel",
    "flat_field",
    "grid_dependence",
    "local_kernel",
    "without_pattern",
]
