from . import (
    capture,
    explain,
    images,
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
from .run import analyze, compare, measure_images, measure_kernels

__all__ = [
    "Options",
    "Result",
    "SpectraError",
    "analyze",
    "capture",
    "compare",
    "explain",
    "images",
    "inputs",
    "kernel",
    "load",
    "measure_images",
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
