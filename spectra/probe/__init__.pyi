from ._flat_lines import FlatLines
from ._operator import equivalent_kernel
from ._probed import Probed, run

__all__ = [
    "FlatLines",
    "Probed",
    "equivalent_kernel",
    "run",
]
