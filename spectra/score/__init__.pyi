from ._at_output import AtOutput
from ._change import LockedChange, locked_change
from ._energy import locked_dbc
from ._scores import Scores, run
from ._tables import tables
from ._types import Score, Verdict

__all__ = [
    "AtOutput",
    "LockedChange",
    "Score",
    "Scores",
    "Verdict",
    "locked_change",
    "locked_dbc",
    "run",
    "tables",
]
