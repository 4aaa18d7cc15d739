from . import (
    capture,
    explain,
    gather,
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
    weights,
)
from ._options import Options
from .errors import SpectraError
from .remedy import swap
from .report import Result
from .run import analyze, measure_kernels

__all__ = [
    "Options",
    "Result",
    "SpectraError",
    "analyze",
    "capture",
    "explain",
    "gather",
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
    "weights",
]
__version__: str
