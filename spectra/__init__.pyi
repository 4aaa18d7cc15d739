from . import capture, explain, kernel, load, plot, probe, remedy, report, score, signals, spectrum
from ._options import Options
from .analysis import Analysis, analyze
from .errors import SpectraError
from .kernels import measure_kernels
from .swapping import swap

__all__ = [
    "Analysis",
    "Options",
    "SpectraError",
    "analyze",
    "capture",
    "explain",
    "kernel",
    "load",
    "measure_kernels",
    "plot",
    "probe",
    "remedy",
    "report",
    "score",
    "signals",
    "spectrum",
    "swap",
]
__version__: str
