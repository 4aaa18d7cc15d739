from ._pass import run
from ._passed import Passed, Place

__all__ = [
    "Passed",
    "Place",
    "run",
]
