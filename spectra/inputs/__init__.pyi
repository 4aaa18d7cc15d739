from ._input_set import Dropped, InputSet
from ._inputs import Inputs
from ._named import check_inputs
from ._pictures import Picture, each_picture, holds_pictures, picture_source
from ._prepare import check_reading
from ._sources import open_inputs

__all__ = [
    "Dropped",
    "InputSet",
    "Inputs",
    "Picture",
    "check_inputs",
    "check_reading",
    "each_picture",
    "holds_pictures",
    "open_inputs",
    "picture_source",
]
