from ._at_output import AtOutput
from ._change import LockedChange, lattice_change, lattice_of, locked_change
from ._energy import Lattice, locked_dbc
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
    "lattice_change",
    "lattice_of",
    "locked_change",
    "locked_dbc",
    "run",
    "tables",
]
