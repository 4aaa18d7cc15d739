from ._decoders import lctc, lctc_sinc, small
from ._photographs import photographs, write_photographs
from ._weights import weights

__all__ = [
    "lctc",
    "lctc_sinc",
    "photographs",
    "small",
    "weights",
    "write_photographs",
]
