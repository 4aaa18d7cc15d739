from ._inputs import Dropped, Inputs
from ._named import check_inputs
from ._prepare import check_reading
from ._sources import open_inputs

__all__ = [
    "Dropped",
    "Inputs",
    "check_inputs",
    "check_reading",
    "open_inputs",
]
