from . import (
    attack,
    capture,
    explain,
    inputs,
    kernel,
    load,
    plot,
    probe,
    remedy,
    repair,
    report,
    run,
    score,
    signals,
    spectrum,
)
from ._options import Options
from .errors import SpectraError
from .remedy import swap
from .report import Result
from .run import analyze, compare, measure_kernels

__all__ = [
    "Options",
    "Result",
    "SpectraError",
    "analyze",
    "attack",
    "capture",
    "compare",
    "explain",
    "inputs",
    "kernel",
    "load",
    "measure_kernels",
    "plot",
    "probe",
    "remedy",
    "repair",
    "report",
    "run",
    "score",
    "signals",
    "spectrum",
    "swap",
]
__version__: str
