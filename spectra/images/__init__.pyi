from ._gathered import gather
from ._recorded import Recorded
from ._stronger import Stronger
from ._summarise import summarise
from ._summary import ImagesSummary, PictureRow
from ._trace import Trace
from ._traces import traces

__all__ = [
    "ImagesSummary",
    "PictureRow",
    "Recorded",
    "Stronger",
    "Trace",
    "gather",
    "summarise",
    "traces",
]
