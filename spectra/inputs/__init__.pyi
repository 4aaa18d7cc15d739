from ._constants import check_constants, read_constants
from ._decode import read_picture
from ._input_set import Dropped, InputSet
from ._inputs import Inputs
from ._labels import IGNORED, read_labels
from ._named import check_inputs
from ._once import Once
from ._parts import Part
from ._pictures import Picture, each_picture, holds_pictures, picture_source
from ._prepare import check_reading
from ._reader import PART, Reader
from ._sources import open_inputs
from ._spacing import Spacing
from ._targets import Targets, open_targets

__all__ = [
    "IGNORED",
    "PART",
    "Dropped",
    "InputSet",
    "Inputs",
    "Once",
    "Part",
    "Picture",
    "Reader",
    "Spacing",
    "Targets",
    "check_constants",
    "check_inputs",
    "check_reading",
    "each_picture",
    "holds_pictures",
    "open_inputs",
    "open_targets",
    "picture_source",
    "read_constants",
    "read_labels",
    "read_picture",
]
