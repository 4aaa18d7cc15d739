from ._constant import ConstantLines
from ._constant_probe import parse_probe
from ._flat_lines import FlatLines
from ._locked_part import LockedPart
from ._operator import equivalent_kernel
from ._phase_filter import PhaseFilter
from ._probed import Probed, run
from ._removed import Removals
from ._shift_psnr import shift_psnr

__all__ = [
    "ConstantLines",
    "FlatLines",
    "LockedPart",
    "PhaseFilter",
    "Probed",
    "Removals",
    "equivalent_kernel",
    "parse_probe",
    "run",
    "shift_psnr",
]
