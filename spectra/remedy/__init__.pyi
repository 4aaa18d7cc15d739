from ._blocks import DecoderBlock, upsampling_block
from ._convert import STARTS, Start, convert
from ._cost import Cost, costs
from ._exchange import copy_of
from ._lctc import INITS, LCTC, Init
from ._make import make_layer
from ._names import Remedy, parse_remedy, scaled_size
from ._plan import Plan, Refusal, Replacement
from ._resize import ResizeConv, SincConv
from ._select import select_steps
from ._shuffle import BLURS, Blur, ShuffleConv, shuffle
from ._swap import merged, rebuild, swap

__all__ = [
    "BLURS",
    "INITS",
    "LCTC",
    "STARTS",
    "Blur",
    "Cost",
    "DecoderBlock",
    "Init",
    "Plan",
    "Refusal",
    "Remedy",
    "Replacement",
    "ResizeConv",
    "ShuffleConv",
    "SincConv",
    "Start",
    "convert",
    "copy_of",
    "costs",
    "make_layer",
    "merged",
    "parse_remedy",
    "rebuild",
    "scaled_size",
    "select_steps",
    "shuffle",
    "swap",
    "upsampling_block",
]
