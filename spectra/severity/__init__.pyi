from ._graded import Judged, run
from ._grades import Graded, Severity
from ._where import Where

__all__ = ["Graded", "Judged", "Severity", "Where", "run"]
