from ._flat_field import FlatField, flat_field
from ._flat_lines import FlatLines
from ._grid_dependence import GridDependence, grid_dependence
from ._line_drop import without_pattern
from ._local_map import LocalMap, local_maps
from ._operator import OperatorKernel, equivalent_kernel, local_kernel
from ._probed import Probed, run
from ._yardsticks import yardsticks

__all__ = [
    "FlatField",
    "FlatLines",
    "GridDependence",
    "LocalMap",
    "OperatorKernel",
    "Probed",
    "equivalent_kernel",
    "flat_field",
    "grid_dependence",
    "local_kernel",
    "local_maps",
    "run",
    "without_pattern",
    "yardsticks",
]
