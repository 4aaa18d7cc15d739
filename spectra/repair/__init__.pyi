from ._balance import balance
from ._fidelity import difference
from ._judge import judge, split
from ._judgement import Judgement
from ._locked import LockedPart
from ._repair import repair

__all__ = [
    "Judgement",
    "LockedPart",
    "balance",
    "difference",
    "judge",
    "repair",
    "split",
]
