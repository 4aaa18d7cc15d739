from ._blame import blame, relation
from ._flat_lines import FlatLines
from ._operator import equivalent_kernel
from ._probed import Probed, run
from ._removed import Removals

__all__ = [
    "FlatLines",
    "Probed",
    "Removals",
    "blame",
    "equivalent_kernel",
    "relation",
    "run",
]
