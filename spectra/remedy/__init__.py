"""Layers that cure, exact conversion of what is there, and swapping them into any model."""

from spectra.remedy._alias import AliasEnergy
from spectra.remedy._balance import Balanced, BalancedStep, balance, psnr_db
from spectra.remedy._blocks import DecoderBlock, upsampling_block
from spectra.remedy._convert import STARTS, Start, convert
from spectra.remedy._lctc import INITS, LCTC, Init
from spectra.remedy._locked import LockedPart
from spectra.remedy._names import Remedy, make_layer, parse_remedy
from spectra.remedy._norms import effective_weight
from spectra.remedy._plan import Plan, Refusal, Replacement
from spectra.remedy._repair import BATCH, Repaired, repair
from spectra.remedy._resize import ResizeConv, SincConv
from spectra.remedy._shuffle import BLURS, Blur, ShuffleConv, shuffle
from spectra.remedy._sizes import scaled_size
from spectra.remedy._swap import merged, rebuild, swap

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
    "effective_weight",
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
