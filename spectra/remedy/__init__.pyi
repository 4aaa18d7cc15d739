from ._alias import AliasEnergy
from ._balance import Balanced, BalancedStep, balance, psnr_db
from ._blocks import DecoderBlock, upsampling_block
from ._convert import STARTS, Start, convert
from ._lctc import INITS, LCTC, Init
from ._locked import LockedPart
from ._make import make_layer
from ._names import Remedy, parse_remedy, scaled_size
from ._plan import Plan, Refusal, Replacement
from ._repair import BATCH, Repaired, repair
from ._resize import ResizeConv, SincConv
from ._shuffle import BLURS, Blur, ShuffleConv, shuffle
from ._swap import merged, rebuild, swap

__all__ = [
    "BATCH",
    "BLURS",
    "INITS",
    "LCTC",
    "STARTS",
    "AliasEnergy",
    "Balanced",
    "BalancedStep",
    "Blur",
    "DecoderBlock",
    "Init",
    "LockedPart",
    "Plan",
    "Refusal",
    "Remedy",
    "Repaired",
    "Replacement",
    "ResizeConv",
    "ShuffleConv",
    "SincConv",
    "Start",
    "balance",
    "convert",
    "make_layer",
    "merged",
    "parse_remedy",
    "psnr_db",
    "rebuild",
    "repair",
    "scaled_size",
    "shuffle",
    "swap",
    "upsampling_block",
]
