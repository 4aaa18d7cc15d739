from ._alias import AliasEnergy
from ._balance import Balanced, BalancedStep, balance, psnr_db
from ._locked import LockedPart
from ._repair import BATCH, Repaired, repair

__all__ = [
    "BATCH",
    "AliasEnergy",
    "Balanced",
    "BalancedStep",
    "LockedPart",
    "Repaired",
    "balance",
    "psnr_db",
    "repair",
]
