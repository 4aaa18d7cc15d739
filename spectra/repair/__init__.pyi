from ._balance import balance
from ._fidelity import difference
from ._judge import judge, split
from ._judgement import Judgement
from ._offer import Offer
from ._repair import repair

__all__ = [
    "Judgement",
    "Offer",
    "balance",
    "difference",
    "judge",
    "repair",
    "split",
]
