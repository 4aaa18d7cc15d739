from ._blame import Blame, blame, relation
from ._flat_lines import FlatLines
from ._locked_part import LockedPart
from ._operator import equivalent_kernel
from ._probed import Probed, run
from ._removed import Removals, Together, Without
from ._without import without

__all__ = [
    "Blame",
    "FlatLines",
    "LockedPart",
    "Probed",
    "Removals",
    "Together",
    "Without",
    "blame",
    "equivalent_kernel",
    "relation",
    "run",
    "without",
]
