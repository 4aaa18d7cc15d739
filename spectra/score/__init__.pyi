from ._at_output import AtOutput
from ._change import LockedChange, lattice_of, locked_change
from ._energy import Lattice
from ._scores import Scores, run
from ._tables import tables
from ._types import Score, Verdict

__all__ = [
    "AtOutput",
    "Lattice",
    "LockedChange",
    "Score",
    "Scores",
    "Verdict",
    "lattice_of",
    "locked_change",
    "run",
    "tables",
]
