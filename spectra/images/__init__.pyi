from ._gathered import Gathered, gather
from ._recipes import autocorrelation, feature_names
from ._recorded import Recorded
from ._stronger import Stronger, stronger
from ._summarise import summarise
from ._summary import ImagesSummary, PictureRow

__all__ = [
    "Gathered",
    "ImagesSummary",
    "PictureRow",
    "Recorded",
    "Stronger",
    "autocorrelation",
    "feature_names",
    "gather",
    "stronger",
    "summarise",
]
