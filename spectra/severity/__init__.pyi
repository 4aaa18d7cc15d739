from ._graded import run
from ._words import Graded, Severity

__all__ = ["Graded", "Severity", "run"]
