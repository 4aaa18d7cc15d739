from ._bound import attainable_bound
from ._forms import interpolated_conv, pixel_shuffle, same_size_padding, transposed_conv
from ._gram import tap_gram
from ._input import power_law_spectrum
from ._interpolators import interpolator, windowed_sinc
from ._kernel import Kernel
from ._measures import Measures, measure
from ._polyphase import checkerboard, line_gain_db
from ._rejection import rejection_db, replica_gain

__all__ = [
    "Kernel",
    "Measures",
    "attainable_bound",
    "checkerboard",
    "interpolated_conv",
    "interpolator",
    "line_gain_db",
    "measure",
    "pixel_shuffle",
    "power_law_spectrum",
    "rejection_db",
    "replica_gain",
    "same_size_padding",
    "tap_gram",
    "transposed_conv",
    "windowed_sinc",
]
