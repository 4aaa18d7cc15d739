from ._apart import without_fixed_content
from ._pass import batch_size, run
from ._passed import Passed, Place
from ._through import through

__all__ = [
    "Passed",
    "Place",
    "batch_size",
    "run",
    "through",
    "without_fixed_content",
]
