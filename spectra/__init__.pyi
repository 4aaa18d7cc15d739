from . import capture, explain, load, plot, probe, report, score, signals, spectrum
from .analysis import Analysis, analyze
from .errors import SpectraError

__all__ = [
    "Analysis",
    "SpectraError",
    "analyze",
    "capture",
    "explain",
    "load",
    "plot",
    "probe",
    "report",
    "score",
    "signals",
    "spectrum",
]
__version__: str
