from ._graded import Judged, run
from ._grades import Graded
from ._places import Places, grid_places, grid_weight
from ._range import shown_range
from ._visibility import Visibility, picture_visibility
from ._where import Where
from ._words import Severity, picture_word

__all__ = [
    "Graded",
    "Judged",
    "Places",
    "Severity",
    "Visibility",
    "Where",
    "grid_places",
    "grid_weight",
    "picture_visibility",
    "picture_word",
    "run",
    "shown_range",
]
