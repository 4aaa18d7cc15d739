from ._alias import AliasEnergy
from ._balance import Balanced, BalancedStep, balance
from ._fidelity import difference, psnr_db
from ._judge import judge, split
from ._judgement import Judgement
from ._locked import LockedPart
from ._repair import BATCH, Repaired, repair

__all__ = [
    "BATCH",
    "AliasEnergy",
    "Balanced",
    "BalancedStep",
    "Judgement",
    "LockedPart",
    "Repaired",
    "balance",
    "difference",
    "judge",
    "psnr_db",
    "repair",
    "split",
]
