from ._pair import Pair, pair
from ._row import Row
from ._series import LEAST, Point, Series, numbered, series
from ._side import Side

__all__ = ["LEAST", "Pair", "Point", "Row", "Series", "Side", "numbered", "pair", "series"]
