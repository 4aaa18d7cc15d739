from ._gathered import Gathered, Shown, gather
from ._recorded import Recorded
from ._ripple import ripple_db
from ._stronger import Stronger
from ._summarise import summarise
from ._summary import ImagesSummary, PictureRow
from ._trace import Trace
from ._traces import traces

__all__ = [
    "Gathered",
    "ImagesSummary",
    "PictureRow",
    "Recorded",
    "Shown",
    "Stronger",
    "Trace",
    "gather",
    "ripple_db",
    "summarise",
    "traces",
]
