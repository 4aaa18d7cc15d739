from ._images import read_picture
from ._input_set import InputSet
from ._inputs import Inputs
from ._labels import read_labels
from ._named import check_inputs
from ._prepare import check_reading
from ._sources import open_inputs
from ._targets import Targets, open_targets

__all__ = [
    "InputSet",
    "Inputs",
    "Targets",
    "check_inputs",
    "check_reading",
    "open_inputs",
    "open_targets",
    "read_labels",
    "read_picture",
]
