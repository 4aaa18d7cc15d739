from ._gathered import Gathered, gather
from ._stronger import Stronger, stronger
from ._summarise import summarise
from ._summary import ImagesSummary, PictureRow

__all__ = [
    "Gathered",
    "ImagesSummary",
    "PictureRow",
    "Stronger",
    "gather",
    "stronger",
    "summarise",
]
