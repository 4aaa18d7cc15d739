from ._pass import batch_size, run
from ._passed import Passed, Place

__all__ = [
    "Passed",
    "Place",
    "batch_size",
    "run",
]
