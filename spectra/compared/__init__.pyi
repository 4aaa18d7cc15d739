from ._pair import Pair, pair
from ._row import Row
from ._series import LEAST, Point, Series, numbered, series
from ._side import Side
from ._tick import Tick, series_of_ticks

__all__ = [
    "LEAST",
    "Pair",
    "Point",
    "Row",
    "Series",
    "Side",
    "Tick",
    "numbered",
    "pair",
    "series",
    "series_of_ticks",
]
