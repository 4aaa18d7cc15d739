from ._blocks import DecoderBlock, upsampling_block
from ._convert import Start, convert
from ._cost import Cost, costs
from ._exchange import copy_of
from ._larger import larger_kernels
from ._lctc import LCTC
from ._make import make_layer
from ._plan import Plan, Replacement
from ._remedy import parse_remedy
from ._swap import merged, rebuild, swap

__all__ = [
    "LCTC",
    "Cost",
    "DecoderBlock",
    "Plan",
    "Replacement",
    "Start",
    "convert",
    "copy_of",
    "costs",
    "larger_kernels",
    "make_layer",
    "merged",
    "parse_remedy",
    "rebuild",
    "swap",
    "upsampling_block",
]
