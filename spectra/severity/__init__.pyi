from ._graded import run
from ._grades import Graded, Severity

__all__ = ["Graded", "Severity", "run"]
