from ._graded import Judged, run
from ._grades import Graded
from ._range import shown_range
from ._where import Where
from ._words import Severity

__all__ = ["Graded", "Judged", "Severity", "Where", "run", "shown_range"]
