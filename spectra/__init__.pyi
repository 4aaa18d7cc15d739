from . import (
    attack,
    capture,
    data,
    explain,
    images,
    inputs,
    kernel,
    load,
    models,
    plot,
    probe,
    remedy,
    repair,
    report,
    run,
    score,
    signals,
    spectrum,
    study,
    testing,
)
from ._options import Options
from .errors import SpectraError
from .monitor import Monitor
from .remedy import swap
from .report import Result
from .run import analyze, compare, measure_images, measure_kernels

__all__ = [
    "Monitor",
    "Options",
    "Result",
    "SpectraError",
    "analyze",
    "attack",
    "capture",
    "compare",
    "data",
    "explain",
    "images",
    "inputs",
    "kernel",
    "load",
    "measure_images",
    "measure_kernels",
    "models",
    "plot",
    "probe",
    "remedy",
    "repair",
    "report",
    "run",
    "score",
    "signals",
    "spectrum",
    "study",
    "swap",
    "testing",
]
__version__: str
