from ._images import read_picture
from ._input_set import InputSet
from ._inputs import Inputs
from ._named import check_inputs
from ._prepare import check_reading
from ._sources import open_inputs

__all__ = [
    "InputSet",
    "Inputs",
    "check_inputs",
    "check_reading",
    "open_inputs",
    "read_picture",
]
