"""Layers that cure, exact conversion of what is there, and swapping them into any model."""

from spectra.remedy._balance import Balanced, BalancedStep, balance, psnr_db
from spectra.remedy._blocks import DecoderBlock, upsampling_block
from spectra.remedy._convert import STARTS, Start, convert
from spectra.remedy._lctc import INITS, LCTC, Init
from spectra.remedy._names import Remedy, make_layer, parse_remedy
from spectra.remedy._plan import Plan, Refusal, Replacement
from spectra.remedy._resize import ResizeConv, SincConv
from spectra.remedy._shuffle import BLURS, Blur, ShuffleConv, shuffle
from spectra.remedy._sizes import scaled_size
from spectra.remedy._swap import merged, rebuild, swap

__all__ = [
    "BLURS",
    "INITS",
    "LCTC",
    "STARTS",
    "Balanced",
    "BalancedStep",
    "Blur",
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
    "balance",
    "convert",
    "make_layer",
    "merged",
    "parse_remedy",
    "psnr_db",
    "rebuild",
    "scaled_size",
    "shuffle",
    "swap",
    "upsampling_block",
]
